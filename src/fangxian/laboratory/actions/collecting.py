"""Samples taken: one at a bedside, or thousands that a swab point sends. Sent twice, a sample is taken once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core import bulk, clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, attempt, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound, Refusal
from fangxian.duties import packs
from fangxian.laboratory import finding, rules
from fangxian.laboratory.events import TubesCollected
from fangxian.laboratory.models import Member, Point, Swab, Tube
from fangxian.laboratory.schemas import KINDS, REASONS, THINGS, Collected, TubeForm
from fangxian.registry import actions as registrar
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.registry.schemas import PersonForm
from fangxian.registry.vocabulary import must_be

_COLUMNS = [str(field.column) for field in Tube._meta.local_fields]
_ATTRIBUTES = [field.attname for field in Tube._meta.local_fields]
#: Up to so many barcodes of a batch stand in the journal one by one.
_NAMED = 50


@dataclass(slots=True)
class Draft:
    """A sample on its way into the record: its place in the batch, its tube, who is in it, and which tube it takes the place of."""

    index: int
    tube: Tube
    people: tuple[int, ...]
    again: str = ""


@action
def collect(by: Actor, form: TubeForm) -> Tube:
    """Record one sample. Raises Conflict where another tube bears the barcode, Invalid or NotFound naming the field at fault."""
    done = collect_many(by, [form])
    if done.refused:
        raise done.refused[0][1]
    return Tube.objects.get(code=(done.taken or done.repeated)[0])


@action
def collect_many(by: Actor, forms: Sequence[TubeForm]) -> Collected:
    """Record many samples in one transaction; those refused do not stop the others, those on record just so change nothing."""
    refused: dict[int, Refusal] = {}
    desk = _Desk(by, forms)
    drafts: list[Draft] = []
    for index, form in enumerate(forms):
        try:
            drafts.append(desk.draft(index, form))
        except Refusal as refusal:
            refused[index] = refusal
    for last_try in (False, True):
        trial = dict(refused)
        fresh, repeated = _unknown(drafts, trial)
        try:
            with attempt():
                _enter(by, fresh, trial)
            break
        except IntegrityError:  # somebody else entered one of these barcodes a moment ago: now it is known
            if last_try:
                raise
    taken = tuple(one.tube.code for one in fresh if one.index not in trial)
    return Collected(taken, repeated, tuple(sorted(trial.items())))


class _Desk:
    """What is looked up once for a batch: swab points, outbreaks, places, the people in the tubes."""

    def __init__(self, by: Actor, forms: Sequence[TubeForm]) -> None:
        self.by, self.now = by, clock.now()
        self.people = registry.identified(
            {one.strip() for form in forms for one in form.people if isinstance(one, str) and one.strip()}
        )
        self.bodies = registry.organisation_ids({form.organisation for form in forms if form.organisation is not None})
        self.places = registry.place_ids({form.place for form in forms if form.place})
        self._points: dict[str, Point] = {}
        self._outbreaks: dict[str, tuple[int | None, str]] = {}

    def draft(self, index: int, form: TubeForm) -> Draft:
        """The tube as it will be stored but for its key. Raises Refusal."""
        must_be(form.kind, KINDS, "kind")
        must_be(form.reason, REASONS, "reason")
        tube = Tube(code=finding.barcode(form.code), kind=form.kind, reason=form.reason, created_at=self.now)
        self._where(tube, form)
        self.by.must(finding.COLLECT, tube.area, tube.organisation_id)
        tube.outbreak_id, tube.pack = self._outbreak(form.outbreak, tube.area)
        pack = packs.pack(tube.pack, tube.area)
        tube.sampled_at = finding.past(form.sampled_at, "sampled_at")
        tube.due_at = rules.due_at(pack, form.reason, tube.sampled_at)
        tube.capacity = rules.capacity(pack, form.kind, form.capacity)
        people = self._people(form, tube.capacity)
        tube.people = len(people)
        self._thing(tube, form)
        tube.by_id, tube.by_name = self.by.account_id, self.by.name
        return Draft(index, tube, people, finding.barcode(form.again, "again") if form.again else "")

    def _where(self, tube: Tube, form: TubeForm) -> None:
        if form.point:
            if (point := self._points.get(form.point)) is None:
                point = self._points[form.point] = finding.point(form.point)
            tube.point_id, tube.area, tube.organisation_id = point.pk, point.area, point.organisation_id
            tube.laboratory_id = point.laboratory_id
            return
        own = next((one.organisation_id for one in self.by.grants if one.organisation_id), None)
        organisation = form.organisation if form.organisation is not None else own
        if organisation is None or (form.organisation is not None and organisation not in self.bodies):
            raise NotFound(
                _("Who took the sample?"), remedy=_("Name a swab point or an organisation."), field="organisation"
            )
        tube.organisation_id = organisation
        tube.area = form.area or registry.organisation(organisation).area

    def _outbreak(self, code: str, area: str) -> tuple[int | None, str]:
        key = code or f"@{area[:6]}"
        if key not in self._outbreaks:
            found = cases.outbreak_id(code) if code else None
            if code and found is None:
                raise NotFound(_("There is no such outbreak."), remedy=_("Open it first."), field="outbreak")
            named = cases.outbreak_pack(found) if found is not None else packs.in_force(area)[0].id
            self._outbreaks[key] = found, named
        return self._outbreaks[key]

    def _people(self, form: TubeForm, capacity: int) -> tuple[int, ...]:
        if form.kind == "object":
            if form.people:
                raise Invalid(
                    _("A sample of things has nobody in it."), remedy=_("Choose another kind of tube."), field="people"
                )
            return ()
        found: dict[int, None] = {}
        for one in form.people:
            found[self._person(one)] = None
        if not found:
            raise Invalid(
                _("Nobody is in this tube."), remedy=_("Scan whoever was swabbed, then the tube."), field="people"
            )
        if len(found) > capacity:
            raise Invalid(
                _("%(n)s people do not go into a tube for %(max)s.") % {"n": len(found), "max": capacity},
                remedy=_("Begin another tube."), field="people",
            )  # fmt: skip
        return tuple(found)

    def _person(self, one: str | PersonForm) -> int:
        if isinstance(one, PersonForm):
            return registrar.register_person(self.by, one).pk
        label = one.strip()
        if label not in self.people:
            raise NotFound(
                _("Nobody on record has the code or number ending in %(end)s.") % {"end": label[-4:]},
                remedy=_("Scan again, or enter the person anew."), field="people",
            )  # fmt: skip
        return self.people[label][0]

    def _thing(self, tube: Tube, form: TubeForm) -> None:
        for name, longest in (("batch", 60), ("note", 300)):
            if len(getattr(form, name)) > longest or "\0" in getattr(form, name):
                raise Invalid(
                    _("This text is too long, or not text."),
                    remedy=_("Write at most %(n)s characters.") % {"n": longest}, field=name,
                )  # fmt: skip
        tube.batch, tube.note = form.batch.strip(), form.note.strip()
        if form.kind != "object":
            return
        tube.what = must_be(form.what, THINGS, "what")
        if form.place:
            if (place := self.places.get(ids.normalise_code(form.place))) is None:
                raise NotFound(
                    _("There is no such place."), remedy=_("Register it first, or describe it."), field="place"
                )
            tube.place_id = place
        elif not tube.note:
            raise Invalid(_("Where was it taken?"), remedy=_("Name a place, or describe it."), field="note")


def _unknown(drafts: Iterable[Draft], refused: dict[int, Refusal]) -> tuple[list[Draft], tuple[str, ...]]:
    """Those whose barcode is on no tube yet, and the barcodes of those on record just so; another's barcode is refused."""
    drafts = list(drafts)
    known = finding.tubes(one.tube.code for one in drafts)
    inside: dict[int, set[int]] = {tube.pk: set() for tube in known.values()}
    for tube_id, person_id in Swab.objects.filter(tube__in=list(inside)).values_list("tube_id", "person_id"):
        inside[tube_id].add(person_id)
    fresh: dict[str, Draft] = {}
    repeated: list[str] = []
    for one in drafts:
        code = one.tube.code
        if (before := known.get(code)) is not None:
            same = before.kind == one.tube.kind and inside[before.pk] == set(one.people)
        elif code in fresh:
            before, same = fresh[code].tube, set(fresh[code].people) == set(one.people)
        else:
            fresh[code] = one
            continue
        if same:
            repeated.append(code)
        else:
            refused[one.index] = _duplicate(before)
    return list(fresh.values()), tuple(dict.fromkeys(repeated))


