"""Which pieces of land lie together: parts of one compound, neighbouring cells, or outlines side by side."""

from collections.abc import Callable, Sequence

import h3  # type: ignore[import-untyped]
from shapely import dwithin
from shapely.geometry import shape

from fangxian.containment.zones import land
from fangxian.containment.zones.land import Land
from fangxian.registry.levels import at_level

#: Two outlines this near to each other, in degrees (about 30 m), have only a path between them.
NEAR = 0.00027


def hood(one: Land) -> str:
    """The community of a piece of land: beyond it nothing is joined."""
    return at_level(one.area, "village")


def joined(lands: Sequence[Land]) -> Callable[[str, str], bool]:
    """A test of whether two of these pieces of land (by their keys) lie together."""
    by_key = {one.key: one for one in lands}
    drawn = {key: shape(one) for key, one in land.shapes(lands).items() if one is not None and one["type"] != "Point"}

    def together(one: str, other: str) -> bool:
        first, second = by_key[one], by_key[other]
        if not _compounds(first).isdisjoint(_compounds(second)):
            return True
        if first.kind == second.kind == land.CELL:
            same = h3.get_resolution(first.code) == h3.get_resolution(second.code)
            return same and bool(h3.are_neighbor_cells(first.code, second.code))
        if land.AREA in (first.kind, second.kind):
            return False  # whole communities are drawn one by one
        return one in drawn and other in drawn and bool(dwithin(drawn[one], drawn[other], NEAR))

    return together


def _compounds(one: Land) -> set[int]:
    chain = ((one.spot,) if one.spot else ()) + one.above
    return {spot.id for spot in chain if spot.kind == "compound"}
