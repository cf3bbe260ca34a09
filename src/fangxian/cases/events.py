"""What this stage tells the rooms above it, after the commit."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class CasesReported(outbox.Event):
    """Cases entered an outbreak: one by hand, or a whole piece of an import."""

    kind = "cases.reported"
    outbreak_id: int
    case_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CaseChanged(outbox.Event):
    """Fields of a case were corrected: those of `schemas.CaseForm`, `facts.NAME` and `dates.NAME` for the open ones."""

    kind = "cases.changed"
    case_id: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseReclassified(outbox.Event):
    """A case is now held to be something else; `discarded` ends it (排除)."""

    kind = "cases.reclassified"
    case_id: int
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class CaseReviewed(outbox.Event):
    """A level decided on a case: `approve` or `return`."""

    kind = "cases.reviewed"
    case_id: int
    level: str
    decision: str


@dataclass(frozen=True, slots=True)
class CasesWithdrawn(outbox.Event):
    """These cases were entered by mistake and are gone, with their duties."""

    kind = "cases.withdrawn"
    outbreak_id: int
    case_ids: tuple[int, ...]
