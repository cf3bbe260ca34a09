"""What venue notices take in and give out."""

from dataclasses import dataclass
from datetime import date, datetime

from fangxian.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueForm:
    """A notice as it is entered.

    `place` is the code of a place on record; without it `kind`, `name_zh` and `area` say which it is. The time is rounded outwards
    to half hours. `advice` is what whoever was there is to do. `expires_on` is the last day it is shown; left empty, the
    longest time that the pack of the outbreak allows, counted from the end of the window.
    """

    outbreak: str
    from_at: datetime
    to_at: datetime
    advice_zh: str
    advice_en: str = ""
    place: str = ""
    kind: str = ""
    name_zh: str = ""
    name_en: str = ""
    area: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class VenueView:
    """A notice for whoever works with it. `state`: shown, expired, withdrawn."""

    id: int
    code: str
    outbreak: str
    area: str
    area_name: str
    kind: str
    name: Text
    from_at: datetime
    to_at: datetime
    advice: Text
    basis: str
    published_at: datetime
    expires_on: date
    by_name: str
    state: str
    withdrawn_reason: str
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class PublicVenue:
    """A notice as the public reads it: a place, a time, what to do; nothing from which to tell one person's way."""

    area: str
    area_name: Text
    kind: str
    name: Text
    from_at: datetime
    to_at: datetime
    advice: Text
    expires_on: date
