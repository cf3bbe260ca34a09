"""The stays that cases told of: their activity tracks, as other parts of tracing and the stages above read them. No names."""

from collections.abc import Iterable
from dataclasses import replace

from fangxian.cases import queries as cases
from fangxian.tracing import sources
from fangxian.tracing.models import Activity
from fangxian.tracing.schemas import Seen


def stays_of(case_ids: Iterable[int]) -> dict[int, list[Seen]]:
    """The stays of cases in their infectious windows, cut to them, in order of time; a case without any is left out.

    A stay of which no end is known counts as a moment. Of a case whose window is not known every stay counts: the cautious
    answer. Two queries.
    """
    told = told_of(case_ids)
    windows = {case.id: sources.of_case(case).window for case in cases.facts_of(told).values()}
    found: dict[int, list[Seen]] = {}
    for case_id, stays in told.items():
        window = windows.get(case_id)
        for one in stays:
            begins, ends = one.from_at, one.to_at
            if window is not None:
                begins = max(begins, window.start)
                ends = min(ends, window.end) if window.end is not None else ends
            if begins <= ends:
                found.setdefault(case_id, []).append(replace(one, from_at=begins, to_at=ends))
    return found


def told_of(case_ids: Iterable[int]) -> dict[int, list[Seen]]:
    """All stays that cases told of, in order of time; a case without any is left out. One query."""
    rows = Activity.objects.filter(case_id__in=list(case_ids)).select_related("place")
    found: dict[int, list[Seen]] = {}
    for row in rows.order_by("case_id", "from_at", "pk"):
        place = row.place
        found.setdefault(row.case_id, []).append(
            Seen(
                row.case_id, row.from_at, row.to_at or row.from_at, row.place_id,
                row.place_text or (place.name_zh if place else ""), row.place_kind or (place.kind if place else ""),
                row.lon if row.lon is not None or place is None else place.lon,
                row.lat if row.lat is not None or place is None else place.lat,
            )
        )  # fmt: skip
    return found
