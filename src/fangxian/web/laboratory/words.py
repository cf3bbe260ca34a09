"""How samples are spoken of: states with their tone and picture, and the tabs that the reader may open."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from fangxian.core.access import Actor
from fangxian.laboratory.schemas import KINDS, REASONS, THINGS, VALUES

#: State of a tube or box, of a member, of a positive: words, tone, picture.
STATES: Mapping[str, tuple[Any, str, str]] = {
    "collected": (gettext_lazy("taken"), "calm", "open"),
    "sealed": (gettext_lazy("in a sealed box"), "calm", "lock"),
    "under_way": (gettext_lazy("on its way"), "accent", "next"),
    "received": (gettext_lazy("in the laboratory"), "accent", "keep"),
    "resulted": (gettext_lazy("result told"), "good", "check"),
    "rejected": (gettext_lazy("rejected"), "late", "missed"),
    "lost": (gettext_lazy("lost"), "late", "missed"),
    "held": (gettext_lazy("held, waits for an own result"), "soon", "clock"),
    "negative": (gettext_lazy("negative"), "good", "check"),
    "positive": (gettext_lazy("positive"), "late", "late"),
    "indeterminate": (gettext_lazy("indeterminate"), "soon", "info"),
    "freed": (gettext_lazy("free: the pool was corrected"), "waived", "undo"),
    "waiting": (gettext_lazy("to be decided"), "soon", "clock"),
    "case": (gettext_lazy("a case"), "accent", "cases"),
    "declined": (gettext_lazy("no case"), "calm", "waived"),
    "withdrawn": (gettext_lazy("withdrawn: the result did not hold"), "waived", "undo"),
}
#: What a laboratory's report was.
STATUSES: Mapping[str, Any] = {
    "final": gettext_lazy("result told"), "corrected": gettext_lazy("corrected"), "cancelled": gettext_lazy("cancelled"),
}  # fmt: skip

#: Address, words, and the rights of which one is needed.
_TABS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("samples", gettext_lazy("Tubes"), ("samples.view",)),
    ("sample_boxes", gettext_lazy("Boxes"), ("samples.view",)),
    ("sample_points", gettext_lazy("Swab points"), ("samples.collect", "samples.points")),
    ("sample_results", gettext_lazy("Results"), ("samples.test",)),
    ("sample_positives", gettext_lazy("Positives"), ("samples.decide",)),
    ("sample_members", gettext_lazy("Positive pools"), ("samples.members",)),
    ("sample_unmatched", gettext_lazy("Whose is it?"), ("samples.match",)),
)


def shared(by: Actor, at: str) -> dict[str, Any]:
    """What every page of samples knows: its tabs, and the words for the keys of its rows."""
    tabs = [(f"web:{view}", words, view == at) for view, words, rights in _TABS if any(map(by.may, rights))]
    return {
        "tabs": tabs, "states": STATES, "kinds": KINDS, "reasons": REASONS, "things": THINGS, "values": VALUES,
        "statuses": STATUSES,
    }  # fmt: skip
