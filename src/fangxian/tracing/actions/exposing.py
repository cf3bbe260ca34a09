"""Exposures: one by hand or hundreds of thousands by import, through the same checks, the same judgement and the same duties."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from fangxian.core import bulk, clock, journal
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, NotFound, Refusal
from fangxian.registry import actions as registry_actions
from fangxian.tracing import infectors, judging, sources
from fangxian.tracing.actions.versions import stale
from fangxian.tracing.desk import RIGHT, Desk, Draft
from fangxian.tracing.knowing import Known
from fangxian.tracing.models import Exposure
from fangxian.tracing.schemas import Exposed, ExposureForm, Judged, Refused
from fangxian.tracing.settling import rejudge, settle

#: Forms in one transaction: many enough to be fast, few enough to hold no lock for long.
CHUNK = 5000


@dataclass(slots=True)
class Taken:
    """What became of forms: codes of the contacts that are new, the exposures in the order of the forms kept, and the others."""

    contacts: list[str]
    judged: list[Judged]
    refused: list[tuple[ExposureForm, Refusal]]


def expose(by: Actor, form: ExposureForm) -> Judged:
    """Record that one person was exposed to a case or to a contact; the pack says whether that makes them a contact.

    A first exposure that counts puts the person under watch, which opens the pack's duties; a further one makes the watch as
    strict, and as long, as the stricter and the later demand. Raises NotFound for an unknown case, contact or person, Invalid
    naming the field at fault, NotAllowed outside the jurisdiction that investigates.
    """
    exposed = _tried_twice(lambda: _take(by, None, [form]))
    if exposed.refused:
        raise exposed.refused[0][1]
    return exposed.judged[0]


def expose_many(
    by: Actor, outbreak: str, forms: Sequence[ExposureForm], *, on_progress: Callable[[int], None] | None = None
) -> Exposed:
    """Record many exposures of one outbreak, `CHUNK` in a transaction. Rows that are refused do not stop the others."""
    by.must(RIGHT)
    outbreak_id = sources.outbreak_id(outbreak)
    contacts: list[str] = []
    judged: list[Judged] = []
    refused: list[Refused] = []
    rest = iter(forms)
    done = 0
    while chunk := list(islice(rest, CHUNK)):
        taken = _tried_twice(lambda chunk=chunk: _take(by, outbreak_id, chunk))  # type: ignore[misc]
        contacts += taken.contacts
        judged += taken.judged
        refused += [_told(form, refusal) for form, refusal in taken.refused]
        done += len(chunk)
        if on_progress:
            on_progress(done)
    return Exposed(tuple(contacts), tuple(judged), tuple(refused))


def expose_found(by: Actor, outbreak_id: int, forms: Sequence[ExposureForm]) -> Taken:
    """Record what a search found, at most `CHUNK` forms at once.

    The caller has checked that the actor decides about these people; whoever investigates the cases has searched around them.
    """
    return _tried_twice(lambda: _take(by, outbreak_id, forms, found=True))


@action
def amend_exposure(
    by: Actor, exposure_id: int, changes: ExposureForm, reason: str, version: int | None = None
) -> Judged:
    """Correct what is known of an exposure; it is judged anew, and whatever follows from it follows. Who and to whom stay.

    Raises Conflict where `version`, the one that was read, is no longer the newest.
    """
    row = (
        Exposure.objects.select_related("case", "contact_of")
        .select_for_update(of=("self",))
        .filter(pk=exposure_id)
        .first()
    )
    source = sources.of_exposure(row) if row is not None else None
    if row is None or source is None or not (by.may("tracing.view", source.area) or by.may(RIGHT, source.area)):
        raise NotFound(_("There is no such exposure."))
    by.must(RIGHT, source.area)
    if version not in (None, row.version):
        raise stale(journal.of("exposure", row.pk, actions=("exposure.amended",)), row.version)
    reason = sources.reason(reason)
    desk = Desk(by, None, [])
    draft = desk.checked(replace(changes, infector=False), source)
    for name, value in _values(draft).items():
        setattr(row, name, value)
    row.facts, row.classified_by = draft.facts, ""  # without a basis it is certain to be judged anew
    row.version += 1
    row.save()
    record(
        by, "exposure.amended", ("exposure", row.pk), area=source.area, data={"reason": reason, "source": draft.form.source}
    )  # fmt: skip
    rejudge(by, source, [row])
    row = Exposure.objects.select_related("contact", "infected").get(pk=row.pk)
    judgement = judging.judge(source, row.facts, row.from_at, row.to_at)
    return _judged(
        row.pk, row.contact.code if row.contact else "", judgement, row.infected.code if row.infected else ""
    )


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


#: The source of exposures that came from a line list.
LISTED = "linelist"


def _tried_twice(work: Callable[[], Taken]) -> Taken:
    """Somebody else may have put the same person under watch a moment ago: the second time it is known."""
    try:
        return work()
    except IntegrityError:
        return work()


@action
def _take(by: Actor, outbreak_id: int | None, forms: Sequence[ExposureForm], *, found: bool = False) -> Taken:
    desk = Desk(by, outbreak_id, forms, found=found)
    refused: list[tuple[ExposureForm, Refusal]] = []
    drafts: list[Draft] = []
    for form in forms:
        try:
            drafts.append(desk.draft(form))
        except Refusal as refusal:
            refused.append((form, refusal))
    if not drafts:
        return Taken([], [], refused)
    _register(by, drafts)
    drafts = _told_anew([draft for draft in drafts if not _alone(draft, refused)], refused)
    if not drafts:
        return Taken([], [], refused)
    judgements: dict[int, judging.Judgement] = {}
    fresh: list[Known] = []
    for pk, draft in zip(bulk.reserve_ids(Exposure, len(drafts)), drafts, strict=True):
        judgement = judgements[pk] = judging.judge(draft.source, draft.facts, draft.from_at, draft.to_at)
        source = draft.source
        one = Known(pk, draft.person_id, judgement, draft.from_at, draft.to_at, source.pack, source.area)
        one.area, one.fresh = draft.form.area, True
        fresh.append(one)
    outbreak = drafts[0].source.outbreak_id
    human_of = sources.humans([draft.person_id for draft in drafts])
    settled = settle(by, outbreak, dict.fromkeys(human_of.values()), fresh)
    _insert(drafts, fresh)
    infected = infectors.choose(by, outbreak, settled.case_of.values()) if settled.case_of else {}
    codes = {contact.pk: contact.code for contact in settled.contact_of.values() if contact is not None}
    _journal(by, drafts, fresh)
    judged = [
        _judged(one.id, codes.get(one.contact_id or 0, ""), judgements[one.id], infected.get(one.id, ""))
        for one in fresh
    ]
    return Taken([contact.code for contact in settled.new], judged, refused)


def _register(by: Actor, drafts: Sequence[Draft]) -> None:
    """Enter the people who are not on record yet; whoever's document is known is found, not entered twice.

    A person of whom no residence is known is taken to live where the case is investigated.
    """
    fresh, people_to_be = [], []
    for draft in drafts:
        if (one := draft.person) is not None:
            fresh.append(draft)
            people_to_be.append(one if one.area else replace(one, area=draft.form.area or draft.source.area))
    people = registry_actions.register_many(by, people_to_be) if fresh else []
    for draft, person_id in zip(fresh, people, strict=True):
        draft.person_id = person_id


def _alone(draft: Draft, refused: list[tuple[ExposureForm, Refusal]]) -> bool:
    """Whether somebody is said to have been exposed to themselves."""
    if draft.person_id != draft.source.person_id:
        return False
    refused.append(
        (draft.form, Conflict(_("Nobody is exposed to themselves."), remedy=_("Check both."), field="person"))
    )
    return True


def _told_anew(drafts: Sequence[Draft], refused: list[tuple[ExposureForm, Refusal]]) -> list[Draft]:
    """Leave out what a list told before: the same two people, times and place. (Interviews may well repeat each other.)"""
    people = {draft.person_id for draft in drafts if draft.form.source == LISTED}
    rows = Exposure.objects.filter(source=LISTED, person_id__in=people)
    known = set(rows.values_list("case_id", "contact_of_id", "person_id", "from_at", "to_at", "setting", "place_text"))
    anew = []
    for draft in drafts:
        ends = (draft.source.id, None) if draft.source.kind == judging.CASE else (None, draft.source.id)
        form = draft.form
        if (*ends, draft.person_id, draft.from_at, draft.to_at, form.setting, form.place_text) in known:
            again = Conflict(
                _("This exposure is on record already."), remedy=_("Nothing is to be done."), code="already_recorded"
            )
            refused.append((form, again))
        else:
            anew.append(draft)
    return anew


def _values(draft: Draft) -> dict[str, Any]:
    """What an exposure keeps of its form."""
    form = draft.form
    return {
        "setting": form.setting, "place_id": draft.place_id, "place_text": form.place_text, "from_at": draft.from_at,
        "to_at": draft.to_at, "minutes": draft.facts.get("minutes"), "relation": form.relation, "source": form.source,
    }  # fmt: skip


_COLUMNS = (
    "id outbreak_id case_id contact_of_id person_id contact_id infected_how infected_why setting place_id place_text "
    "from_at to_at minutes facts category classified_by relation source created_at"
).split()


def _insert(drafts: Sequence[Draft], fresh: Sequence[Known]) -> None:
    now = clock.now()

    def row(draft: Draft, one: Known) -> list[Any]:
        judgement, source = one.judgement, draft.source
        values = _values(draft) | {
            "id": one.id, "outbreak_id": source.outbreak_id, "person_id": one.person_id, "contact_id": one.contact_id,
            "case_id": source.id if source.kind == judging.CASE else None,
            "contact_of_id": source.id if source.kind == judging.CONTACT else None,
            "infected_how": infectors.SOURCE if draft.form.infector else "", "infected_why": "",
            "facts": dict(judgement.facts), "category": judgement.category, "classified_by": judgement.basis,
            "created_at": now,
        }  # fmt: skip
        return [values[name] for name in _COLUMNS]

    bulk.insert(Exposure, _COLUMNS, (row(draft, one) for draft, one in zip(drafts, fresh, strict=True)))


def _journal(by: Actor, drafts: Sequence[Draft], fresh: Sequence[Known]) -> None:
    """A line for each exposure that is not named in the line of a contact."""
    for draft, one in zip(drafts, fresh, strict=True):
        if one.contact_id is None:
            source, judgement = draft.source, one.judgement
            record(
                by, "exposure.recorded", ("exposure", one.id), area=source.area, basis=judgement.basis,
                data={"person": one.person_id, source.kind: source.id, "category": judgement.category, "why": judgement.why.en},
            )  # fmt: skip


def _judged(pk: int, contact: str, judgement: judging.Judgement, infected: str) -> Judged:
    return Judged(pk, contact, judgement.category, judgement.basis, judgement.why, judgement.missing, infected)


def _told(form: ExposureForm, refusal: Refusal) -> Refused:
    return Refused(form.row, refusal.field, str(refusal.message), str(refusal.remedy), refusal.code)
