"""How far a round has come: by division down to the grid, and by grid worker. From the numbers of grids, so a city is a small sum."""

from collections import defaultdict
from collections.abc import Iterable

from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.laboratory.rounds import finding, standing
from fangxian.laboratory.rounds.models import NUMBERS, Patch, Round
from fangxian.laboratory.rounds.schemas import RoundCount, RoundPart
from fangxian.registry import queries as registry
from fangxian.registry.levels import LEVELS

_GRID_WORKER = "grid_worker"


def split(by: Actor, code: str, area: str = "") -> list[RoundPart]:
    """A jurisdiction of a round by the next level at which it falls apart, down to grids, the most missing first. Three queries."""
    row = finding.found(by, code)
    seen = _seen(by, row, area)
    length = _next_level([one.area for one in seen], area)
    parts: dict[str, list[Patch]] = defaultdict(list)
    for one in seen:
        parts[one.area[:length]].append(one)
    names = registry.short_area_names(parts)
    told = [RoundPart(key, names[key], standing.total(mine)) for key, mine in parts.items()]
    return sorted(told, key=lambda one: (-one.count.missing, one.area))


def patches(by: Actor, code: str, area: str = "", *, after: str = "", limit: int = 100) -> list[RoundPart]:
    """Grids of a round with who answers for them, by code from the one after `after`. Six queries."""
    row = finding.found(by, code)
    seen = Patch.objects.filter(by.scope(finding.VIEW), within(area), round=row, area__gt=after).order_by("area")[
        :limit
    ]
    return _held(list(seen))


def workers(by: Actor, code: str, area: str = "") -> list[RoundPart]:
    """The same by grid worker: what each answers for in all, the most missing first; `area` is the first of their grids. Six queries."""
    mine: dict[str, list[RoundPart]] = defaultdict(list)
    for one in _held(_seen(by, finding.found(by, code), area)):
        mine[one.holder].append(one)
    told = [
        RoundPart(parts[0].area, parts[0].name if len(parts) == 1 else f"{parts[0].name} +{len(parts) - 1}", _sum(parts), holder)
        for holder, parts in mine.items()
    ]  # fmt: skip
    return sorted(told, key=lambda one: (-one.count.missing, one.area))


def _held(seen: list[Patch]) -> list[RoundPart]:
    names = registry.short_area_names(one.area for one in seen)
    holders = registry.holders_of(_GRID_WORKER, [one.area for one in seen])
    return [RoundPart(one.area, names[one.area], standing.total([one]), holders[one.area]) for one in seen]


def _sum(parts: Iterable[RoundPart]) -> RoundCount:
    counts = [one.count for one in parts]
    return RoundCount(*(sum(getattr(one, name) for one in counts) for name in NUMBERS))


def _seen(by: Actor, row: Round, area: str) -> list[Patch]:
    found = list(Patch.objects.filter(by.scope(finding.VIEW), within(area), round=row).order_by("area"))
    if area and not found:
        raise NotFound("area")
    return found


def _next_level(areas: list[str], area: str) -> int:
    """The length of the codes at which these fall apart, below `area`."""
    deeper = [length for length in sorted(LEVELS) if length > len(area)]
    for length in deeper:
        if len({one[:length] for one in areas}) > 1:
            return length
    return max((len(one) for one in areas), default=len(area))
