"""What tracing tells the rooms above it."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class ContactIdentified(outbox.Event):
    """A person is a contact from now on, of this category of the pack."""

    kind = "tracing.contact_identified"
    contact_id: int
    outbreak_id: int
    area: str
    category: str


@dataclass(frozen=True, slots=True)
class CaseSuspected(outbox.Event):
    """A contact has symptoms or a positive test: proposed as a case, for a person to decide. `ground`: symptoms or test."""

    kind = "tracing.case_suspected"
    contact_id: int
    outbreak_id: int
    area: str
    ground: str


@dataclass(frozen=True, slots=True)
class ContactHeld(outbox.Event):
    """A contact is held: at home, on a site, in hospital."""

    kind = "tracing.contact_held"
    contact_id: int
    area: str
    where: str


@dataclass(frozen=True, slots=True)
class ContactEnded(outbox.Event):
    """A contact is no longer watched: released, case, lost, dismissed or merged."""

    kind = "tracing.contact_ended"
    contact_id: int
    outbreak_id: int
    area: str
    state: str


@dataclass(frozen=True, slots=True)
class ContactWatchedAgain(outbox.Event):
    """A contact who was released is watched again: a result on which the release rested did not hold."""

    kind = "tracing.contact_watched_again"
    contact_id: int
    outbreak_id: int
    area: str


@dataclass(frozen=True, slots=True)
class TrackChanged(outbox.Event):
    """Stays on the activity track of a case were added, corrected or taken away."""

    kind = "tracing.track_changed"
    case_id: int
    outbreak_id: int


@dataclass(frozen=True, slots=True)
class ContactsProposed(outbox.Event):
    """A search for contacts has come to its end; in each of `areas` somebody waits for a decision. Crowded places are on the search."""

    kind = "tracing.contacts_proposed"
    search_id: int
    outbreak_id: int
    area: str
    areas: tuple[str, ...]
