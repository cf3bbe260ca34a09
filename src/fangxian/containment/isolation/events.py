"""What isolation tells the rooms above it, after the commit."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class PlacementMoved(outbox.Event):
    """Somebody in isolation reached another link of the loop."""

    kind = "isolation.moved"
    placement_id: int
    area: str
    link: str
