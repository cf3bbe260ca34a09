"""What the registry tells the rooms above it. Each is handled where the data that must follow are."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class PersonsMerged(outbox.Event):
    """`other_id` was found to be the same person as `kept_id`, the root of its tree. Rows about either are now about one.

    Nothing in the registry moved. A handler that joins its own rows must be able to part them again.
    """

    kind = "registry.persons_merged"
    kept_id: int
    other_id: int


@dataclass(frozen=True, slots=True)
class PersonsUnmerged(outbox.Event):
    """`other_id` (with what had been merged into it) stands for itself again and is not the same person as `kept_id`."""

    kind = "registry.persons_unmerged"
    kept_id: int
    other_id: int


@dataclass(frozen=True, slots=True)
class AppointmentEnded(outbox.Event):
    """A post fell vacant, or passed to another: what its holder has still open needs a new owner.

    `account_id` is who held it (None where a name without an account did), `organisation_id` for whom.
    """

    kind = "registry.appointment_ended"
    appointment_id: int
    role: str
    area: str
    account_id: int | None
    organisation_id: int


@dataclass(frozen=True, slots=True)
class DivisionAbolished(outbox.Event):
    """A code ended; `successor` (maybe empty) is where its people and records are counted from now on."""

    kind = "registry.division_abolished"
    area: str
    successor: str
