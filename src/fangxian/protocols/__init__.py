"""Protocol packs (防控规程包): guidelines as data, with the clause, source, date and grade of every value.

>>> from fangxian import protocols
>>> pack = protocols.load("mers-who")
>>> pack.duty("contact.observation").name.in_("en")
'Contact follow-up'
"""

from fangxian.text import Text

from .citation import Cited, Source
from .conditions import Condition
from .difference import Difference, diff
from .dumping import dump
from .duty import Due, DutyRule, Need, OpenRule, ReleaseRule, Stage, StepRule
from .isolating import IsolationClass, IsolationRules
from .judging import (
    Classification,
    CodeState,
    ExposureVerdict,
    Verdict,
    Window,
    classify_case,
    classify_exposure,
    code_state,
    infectious_window,
    zone_facts,
    zone_level,
    zone_lift,
)
from .loading import PackInfo, available, load, restore
from .pack import Pack
from .planning import PlannedStep, plan
from .problems import PackError, Problem
from .reading import Point, Section, sections
from .release import StepFact, latest_evidence, release_time, release_verdict
from .rules import Category, CodeRule, LiftRule, Post, Threshold, ZoneLevel, Zones

__all__ = [
    "Category",
    "Cited",
    "Classification",
    "CodeRule",
    "CodeState",
    "Condition",
    "Difference",
    "Due",
    "DutyRule",
    "ExposureVerdict",
    "IsolationClass",
    "IsolationRules",
    "LiftRule",
    "Need",
    "OpenRule",
    "Pack",
    "PackError",
    "PackInfo",
    "PlannedStep",
    "Point",
    "Post",
    "Problem",
    "ReleaseRule",
    "Section",
    "Source",
    "Stage",
    "StepFact",
    "StepRule",
    "Text",
    "Threshold",
    "Verdict",
    "Window",
    "ZoneLevel",
    "Zones",
    "available",
    "classify_case",
    "classify_exposure",
    "code_state",
    "diff",
    "dump",
    "infectious_window",
    "latest_evidence",
    "load",
    "plan",
    "release_time",
    "release_verdict",
    "restore",
    "sections",
    "zone_facts",
    "zone_level",
    "zone_lift",
]
