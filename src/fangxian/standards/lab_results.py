"""A laboratory's result (检验结果) as any format tells it, and what could not be read of what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from fangxian.text import Text

POSITIVE, NEGATIVE, INDETERMINATE = "positive", "negative", "indeterminate"
FINAL, CORRECTED, CANCELLED, PRELIMINARY = "final", "corrected", "cancelled", "preliminary"

#: Codes and words for a verdict: SNOMED CT, LOINC answers, HL7 table 0078 and v3 interpretations, and what laboratories write.
_VERDICTS: Mapping[str, frozenset[str]] = {
    POSITIVE: frozenset(
        "10828004 260373001 11214006 la6576-8 la11882-0 la15255-5 pos positive positiv det detected reactive rr 阳性 检出 +".split()
    ),
    NEGATIVE: frozenset(
        "260385009 260415000 131194007 la6577-6 la11883-8 la15256-3 neg negative negativ nd 阴性 未检出 - non-reactive nonreactive".split()
    ) | {"not detected", "non reactive"},
    INDETERMINATE: frozenset(
        "82334004 419984006 280416009 la9663-1 la11884-6 ind indeterminate inconclusive equivocal 可疑 不确定".split()
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Code:
    """A code, the system that it is of, and its words."""

    code: str = ""
    system: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabResult:
    """One test of one specimen. `message` is the sender's number for what it came in.

    `value` is positive, negative, indeterminate, or "" where there is no such word; `value_text` is what was written.
    `cts`: target → Ct, None where nothing was amplified. `status`: preliminary, final, corrected or cancelled. Times without a zone
    are local.
    """

    message: str
    test: Code
    status: str
    value: str = ""
    value_text: str = ""
    cts: Mapping[str, float | None] = field(default_factory=dict)
    specimens: tuple[str, ...] = ()
    specimen_type: str = ""
    report: str = ""
    laboratory: str = ""
    sampled_at: datetime | None = None
    tested_at: datetime | None = None
    person_ids: tuple[str, ...] = ()
    name: str = ""
    phone: str = ""
    born: date | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What was not taken: which message (the sender's number, or its place), which field of it, and why."""

    message: str
    field: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file held."""

    results: tuple[LabResult, ...]
    quarantined: tuple[Quarantined, ...]
    messages: int


class Unreadable(ValueError):
    """A message that cannot be taken: the field, and why."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        self.field = field
        self.reason = Text(zh, en)
        super().__init__(en)


def verdict(words: Iterable[str]) -> str:
    """The first of these codes and words that is a verdict; "" if none is."""
    for word in words:
        folded = " ".join(word.casefold().split())
        for value, known in _VERDICTS.items():
            if folded and folded in known:
                return value
    return ""


def target(test: Code) -> str | None:
    """Which target's threshold cycle a test gives: orf1ab, n, e or plain ct; None if it gives none."""
    text = test.text.casefold()
    if (
        "cycle threshold" not in text
        and "[ct" not in text
        and "ct值" not in text
        and text.split()[-1:] != ["ct"]
        and text != "ct"
    ):
        return None
    for name, marks in (("orf1ab", ("orf1ab", "orf1")), ("n", ("n gene", "n基因")), ("e", ("e gene", "e基因"))):
        if any(mark in text for mark in marks):
            return name
    return "ct"


def cycle(text: str, field: str) -> float | None:
    """A threshold cycle; None where nothing was amplified. Raises Unreadable."""
    if text.casefold().strip() in ("", "undetermined", "nd", "not detected", "0", "-", "nan"):
        return None
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 < found < 60:
        raise Unreadable(
            field, f"“{text[:40]}”不是 Ct 值；应在 0 与 60 之间", f"“{text[:40]}” is no Ct; it lies between 0 and 60"
        )
    return found
