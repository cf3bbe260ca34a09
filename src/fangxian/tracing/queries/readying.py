"""Contacts made ready around the members of a positive pool, for whoever investigates where the members live."""

from collections import Counter, defaultdict

from fangxian.core.access import Actor
from fangxian.registry import queries as registry
from fangxian.tracing.finds import Readiness, ReadyMember
from fangxian.tracing.models import Candidate, Search

#: How people met who live together; others are told by the setting.
HOUSEHOLD = "household"
_FACTS = "meetings__0__facts__"


def ready(by: Actor, pool: str) -> Readiness:
    """Whom the members of the pool with this barcode met who are not told of yet, or are positive; how many, and where.

    Nothing where the reader investigates none of the members. Four queries.
    """
    code = "".join(pool.split()).upper()
    rows = Search.objects.filter(by.scope("tracing.view"), member__pool__code=code)
    searches = list(rows.select_related("member").order_by("pk"))
    where: dict[int, dict[int, str]] = defaultdict(dict)
    counting: Counter[int] = Counter()
    found = (
        Candidate.objects.filter(search__in=searches, person__isnull=False) if searches else Candidate.objects.none()
    )
    told = found.order_by("rank").values_list(
        "search_id", "person_id", "category", f"{_FACTS}household", f"{_FACTS}setting"
    )
    for search, person, category, household, setting in told:
        where[search][person or 0] = HOUSEHOLD if household else setting or ""
        counting[search] += bool(category)
    people = {person: setting for one in where.values() for person, setting in one.items()}
    people |= {person: at for one in where.values() for person, at in one.items() if at == HOUSEHOLD}
    names = registry.names([row.member.person_id for row in searches if row.member])
    areas = registry.short_area_names(row.area for row in searches)
    return Readiness(
        code, len(people), tuple(Counter(people.values()).most_common()),
        tuple(
            ReadyMember(
                row.code, names.get(row.member.person_id, ""), row.area, areas.get(row.area, row.area), _state(row),
                len(where[row.pk]), counting[row.pk],
            )
            for row in searches
            if row.member
        ),
    )  # fmt: skip


def _state(row: Search) -> str:
    if row.finished_at is None:
        return "waiting"
    return "ready" if row.proposed_at is None else "proposed"
