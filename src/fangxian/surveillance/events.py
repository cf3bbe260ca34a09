"""What surveillance tells itself and the rooms above it, after the commit."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class NumbersReceived(outbox.Event):
    """A source has told numbers, or corrected some: their series are to be judged again."""

    kind = "surveillance.numbers"
    source_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlertRaised(outbox.Event):
    """An alert was raised, or rose to a graver colour."""

    kind = "surveillance.alert_raised"
    code: str
    area: str
    grade: str


@dataclass(frozen=True, slots=True)
class AlertConfirmed(outbox.Event):
    """An alert was found to be true. `outbreak` is the one that it belongs to; empty for a new one, called as given under `pack`."""

    kind = "surveillance.alert_confirmed"
    code: str
    area: str
    #: The local day on which it was raised (ISO): the day of detection of 7-1-7.
    detected_on: str
    outbreak: str
    pack: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class AlertDismissed(outbox.Event):
    """An alert was found to be nothing; `label` says what it was instead."""

    kind = "surveillance.alert_dismissed"
    code: str
    area: str
    label: str
