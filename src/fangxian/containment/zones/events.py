"""What the zones tell the rooms above them, after the commit."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class ZoneProposed(outbox.Event):
    """A zone waits for a decision."""

    kind = "zones.proposed"
    zone_id: int
    outbreak_id: int
    area: str
    level: str


@dataclass(frozen=True, slots=True)
class ZoneChanged(outbox.Event):
    """A zone came into force, was edited, came down a level, was lifted, declined or withdrawn: `what` as in its history."""

    kind = "zones.changed"
    zone_id: int
    outbreak_id: int
    area: str
    level: str
    state: str
    what: str


@dataclass(frozen=True, slots=True)
class NoticePublished(outbox.Event):
    """A notice about a zone was published."""

    kind = "zones.notice_published"
    zone_id: int
    number: str
    area: str
