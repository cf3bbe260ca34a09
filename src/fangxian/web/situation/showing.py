"""Figures as a page shows them: cards that say what they mean, the curve, the parts, the sentences with their numbers linked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from fangxian.command.situation import chart
from fangxian.command.situation.narrative import Piece
from fangxian.command.situation.schemas import Figure, Situation
from fangxian.drawing import said_day
from fangxian.drawing.axes import WIDTH
from fangxian.web.maps import Board, Feature
from fangxian.web.saying import chinese, said

#: What a leader reads first, in this order; those that the outbreak does not have are left out.
FIRST = (
    "cases.new", "cases.new.community", "double_zero.days", "cases.in_care", "cases.died", "contacts.watched",
    "contacts.unheld", "zones.in_force", "duties.missing", "duties.late",
)  # fmt: skip
#: What the table of the parts shows.
COLUMNS = (
    "cases.new",
    "cases.total",
    "cases.in_care",
    "contacts.watched",
    "contacts.unheld",
    "zones.in_force",
    "duties.missing",
    "duties.late",
)
#: Figures of which any is too many.
_GRAVE = (
    "cases.died.new",
    "duties.missing",
    "duties.late",
    "contacts.missing",
    "review.missing",
    "contacts.unheld",
    "cases.new.community",
)
_GOOD = ("double_zero.days",)
#: The width of a curve on a telephone and on a wall, in px of its letters.
NARROW, WALL = 350, 480


@dataclass(frozen=True, slots=True)
class Card:
    """A figure with its tone, and how it differs from the day before in words."""

    figure: Figure
    tone: str
    differs: str


def cards(told: Situation, keys: Sequence[str] = FIRST) -> list[Card]:
    """The figures of these keys as cards."""
    shown = [one for key in keys if (one := told.get(key)) is not None]
    if told.get("duties.missing"):  # of a county both are told; one of them is enough to be read first
        shown = [one for one in shown if one.key != "duties.late"]
    return [Card(one, _tone(one), differs(one)) for one in shown]


def differs(one: Figure) -> str:
    """“yesterday 8”, for what happened on a day; “+3 since yesterday”, for how things stand."""
    if one.was is None:
        return ""
    if not one.is_state:
        return _("yesterday %(n)s") % {"n": one.was}
    change = one.value - one.was
    return _("%(n)s since yesterday") % {"n": f"{change:+d}".replace("-", "−")} if change else _("as yesterday")


def _tone(one: Figure) -> str:
    if one.key in _GRAVE:
        return "late" if one.value else "good"
    return "good" if one.key in _GOOD and one.value else ""


def curve(told: Situation, per: str, name: str = "curve", *, width: int = WIDTH) -> SafeString:
    """The epidemic curve as SVG, in the reader's words; the narrower it is drawn, the larger its letters are on a screen."""
    days = [(one.day, one.counts) for one in told.curves[per]]
    classes = [(key, said(text)) for key, text in told.classes]
    by = _("by onset") if per == "onset" else _("by report")
    total = sum(one.total for one in told.curves[per])
    words = chart.Words(
        title=_("Epidemic curve, %(by)s") % {"by": by},
        description=_("%(n)s cases in %(days)s days until %(day)s; the table below has the numbers.")
        % {"n": total, "days": len(days), "day": said_day(told.day, chinese())},
        days=_("Day of onset") if per == "onset" else _("Day of report"),
        cases=pgettext("axis of a chart", "Cases"),
        chinese=chinese(),
    )
    return mark_safe(chart.epicurve(days, classes, words, name=name, width=width))  # every word in it was escaped there


def sentence(pieces: Sequence[Piece]) -> SafeString:
    """A paragraph whose numbers lead to what they mean."""
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<a class="figure-ref" href="#f-{}">{}</a>', one.key, one.text) if one.key else one.text,)
            for one in pieces
        ),
    )


def board(told: Situation, query: str) -> Board:
    """The map of the parts; its list is the table of the parts beside it."""
    source = f"{reverse('web:situation_map')}?area={told.area}{query}"
    title = _("Cases in all, by place")
    return Board("situation-map", title, source, tuple(features(told, query, {})), listed=False)


def features(told: Situation, query: str, outlines: Mapping[str, Mapping[str, Any]]) -> list[Feature]:
    """Each part hatched by how many cases it has had, in thirds of the most that any has."""
    most = max((one.values.get("cases.total", 0) for one in told.parts), default=0)
    steps = sorted({0, *(max(1, round(most * third / 3)) for third in (1, 2, 3))})
    found = []
    for one in told.parts:
        if one.code == told.area:
            continue
        number = one.values.get("cases.total", 0)
        step = next(place for place, last in enumerate(steps) if number <= last)
        first = steps[step - 1] + 1 if step else 0
        span = str(steps[step]) if first == steps[step] else f"{first}–{steps[step]}"
        found.append(
            Feature(
                one.code, f"count-{step + 1}", said(one.name), outlines.get(one.code), kind=_("%(span)s cases") % {"span": span},
                detail=_("%(n)s cases, %(care)s in care") % {"n": number, "care": one.values.get("cases.in_care", 0)},
                url=f"{reverse('web:situation')}?area={one.code}{query}", label=str(number),
            )
        )  # fmt: skip
    return sorted(found, key=lambda feature: feature.mark)


def table_of_days(told: Situation, per: str) -> list[dict[str, Any]]:
    """The curve in figures, the newest day first, days without a case left out."""
    keys = [key for key, _text in told.classes]
    return [
        {"day": one.day, "counts": [one.counts.get(key, 0) for key in keys], "total": one.total}
        for one in reversed(told.curves[per])
        if one.total
    ]


def parts(told: Situation, query: str) -> dict[str, Any]:
    """The table of the parts: headings, and a row for each with the address that leads into it."""
    keys = [key for key in COLUMNS if any(key in one.values for one in told.parts)]
    names = {one.key: one for one in told.figures}
    rows = [
        {
            "code": one.code,
            "name": said(one.name),
            "url": f"{reverse('web:situation')}?area={one.code}{query}" if one.code != told.area else "",
            "values": [(names[key].name, one.values.get(key, 0), key in _GRAVE) for key in keys if key in names],
        }
        for one in told.parts
    ]
    return {"heads": [names[key] for key in keys if key in names], "rows": rows}
