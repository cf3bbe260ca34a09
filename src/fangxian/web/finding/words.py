"""The words of searches: states of candidates, rings, parts of the work."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

#: State of a candidate → words, tone, picture; in the order of the tabs.
STATES: Mapping[str, tuple[Any, str, str]] = {
    "ready": (gettext_lazy("ready, told to nobody"), "calm", "lock"),
    "proposed": (gettext_lazy("to be decided"), "soon", "clock"),
    "watched": (gettext_lazy("under watch already"), "calm", "eye"),
    "confirmed": (gettext_lazy("confirmed"), "good", "check"),
    "struck": (gettext_lazy("struck"), "calm", "missed"),
    "case": (gettext_lazy("a case already"), "late", "info"),
    "earlier": (gettext_lazy("nothing new since an earlier search"), "calm", "return"),
    "unknown": (gettext_lazy("nobody on record"), "soon", "info"),
}
#: How far it is with whom a member of a positive pool met.
READINESS: Mapping[str, tuple[Any, str, str]] = {
    "waiting": (gettext_lazy("being found"), "accent", "clock"),
    "ready": STATES["ready"],
    "proposed": (gettext_lazy("proposed"), "soon", "check"),
}
RINGS: Mapping[int, Any] = {
    1: gettext_lazy("met a case"),
    2: gettext_lazy("met a contact"),
    3: gettext_lazy("met a contact of a contact"),
}
#: What a search is at, by the last step that its job has told of.
STEPS: Mapping[str, Any] = {
    "gathered": gettext_lazy("gathering the stays"),
    "traced": gettext_lazy("tracing who was with whom"),
    "matched": gettext_lazy("looking up who they are"),
    "judged": gettext_lazy("judging by the protocol"),
    "done": gettext_lazy("done"),
}
