"""A protocol pack (规程包): one disease, one edition of its guideline, as data that the platform acts on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Annotated, Literal

from fangxian.text import Text

from . import judging
from .citation import Cited, Source
from .conditions import Facts
from .duty import DutyRule, Named
from .isolating import IsolationRules
from .rules import (
    CaseClass,
    CodeRule,
    Exposure,
    InfectiousWindow,
    LiftRule,
    ParameterGroup,
    Post,
    ReportRule,
    Retention,
    Target,
    Threshold,
    Zones,
)
from .vocabulary import Fact

Status = Literal["in_force", "historical", "draft"]


@dataclass(frozen=True)
class Disease:
    """What the pack is about, with its codes by code system (``icd10``, ``icd11``)."""

    name: Text
    codes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pack:
    """One edition of one guideline, with local overlays applied.

    Dates are as precise as they are known (``2022-06-27``, ``2022-06``). ``values`` has every cited value by its path
    in the file, which is also the path that an overlay names.
    """

    id: str
    name: Text
    status: Status
    edition: str
    disease: Disease
    report: ReportRule
    sources: Annotated[tuple[Source, ...], Named()]
    cases: Annotated[tuple[CaseClass, ...], Named()]
    infectious: Annotated[tuple[InfectiousWindow, ...], Named()]
    duties: dict[str, DutyRule]
    exposure: Exposure | None = None
    issued: str | None = None
    in_force: str | None = None
    ended: str | None = None
    superseded_by: str | None = None
    note: Text | None = None
    facts: Annotated[tuple[Fact, ...], Named()] = ()
    zones: Zones | None = None
    isolation: IsolationRules | None = None
    codes: Annotated[tuple[CodeRule, ...], Named()] = ()
    thresholds: Annotated[tuple[Threshold, ...], Named()] = ()
    parameters: Annotated[tuple[ParameterGroup, ...], Named()] = ()
    posts: Annotated[tuple[Post, ...], Named()] = ()
    retention: Annotated[tuple[Retention, ...], Named()] = ()
    targets: Annotated[tuple[Target, ...], Named()] = ()
    values: Mapping[str, Cited] = field(default_factory=dict, repr=False, compare=False, metadata={"yaml": None})
    overlays: tuple[str, ...] = field(default=(), compare=False, metadata={"yaml": None})
    jurisdictions: tuple[str, ...] = field(default=(), compare=False, metadata={"yaml": None})

    @cached_property
    def version(self) -> str:
        """Edition and the first 8 hex digits of the SHA-256 of the content, overlays included: ``9+1f0c23ab``."""
        from .dumping import dump

        content = json.dumps(dump(self), ensure_ascii=False, sort_keys=True)
        return f"{self.edition}+{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def duty(self, kind: str) -> DutyRule:
        """The rule of a duty kind. Raises KeyError when this guideline knows no such duty."""
        return self.duties[kind]

    def opened_by(self, moment: str, facts: Facts) -> tuple[DutyRule, ...]:
        """The duties that a moment in the life of a subject opens."""
        return tuple(rule for rule in self.duties.values() if rule.opens.matches(moment, facts))

    def classify_case(self, facts: Facts) -> judging.Classification:
        """The case class by this guideline's definitions; see `judging.classify_case`."""
        return judging.classify_case(self.cases, facts)

    def classify_exposure(self, facts: Facts, ring: int = 1) -> judging.ExposureVerdict:
        """The category of an exposed person; see `judging.classify_exposure`."""
        return judging.classify_exposure(self.exposure, facts, ring)

    def infectious_window(self, facts: Facts, anchors: Mapping[str, datetime], tz: tzinfo) -> judging.Window | None:
        """The days in which this case may have infected others; see `judging.infectious_window`."""
        return judging.infectious_window(self.infectious, facts, anchors, tz)

    def zone_lift(self, level: str, facts: Facts) -> tuple[tuple[LiftRule, judging.Verdict], ...]:
        """Every way down from a zone level that is in use, with whether it is open and what is missing."""
        rules = self.zones.lift if self.zones else ()
        return tuple((rule, judging.zone_lift(rule, facts)) for rule in rules if rule.is_on and rule.from_ == level)

    def code_state(self, facts: Facts) -> judging.CodeState | None:
        """The health-code colour that the evidence gives; None where the guideline knows no codes."""
        return judging.code_state(self.codes, facts)

    def parameter(self, group: str, key: str) -> Cited:
        """A named value such as ``parameter("testing", "pool_size")``. Raises KeyError."""
        for candidate in self.parameters:
            if candidate.key == group:
                return candidate[key]
        raise KeyError(group)
