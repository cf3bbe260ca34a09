"""Reading duplicates that wait for a person to decide."""

from django.utils.translation import gettext as _

from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
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
    return _pairs(list(found.order_by("-probability", "pk")[:limit]))


def decided_matches(by: Actor, area: str = "", *, limit: int = 50) -> list[Pair]:
    """Pairs that were merged, the latest first, which the actor may part again; seven queries at most."""
    found = Match.objects.filter(by.scope("persons.match"), within(area), state=Match.MERGED)
    return _pairs(list(found.select_related("decided_by").order_by("-decided_at", "-pk")[:limit]))


def match(by: Actor, match_id: int) -> Pair:
    """One pair, decided or not. Raises NotFound where the actor may not decide on it."""
    row = Match.objects.select_related("decided_by").filter(by.scope("persons.match"), pk=match_id).first()
    if row is None:
        raise NotFound(_("There is no such pair to decide on."))
    return _pairs([row])[0]


def _pairs(rows: list[Match]) -> list[Pair]:
    shown = cards({pk for row in rows for pk in (row.first_id, row.second_id)})
    return [
        Pair(
            row.pk, shown[row.first_id], shown[row.second_id], row.probability,
            tuple({"field": field, "level": level, "bits": bits} for field, level, bits in row.explanation),
            row.state, row.decided_by.name if row.decided_by_id and row.decided_by else "", row.decided_at, row.reason,
        )
        for row in rows
    ]  # fmt: skip