def _duplicate(before: Tube) -> Conflict:
    when = before.sampled_at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M")
    return Conflict(
        _("The barcode %(code)s is on another tube, taken at %(when)s.") % {"code": before.code, "when": when},
        remedy=_("Put a fresh label on this tube and send it again under that; nothing of the other was changed."),
        code="duplicate_barcode", field="code",
    )  # fmt: skip


def _enter(by: Actor, drafts: list[Draft], refused: dict[int, Refusal]) -> None:
    """Write tubes and swabs, tell members of positive pools that they have a tube of their own now."""
    _instead(by, drafts, refused)
    drafts = [one for one in drafts if one.index not in refused]
    if not drafts:
        return
    for pk, one in zip(bulk.reserve_ids(Tube, len(drafts)), drafts, strict=True):
        one.tube.pk = pk
    bulk.insert(Tube, _COLUMNS, [[getattr(one.tube, name) for name in _ATTRIBUTES] for one in drafts])
    bulk.insert(
        Swab, ("tube_id", "person_id"), [(one.tube.pk, person) for one in drafts for person in sorted(one.people)]
    )
    _own_tubes(drafts)
    first, last = drafts[0].tube, drafts[-1].tube
    data: dict[str, Any] = {
        "tubes": len(drafts), "people": sum(len(one.people) for one in drafts), "last": last.pk,
    }  # fmt: skip
    if len(drafts) <= _NAMED:
        data["codes"] = [one.tube.code for one in drafts]
    area = levels.common([one.tube.area for one in drafts])
    record(by, "tube.collected", ("tube", first.pk), area=area, data=data)
    emit(TubesCollected(tuple(one.tube.pk for one in drafts)))


