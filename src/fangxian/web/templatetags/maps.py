"""The map of the design system (`{% map_head %}` in the head of a page that has one, `{% map board %}` where it stands), and zones."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from fangxian.containment.zones.wording import change_name
from fangxian.core import clock
from fangxian.web.maps import Board
from fangxian.web.saying import instant, said
from fangxian.web.templatetags.fangxian import chip
from fangxian.web.zones import drawing

register = template.Library()


@register.inclusion_tag("web/components/map_head.html")
def map_head() -> dict[str, Any]:
    """Style sheets and scripts: only pages with a map load them."""
    return {}


@register.inclusion_tag("web/components/map.html")
def map(board: Board) -> dict[str, Any]:
    """A map with its legend, and what it shows as a list."""
    words = {
        "zoomIn": _("Zoom in"),
        "zoomOut": _("Zoom out"),
        "failed": _("The map could not be loaded. The list below says the same."),
        "open": _("Open"),
        "corner": _("Corner %s"),
        "corners": _("Corners drawn: %s"),
        "chosen": _("Chosen: %s"),
        "basemap": _("The basemap cannot be reached; the areas are drawn without it."),
    }
    return {"board": board, "words": json.dumps(words, ensure_ascii=False)}


#: Tone of a level by its place in the pack, the strictest first.
_TONES = ("late", "soon", "accent")


@register.simple_tag
def zone_level(name: Any, rank: int | None = None, state: str = "in_force") -> SafeString:
    """The level of a zone; coloured only while it is in force or proposed."""
    tone = _TONES[min(rank, 2)] if rank is not None and state in ("in_force", "proposed") else "calm"
    return chip(said(name), tone, "place")


@register.simple_tag
def zone_state(state: str) -> str:
    """The state of a zone in words."""
    return drawing.state_name(state)


@register.simple_tag
def zone_change(what: str) -> str:
    """What was done to a zone, in words."""
    return change_name(what)


@register.filter
def listed(texts: Iterable[Any]) -> str:
    """Texts in both languages, one after the other in the reader's."""
    return drawing.listed(said(one) for one in texts)


@register.filter
def until(start: datetime, end: datetime) -> str:
    """A span of time: the day once, where both ends lie on it."""
    same = start.astimezone(clock.zone()).date() == end.astimezone(clock.zone()).date()
    return f"{instant(start)} – {end.astimezone(clock.zone()):%H:%M}" if same else f"{instant(start)} – {instant(end)}"


@register.filter
def notice_version(number: str) -> str:
    """The version in the number of a notice: 7K2M9QXTB4-2 is the second."""
    return number.rpartition("-")[2]


@register.simple_tag
def bounded(number: int, most: int = 20_000) -> str:
    """A count that ends at a bound: beyond it, “more than”."""
    return _("more than %(n)s") % {"n": f"{most:,}"} if number > most else f"{number:,}"
