"""What venue notices tell the rooms above them, after the commit."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class VenuePublished(outbox.Event):
    """A venue notice was published."""

    kind = "venues.published"
    code: str
    area: str


@dataclass(frozen=True, slots=True)
class VenueWithdrawn(outbox.Event):
    """A venue notice was taken back."""

    kind = "venues.withdrawn"
    code: str
    area: str