def _instead(by: Actor, drafts: Sequence[Draft], refused: dict[int, Refusal]) -> None:
    """Which tube each of these takes the place of, where one is named: it must be of the same people, or of a pool they are in."""
    named = finding.tubes(one.again for one in drafts if one.again)
    inside: dict[int, set[int]] = {tube.pk: set() for tube in named.values()}
    for tube_id, person_id in Swab.objects.filter(tube__in=list(inside)).values_list("tube_id", "person_id"):
        inside[tube_id].add(person_id)
    for one in drafts:
        before = named.get(one.again)
        if one.again and (before is None or not finding.may_see(by, before)):
            refused[one.index] = NotFound(_("There is no tube %(code)s.") % {"code": one.again}, field="again")
        elif before is not None and not set(one.people) <= inside[before.pk]:
            refused[one.index] = Invalid(
                _("Tube %(code)s holds other people.") % {"code": before.code},
                remedy=_("Check which tube this one takes the place of."), field="again",
            )  # fmt: skip
        elif before is not None:
            one.tube.again_id = before.pk


def _own_tubes(drafts: Sequence[Draft]) -> None:
    """Members of positive pools who have a tube of their own now, whether somebody thought of the pool or not."""
    own = {one.people[0]: one.tube for one in drafts if len(one.people) == 1}
    waiting = Member.objects.filter(person__in=list(own), state=Member.HELD, single__isnull=True)
    for member in waiting.order_by("pk"):
        tube = own[member.person_id]
        if tube.sampled_at >= member.since and tube.pk != member.pool_id:
            Member.objects.filter(pk=member.pk).update(single=tube)
