"""What the stages above ask of tracing about cases by key; the caller has checked the right. No names."""

from collections.abc import Iterable

from fangxian.tracing.models import Exposure
from fangxian.tracing.schemas import LastContact


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
