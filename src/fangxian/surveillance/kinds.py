"""The kinds of sources and their measures, as `kinds.yaml` has them (监测来源的种类)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid
from fangxian.text import Text

#: How often a source reports: every day, on working days, on one day of the week, or when something happens.
RHYTHMS = ("daily", "workdays", "weekly", "none")
#: Method of a measure of which a single one is too many: anything after a time without any.
FIRST = "first"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of a pack that a measure is held against: those of one class, and those of the place as a whole."""

    pack: str
    unit: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """One number that a source reports, or one that is computed from others.

    `unit`: count (a whole number), amount (any number from 0), share (between 0 and 1). `within` is the measure of which it is a
    part, `everyone_of` the one that it must reach (应检尽检). `watch` are methods: the first that can tell judges. `ratio` and `load`
    say from which measures it is computed.
    """

    key: str
    name: Text
    unit: str = "count"
    within: str = ""
    everyone_of: str = ""
    optional: bool = False
    watch: tuple[str, ...] = ()
    ratio: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    thresholds: Thresholds | None = None

    @property
    def derived(self) -> bool:
        """Computed, not entered."""
        return bool(self.ratio or self.load)

    @property
    def parts(self) -> tuple[str, ...]:
        """The measures that its series is read from: its own, or those that it is computed from."""
        return self.ratio or self.load or (self.key,)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source with what its sources begin with. `family`: people, goods or place (人、物、地)."""

    key: str
    name: Text
    family: str
    measures: Mapping[str, Measure]
    rhythm: str = "daily"
    due: time = time(9)
    lag: int = 1
    by_unit: Text | None = None

    @property
    def entered(self) -> tuple[Measure, ...]:
        """The measures that people enter."""
        return tuple(one for one in self.measures.values() if not one.derived)

    @property
    def required(self) -> frozenset[str]:
        """Without which a report is not complete."""
        return frozenset(one.key for one in self.entered if not one.optional)

    @property
    def watched(self) -> tuple[Measure, ...]:
        """The measures whose series are judged."""
        return tuple(one for one in self.measures.values() if one.watch)


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of source, in the order of the file."""
    raw = yaml.safe_load(files("fangxian.surveillance").joinpath("kinds.yaml").read_text(encoding="utf-8"))
    return {key: _kind(key, row) for key, row in raw.items()}


def kind(key: str) -> Kind:
    """One kind. Raises Invalid, naming those there are."""
    if key not in kinds():
        raise Invalid(
            _("“%(value)s” is no kind of source.") % {"value": key[:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(kinds())}, field="kind",
        )  # fmt: skip
    return kinds()[key]


def _kind(key: str, row: Mapping[str, Any]) -> Kind:
    more = {name: row[name] for name in ("rhythm", "lag") if name in row}
    if "due" in row:
        more["due"] = time.fromisoformat(row["due"])
    if "by_unit" in row:
        more["by_unit"] = Text(**row["by_unit"])
    measures = {name: _measure(name, one) for name, one in row["measures"].items()}
    return Kind(key, Text(**row["name"]), row["family"], measures, **more)


def _measure(key: str, row: Mapping[str, Any]) -> Measure:
    more: dict[str, Any] = {name: row[name] for name in ("unit", "within", "everyone_of", "optional") if name in row}
    more |= {name: tuple(row[name]) for name in ("watch", "ratio", "load") if name in row}
    if "thresholds" in row:
        told = row["thresholds"]
        more["thresholds"] = Thresholds(told["pack"], tuple(told.get("unit", ())), tuple(told.get("whole", ())))
    return Measure(key, Text(**row["name"]), **more)
