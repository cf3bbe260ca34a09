"""What the stages above ask of tracing about cases by key; the caller has checked the right. No names."""

from collections.abc import Iterable

from fangxian.cases import queries as cases
from fangxian.tracing import sources
from fangxian.tracing.models import Activity, Exposure
from fangxian.tracing.schemas import LastContact, Seen


def stays_of(case_ids: Iterable[int]) -> dict[int, list[Seen]]:
    """The stays of cases in their infectious windows, cut to them, in order of time; a case without any is left out.

    A stay of which no end is known counts as a moment. Of a case whose window is not known every stay counts: the cautious
    answer. Two queries.
    """
    found: dict[int, list[Seen]] = {}
    rows = (
        Activity.objects.filter(case_id__in=list(case_ids)).select_related("place").order_by("case_id", "from_at", "pk")
    )
    rows_of: dict[int, list[Activity]] = {}
    for row in rows:
        rows_of.setdefault(row.case_id, []).append(row)
    windows = {case.id: sources.of_case(case).window for case in cases.facts_of(rows_of).values()}
    for case_id, stays in rows_of.items():
        window = windows.get(case_id)
        for row in stays:
            begins, ends = row.from_at, row.to_at or row.from_at
            if window is not None:
                begins = max(begins, window.start)
                ends = min(ends, window.end) if window.end is not None else ends
            if ends < begins:
                continue
            place = row.place
            found.setdefault(case_id, []).append(
                Seen(
                    case_id, begins, ends, row.place_id, row.place_text or (place.name_zh if place else ""),
                    row.place_kind or (place.kind if place else ""),
                    row.lon if row.lon is not None or place is None else place.lon,
                    row.lat if row.lat is not None or place is None else place.lat,
                )
            )  # fmt: skip
    return found


def last_contacts(case_ids: Iterable[int], category: str) -> list[LastContact]:
    """Contacts of these cases in a category, each with its last exposure to each of them; one query."""
    rows = Exposure.objects.filter(case_id__in=list(case_ids), contact__isnull=False, contact__category=category)
    found: dict[tuple[int, int], LastContact] = {}
    for case_id, contact_id, state, ends, begins, known in rows.values_list(
        "case_id", "contact_id", "contact__state", "to_at", "from_at", "contact__last_exposure_at"
    ):
        at, key = ends or begins or known, (case_id or 0, contact_id or 0)
        if at is not None and (key not in found or found[key].at < at):
            found[key] = LastContact(*key, state or "", at)
    return list(found.values())
