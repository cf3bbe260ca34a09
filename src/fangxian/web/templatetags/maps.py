"""The map of the design system: `{% map_head %}` in the head of a page that has one, `{% map board %}` where it stands."""

import json
from typing import Any

from django import template
from django.utils.translation import gettext as _

from fangxian.web.maps import Board

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
