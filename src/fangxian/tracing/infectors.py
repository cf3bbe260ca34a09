"""Who infected whom: of several exposures that could have been the transmission, the one held to be it.

The rule is plain, so that everybody can follow it: of the exposures to a case in its infectious window that began before the onset
(before the report, where there was none), the latest; of equally late ones the stricter, then the one recorded first. Nobody
becomes the infector of somebody who infected them, directly or through others. What a line list or a person says stands above it,
also where the list names somebody who is no case on record.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from fangxian.cases.schemas import DISCARDED, CaseFacts
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import record
from fangxian.tracing import judging, sources
from fangxian.tracing.models import Exposure, UnlistedInfector

RULE, SOURCE, PERSON = "rule", "source", "person"


def choose(by: Actor, outbreak_id: int, cases: Iterable[CaseFacts]) -> dict[int, str]:
    """Find the infector of each of these cases anew; for every exposure now held to be a transmission, the code of who it infected."""
    cases = list(cases)
    wanted = {case.id: case for case in cases if case.classification != DISCARDED}
    human_of = sources.humans([case.person_id for case in wanted.values()])
    record_of = sources.records(human_of.values())
    case_of = {human_of[case.person_id]: case for case in wanted.values()}
    stale = Exposure.objects.filter(infected_id__in=[case.id for case in cases]).exclude(
        infected_id__in=wanted, person_id__in=list(record_of)
    )  # the case was ruled out, or its person is another human than was thought
    stale.filter(infected_how=RULE).update(infected=None, infected_how="")
    stale.update(infected=None)
    candidates: dict[int, list[Exposure]] = defaultdict(list)
    rows = Exposure.objects.filter(outbreak_id=outbreak_id, case__isnull=False, person_id__in=list(record_of))
    for row in rows.order_by("id"):
        if (case := case_of.get(record_of[row.person_id])) is not None:
            candidates[case.id].append(row)
    void = sources.void({row.case_id for found in candidates.values() for row in found if row.case_id is not None})
    told = set(UnlistedInfector.objects.filter(infected__in=candidates).values_list("infected_id", flat=True))
    infector_of = _infectors(outbreak_id, {row.case_id for found in candidates.values() for row in found})
    chosen: dict[int, str] = {}
    changed: list[Exposure] = []
    for case_id in sorted(candidates):
        case, found = wanted[case_id], candidates[case_id]
        kept = [row for row in found if row.infected_how in (SOURCE, PERSON)]
        if not (keep := kept) and case_id not in told:
            keep = _likeliest(case, [row for row in found if row.case_id not in void], infector_of)
        infector_of[case.id] = {row.case_id for row in keep if row.case_id is not None}
        chosen |= {row.pk: case.code for row in keep}
        for row in found:
            target = case.id if row.pk in chosen else None
            if row.infected_id != target:
                row.infected_id, row.infected_how = target, (row.infected_how or RULE) if target else ""
                changed.append(row)
    Exposure.objects.bulk_update(changed, ["infected", "infected_how"], batch_size=500)
    _journal(by, wanted, changed)
    return chosen


def _journal(by: Actor, wanted: dict[int, CaseFacts], changed: Sequence[Exposure]) -> None:
    for row in changed:
        if row.infected_id is not None:
            record(
                by, "case.infector", ("case", row.infected_id), area=wanted[row.infected_id].area,
                data={"exposure": row.pk, "infector": row.case_id, "how": row.infected_how},
            )  # fmt: skip


def _likeliest(case: CaseFacts, found: Sequence[Exposure], infector_of: dict[int, set[int]]) -> list[Exposure]:
    limit = latest(case)
    possible = [
        row
        for row in found
        if row.case_id is not None
        and row.facts.get("in_window") is not False
        and (row.from_at or row.to_at or limit) <= limit
        and not _descends(row.case_id, case.id, infector_of)
    ]
    return [max(possible, key=lambda row: _preference(row, limit))] if possible else []


def latest(case: CaseFacts) -> datetime:
    """The last moment at which this case can have been infected: the end of the day of onset, else the report."""
    return (
        case.reported_at
        if case.onset_on is None
        else clock.local_midnight(case.onset_on) + clock.DAY - timedelta(seconds=1)
    )


def _preference(row: Exposure, limit: datetime) -> tuple[bool, float, int, int]:
    """Known times before unknown ones, later before earlier, stricter before laxer, first recorded before later."""
    ends = row.to_at or row.from_at
    at = min(ends, limit).timestamp() if ends else 0.0
    return ends is not None, at, -judging.rank(row.classified_by, row.category), -row.pk


def _descends(case_id: int, ancestor: int, infector_of: dict[int, set[int]]) -> bool:
    """Whether the infectors of a case lead back to `ancestor`."""
    seen, queue = {case_id}, [case_id]
    for current in queue:
        if current == ancestor:
            return True
        queue += [one for one in infector_of.get(current, ()) if one not in seen and not seen.add(one)]  # type: ignore[func-returns-value]
    return False


def _infectors(outbreak_id: int, cases: Iterable[int | None]) -> dict[int, set[int]]:
    """The infectors on record of these cases, of those, and so on up: one look a generation."""
    found: dict[int, set[int]] = defaultdict(set)
    wanted = {one for one in cases if one is not None}
    while wanted:
        rows = Exposure.objects.filter(outbreak_id=outbreak_id, infected_id__in=wanted).values_list(
            "infected_id", "case_id"
        )
        for infected, infector in rows:
            if infected is not None and infector is not None:
                found[infected].add(infector)
        wanted = {one for case in wanted for one in found.get(case, ())} - found.keys()
    return found
