"""Reading duplicates that wait for a person to decide."""

from fangxian.core.access import Actor, within
from fangxian.registry.models import Match
from fangxian.registry.queries.people import cards
from fangxian.registry.schemas import Pair


def waiting_matches(
    by: Actor, area: str = "", *, after: tuple[float, int] | None = None, limit: int = 50
) -> list[Pair]:
    """Pairs that may be one person, the likeliest first, that the actor may decide on. Seven queries at most.

    `after` is the (probability, id) of the last pair of the page before.
    """
    found = Match.objects.filter(by.scope("persons.match"), within(area), state=Match.WAITING)
    if after is not None:
        probability, pk = after
        found = found.filter(probability__lt=probability) | found.filter(probability=probability, pk__gt=pk)
    rows = list(found.order_by("-probability", "pk")[:limit])
    shown = cards({pk for row in rows for pk in (row.first_id, row.second_id)})
    return [
        Pair(
            row.pk, shown[row.first_id], shown[row.second_id], row.probability,
            tuple({"field": field, "level": level, "bits": bits} for field, level, bits in row.explanation),
        )
        for row in rows
    ]  # fmt: skip
