"""What laboratories tell: results entered one by one or by the file, taken once, never silently put to a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import bulk, clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, attempt, emit, record
from fangxian.core.errors import Conflict, Invalid, Refusal
from fangxian.duties import packs
from fangxian.laboratory import finding, following, matching, rules
from fangxian.laboratory.actions.correcting import change
from fangxian.laboratory.events import ResultsChanged
from fangxian.laboratory.models import Result, Tube
from fangxian.laboratory.schemas import Entered, ResultForm
from fangxian.registry import levels
from fangxian.registry.vocabulary import must_be

STATUSES = (Result.FINAL, Result.CORRECTED, Result.CANCELLED)
_COLUMNS = "tube_id number status value cts tested_at reference source reason at by_id by_name".split()


@action
def report_result(by: Actor, form: ResultForm, *, laboratory: int | None = None) -> Entered:
    """Take one result. Raises what `report_results` would have refused."""
    done = report_results(by, [form], laboratory=laboratory, source="entry")
    if done.refused:
        raise done.refused[0][1]
    return done


@action
def report_results(
    by: Actor, forms: Sequence[ResultForm], *, laboratory: int | None = None, source: str = "file"
) -> Entered:
    """Take many results of one laboratory in one transaction; those refused do not stop the others.

    What is told twice is taken once. A result without a tube waits for a person to say whose it is. A value that differs from the
    one on record is refused unless its status says that it is a correction. `source`: entry, file, api, hl7v2 or fhir.
    """
    lab = finding.laboratory(by, laboratory)
    desk = _Desk(by, lab, forms, source[:8])
    refused: dict[int, Refusal] = {}
    lost: list[ResultForm] = []
    for index, form in enumerate(forms):
        try:
            if not desk.take(form):
                lost.append(form)
        except Refusal as refusal:
            refused[index] = refusal
    desk.write()
    waiting = matching.keep(by, lab, lost)
    return Entered(desk.taken, desk.repeated, waiting, desk.positive, tuple(sorted(refused.items())))


class _Desk:
    """A pile of results on their way into the record: the tubes they are of, how packs read them, what is new."""

    def __init__(self, by: Actor, lab: int, forms: Sequence[ResultForm], source: str) -> None:
        self.by, self.lab, self.source, self.now = by, lab, source, clock.now()
        codes = {form.code: "".join(form.code.split()).upper() for form in forms if form.code}
        known = finding.tubes(codes.values(), lock=True)
        self.tubes = {code: known[normal] for code, normal in codes.items() if normal in known}
        self.taken = self.repeated = self.positive = 0
        self._cuts: dict[tuple[str, str], rules.Cuts] = {}
        self._fresh: list[tuple[Tube, tuple[Any, ...]]] = []

    def take(self, form: ResultForm) -> bool:
        """Whether the result is of a tube on record. Raises Refusal."""
        must_be(form.status, STATUSES, "status")
        tested_at = finding.past(form.tested_at, "tested_at") if form.tested_at else None
        if not form.code and not (form.name or form.document or form.phone):
            raise Invalid(
                _("This result names neither a tube nor a person."), remedy=_("Give the barcode."), field="code"
            )
        tube = self.tubes.get(form.code)
        if tube is None:
            rules.read(self._read_by(packs.in_force("")[0].id, ""), form.value, form.cts)
            return False
        if tube.laboratory_id not in (None, self.lab):
            raise Conflict(
                _("Tube %(code)s is with another laboratory.") % {"code": tube.code},
                remedy=_("Check the barcode; that laboratory tells its result."), code="elsewhere", field="code",
            )  # fmt: skip
        if tube.state in (Tube.REJECTED, Tube.LOST):
            raise Conflict(
                _("Tube %(code)s was set aside: %(why)s.") % {"code": tube.code, "why": tube.why},
                remedy=_("Whoever is in it is to be sampled again."), code="ended", field="code",
            )  # fmt: skip
        if tested_at is not None and tested_at < tube.sampled_at:
            raise Invalid(_("The test lies before the sampling."), remedy=_("Check the two times."), field="tested_at")
        if form.status == Result.CANCELLED:
            return self._change(tube, form, None, tested_at)
        reading = rules.read(self._read_by(tube.pack, tube.area), form.value, form.cts)
        if tube.value:
            if (tube.value, tube.ct) == (reading.value, reading.ct):
                self.repeated += 1
                return True
            if form.status == Result.FINAL:
                raise Conflict(
                    _("Tube %(code)s has another result: %(value)s.") % {"code": tube.code, "value": tube.value},
                    remedy=_("If that one is wrong, send this one as its correction, with the reason."),
                    code="other_result", field="value",
                )  # fmt: skip
            return self._change(tube, form, reading, tested_at)
        tube.state, tube.value, tube.ct, tube.resulted_at = Tube.RESULTED, reading.value, reading.ct, self.now
        tube.laboratory_id = self.lab
        row = (
            tube.pk, 1, form.status, reading.value, dict(form.cts), tested_at, form.reference.strip()[:60], self.source,
            form.reason.strip()[:300], self.now, self.by.account_id, self.by.name,
        )  # fmt: skip
        self._fresh.append((tube, row))
        return True

    def _read_by(self, pack: str, area: str) -> rules.Cuts:
        key = (pack, area[:6])
        if (found := self._cuts.get(key)) is None:
            found = self._cuts[key] = rules.cuts(packs.pack(pack, area))
        return found

    def _change(self, tube: Tube, form: ResultForm, reading: rules.Reading | None, tested_at: datetime | None) -> bool:
        self.write()  # what was told before of the same tube comes first
        reason = form.reason.strip() or _("Told so by the laboratory.")
        if not tube.value and reading is None:
            self.repeated += 1
            return True
        with attempt():
            change(self.by, tube, reading, form, tested_at, reason, self.source)
        self.taken += 1
        self.positive += tube.value == "positive"
        return True

    def write(self) -> None:
        """Write the results taken so far, and what follows from them."""
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        tubes = [tube for tube, _row in fresh]
        before = dict(
            Result.objects.filter(tube__in=[one.pk for one in tubes])
            .order_by("number")
            .values_list("tube_id", "number")
        )
        bulk.insert(Result, _COLUMNS, [(row[0], before.get(row[0], 0) + 1, *row[2:]) for _tube, row in fresh])
        _stored(tubes)
        following.tubes_ended(tubes)
        positive = [one for one in tubes if one.value == "positive"]
        record(
            self.by, "tube.resulted", ("tube", tubes[0].pk), area=levels.common([one.area for one in tubes]),
            data={
                "tubes": len(tubes), "laboratory": self.lab, "source": self.source,
                "positive": [one.code for one in positive],
                "others": [one.code for one in tubes if one.value != "positive"][:50],
            },
        )  # fmt: skip
        following.positives(self.by, positive)
        following.members_told([one for one in tubes if one.people == 1])
        emit(ResultsChanged(tuple(one.pk for one in tubes)))
        self.taken += len(tubes)
        self.positive += len(positive)


def _stored(tubes: Sequence[Tube]) -> None:
    """Write the results to the tubes: those that say the same (nearly all are negative without a Ct) in one statement."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    for one in tubes:
        alike.setdefault((one.value, one.ct, one.laboratory_id, one.resulted_at), []).append(one.pk)
    apart = []
    for (value, ct, laboratory, at), pks in alike.items():
        if len(pks) == 1:
            apart.append((Tube.RESULTED, value, ct, laboratory, at, pks[0]))
            continue
        Tube.objects.filter(pk__in=pks).update(
            state=Tube.RESULTED, value=value, ct=ct, laboratory_id=laboratory, resulted_at=at
        )
    bulk.update(Tube, ("state", "value", "ct", "laboratory_id", "resulted_at"), apart)
