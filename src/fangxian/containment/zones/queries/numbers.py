"""How many zones there were at the end of a day, as they were then. Counts only, for stages that have checked the right."""

from collections import Counter

from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Substr

from fangxian.containment.zones.models import Change, Zone
from fangxian.core.asking import Question
from fangxian.core.periods import Period
from fangxian.registry import queries as registry
from fangxian.registry.queries import Parts


def numbers(outbreak: int, parts: Parts, period: Period) -> Question[Counter[tuple[str, str]]]:
    """(part, state) → zones in that state at the end of a period, and (part, "lifted in it")."""
    where = registry.in_any(parts.prefixes)
    zones = Zone.objects.filter(where, outbreak=outbreak, proposed_at__lt=period.until).order_by()
    then = Change.objects.filter(zone=OuterRef("pk"), at__lt=period.until).order_by("-at", "-pk").values("state")[:1]
    told = zones.annotate(then=F("state") if period.live else Subquery(then), part=Substr("area", 1, parts.depth))
    lifted = Change.objects.filter(
        registry.in_any(parts.prefixes, "zone__area"), zone__outbreak=outbreak, what="lifted"
    )
    lifted = lifted.filter(at__gte=period.since, at__lt=period.until).order_by()
    standing, over = yield [
        told.values_list("part", "then").annotate(n=Count("pk")),
        lifted.annotate(part=Substr("zone__area", 1, parts.depth)).values_list("part").annotate(n=Count("pk")),
    ]
    found: Counter[tuple[str, str]] = Counter()
    for part, state, number in standing:
        found[parts.part(part), state] += number
    for part, number in over:
        found[parts.part(part), LIFTED_IN_IT] += number
    return found


#: The name under which `numbers` tells the zones that were lifted during the period.
LIFTED_IN_IT = "lifted in it"
