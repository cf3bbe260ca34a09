"""What isolation takes in: sites and floors, people, checks, vehicles and trips, as they are entered."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteForm:
    """An isolation site as it is entered. `organisation` (id) runs it, `ready_in` is in hours, 0 for one that takes people in now."""

    organisation: int
    name_zh: str
    name_en: str = ""
    area: str
    address: str = ""
    ready_in: int = 0
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorForm:
    """A floor of a site with its rooms, numbered from `first` on. `passage` is named; one of a new name is opened with the floor.

    `zone`: observation, living or supplies; only the first has rooms for people. `suits` are the special needs its rooms suit.
    """

    building: str
    level: int
    zone: str = "observation"
    passage: str
    passage_en: str = ""
    first: int = 1
    rooms: int = 0
    beds: int = 1
    suits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementForm:
    """Somebody who is to be isolated: a contact or a case by code, or a person who came from abroad.

    `cls` is a class of the pack; left empty, the one that takes such contacts. `needs` are special needs, `guardian` who looks
    after a minor.
    """

    contact: str = ""
    case: str = ""
    person: str = ""
    pack: str = ""
    cls: str = ""
    arrived_at: datetime | None = None
    needs: tuple[str, ...] = ()
    guardian: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckForm:
    """One look at a person: temperature in °C, symptoms (none or some), mood, medicine, a note."""

    temperature: float
    symptoms: str
    mood: str = ""
    medicine: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleForm:
    """A vehicle of a transfer team (`organisation`, id), with seats for passengers."""

    plate: str
    organisation: int
    area: str
    seats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TripForm:
    """A trip: which vehicle, by whom (an account, or a name), to which site, for which class of people, when."""

    vehicle: str
    site: str
    pack: str
    cls: str
    leaves_at: datetime
    driver: int | None = None
    driver_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementErrandForm:
    """Something to be brought (delivery), or to go out for (medical), by when."""

    kind: str
    what: str
    due_at: datetime
