"""What the house is told of daily reports."""

from dataclasses import dataclass
from typing import ClassVar

from fangxian.core.outbox import Event


@dataclass(frozen=True, slots=True)
class SitrepSigned(Event):
    """A report was signed; `version` above 1 corrects an earlier one."""

    kind: ClassVar[str] = "situation.signed"
    sitrep_id: int
    area: str
    day: str
    version: int
