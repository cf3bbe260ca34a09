"""The words of questions: their states, what may be counted, what a search is at."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

#: State of a question → words, tone, picture.
STATES: Mapping[str, tuple[Any, str, str]] = {
    "waiting": (gettext_lazy("waits for the worker"), "calm", "clock"),
    "running": (gettext_lazy("at work"), "accent", "clock"),
    "stopped": (gettext_lazy("stopped"), "soon", "waived"),
    "failed": (gettext_lazy("failed"), "late", "late"),
    "refused": (gettext_lazy("no policy keeps the limits"), "late", "missed"),
    "answered": (gettext_lazy("to be decided"), "soon", "info"),
    "decided": (gettext_lazy("decided"), "good", "check"),
}
EFFECTS: Mapping[str, Any] = {
    "infected": gettext_lazy("infections"),
    "deaths": gettext_lazy("deaths"),
    "severe": gettext_lazy("severe cases"),
    "peak_in_hospital": gettext_lazy("people in hospital at the peak"),
}
COSTS: Mapping[str, Any] = {
    "cost": gettext_lazy("cost in money"),
    "disruption": gettext_lazy("days taken from people's lives"),
}
BEYOND: Mapping[str, Any] = {
    "wait": gettext_lazy("waits until its turn comes"),
    "refuse": gettext_lazy("rules a policy out"),
}
DETAILS: Mapping[str, Any] = {
    "coarse": gettext_lazy("coarse: a minute or two"),
    "usual": gettext_lazy("usual"),
    "fine": gettext_lazy("fine: many policies, a long search"),
}
#: What a search is at.
STEPS: Mapping[str, Any] = {
    "city": gettext_lazy("building the city"),
    "grid": gettext_lazy("trying policies, fewer from round to round"),
    "between": gettext_lazy("looking between the values of the grid"),
    "around": gettext_lazy("seeing what the recommendation rests on"),
    "drawn": gettext_lazy("drawing"),
}
#: What is told of each policy beside another.
BESIDE = (
    "infected", "deaths", "peak_in_hospital", "tests", "peak_in_quarantine", "quarantine_days", "school_days", "disruption", "life_years",
    "cost",
)  # fmt: skip
