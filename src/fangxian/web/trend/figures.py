"""The figures of a trend: drawn, as a table, and as a file."""

import csv as _csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from fangxian.command.trend.schemas import Delay, Trend
from fangxian.drawing import Band, Bars, Layer, Line, Rule, Whiskers, Words, draw, said_day
from fangxian.drawing.axes import WIDTH
from fangxian.web.saying import chinese, said
from fangxian.web.trend import words

#: Days of the past that are drawn; a table has them all.
DRAWN, BESIDE_FORECAST = 84, 28
#: R above this is cut off in the drawing: the first days of an outbreak say nothing.
HIGHEST_R = 6.0
NARROW = 350


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as (name for programs, heading), and rows of texts."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def heads(self) -> tuple[str, ...]:
        return tuple(head for _name, head in self.columns)


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as the page has it; `why` says why there is nothing to draw."""

    key: str
    name: str
    wide: SafeString | None
    narrow: SafeString | None
    table: Table | None
    how: list[tuple[str, str]]
    why: str


@dataclass(frozen=True, slots=True)
class _Figure:
    places: Sequence[date] | Sequence[str]
    layers: Sequence[Layer]
    words: Words
    table: Table
    highest: float | None = None


def shown(told: Trend) -> list[Shown]:
    """Every figure that is drawn, in the order of the page; of those that cannot be told, why."""
    found = []
    for key, build in _BUILT.items():
        made = build(told)
        found.append(
            Shown(
                key, said(words.methods()[key].name), _svg(key, made) if made else None,
                _svg(f"{key}-narrow", made, NARROW) if made else None,
                made.table if made else None, words.how(key, told), "" if made else said(_why(told, key)),
            )
        )  # fmt: skip
    return found


def drawing(told: Trend, key: str) -> str:
    """One figure as a file that stands alone."""
    made = _BUILT[key](told)
    return str(_svg(key, made)) if made else ""


def csv(told: Trend, key: str) -> str:
    """One figure as a table for programs: what it is and how it was made in lines that begin with #, then the columns."""
    made = _BUILT[key](told)
    text = io.StringIO()
    text.write("\ufeff")
    for term, meaning in [
        (said(words.methods()[key].name), f"{said(told.outbreak_name)}, {said(told.area_name)}"),
        *words.how(key, told),
    ]:
        text.write(f"# {term}: {meaning}\n")
    if made:
        writer = _csv.writer(text, lineterminator="\n")
        writer.writerow([name for name, _head in made.table.columns])
        writer.writerows(made.table.rows)
    return text.getvalue()


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _svg(name: str, made: _Figure, width: int = WIDTH) -> SafeString:
    drawn = draw(name, made.places, made.layers, made.words, width=width, highest=made.highest)
    return mark_safe(drawn)  # every word in it was escaped there


def _words(told: Trend, key: str, description: str, below: str, beside: str) -> Words:
    method = "; ".join(f"{term}: {meaning}" for term, meaning in words.how(key, told))
    return Words(said(words.methods()[key].name), description, below, beside, chinese(), method)


def _why(told: Trend, key: str) -> object:
    return told.unknown.get(key) or (None if key != "curve" else told.unknown.get("nowcast"))


def _cases() -> str:
    return pgettext("axis of a chart", "Cases")


def _curve(told: Trend) -> _Figure | None:
    days = told.days[-DRAWN:]
    if not days:
        return None
    layers: list[Layer] = [
        Bars(_("reported"), [one.reported for one in days]),
        Bars(_("expected still"), [one.expected for one in days], [one.reported for one in days], hatched=True),
        Whiskers(_("interval, 95 %"), [one.low for one in days], [one.high for one in days]),
    ]
    columns = (
        ("date", _("Day of onset")), ("reported", _("Reported")), ("imported", _("of them imported")), ("share", _("Share reported")),
        ("expected", _("Expected")), ("low", _("low end")), ("high", _("high end")),
    )  # fmt: skip
    rows = tuple(
        (
            one.day.isoformat(), str(one.reported), str(one.imported), _number(one.share, 3), _number(one.expected, 1), _number(one.low, 0),
            _number(one.high, 0),
        )
        for one in told.days
    )  # fmt: skip
    described = _("%(n)s cases by day of onset; the table below has the numbers.") % {
        "n": sum(one.reported for one in told.days)
    }
    # One day of which almost nothing is known must not flatten the others.
    known = [one.high or one.reported for one in days if one.share is None or one.share >= 0.2]
    highest = 1.3 * max([*known, *(one.reported for one in days)], default=1)
    text = _words(told, "curve", described, _("Day of onset"), _cases())
    return _Figure([one.day for one in days], layers, text, Table(columns, rows), max(highest, 1))


def _reproduction(told: Trend) -> _Figure | None:
    rows = told.reproduction[-DRAWN:]
    if not rows:
        return None
    layers: list[Layer] = [
        Band(_("interval, 95 %"), [one.r.low for one in rows], [one.r.high for one in rows]),
        Rule("R = 1", 1.0),
        Line("R", [one.r.value for one in rows], [one.is_weak for one in rows]),
    ]
    columns = (
        ("from", _("From")), ("to", _("To")), ("mean", _("Mean")), ("q025", _("low end")), ("q975", _("high end")),
        ("weak", _("Rests on little")),
    )  # fmt: skip
    table = tuple(
        (
            one.since.isoformat(), one.day.isoformat(), _number(one.r.value, 3), _number(one.r.low, 3), _number(one.r.high, 3),
            _("yes") if one.is_weak else "",
        )
        for one in told.reproduction
    )  # fmt: skip
    last = rows[-1]
    described = _("R %(r)s in the window that ends on %(day)s.") % {
        "r": words.ranged(last.r, 2), "day": said_day(last.day, chinese()),
    }  # fmt: skip
    text = _words(told, "reproduction", described, _("Last day of the window"), "R")
    return _Figure([one.day for one in rows], layers, text, Table(columns, table), HIGHEST_R)


def _forecast(told: Trend) -> _Figure | None:
    if not told.forecast:
        return None
    first = told.forecast[0].day
    past = [one for one in told.days if one.day < first][-BESIDE_FORECAST:]
    none: list[float | None] = [None] * len(past)
    ahead = told.forecast
    layers: list[Layer] = [
        Band(
            _("interval, 95 %"),
            [*none, *(one.wide[0] for one in ahead)],
            [*none, *(one.wide[1] for one in ahead)],
            faint=True,
        ),
        Band(_("middle half"), [*none, *(one.half[0] for one in ahead)], [*none, *(one.half[1] for one in ahead)]),
        Bars(_("reported"), [*(one.reported for one in past), *[None] * len(ahead)]),
        Line(_("as before"), [*none, *(one.as_before for one in ahead)], look="baseline"),
        Line(_("median"), [*none, *(one.median for one in ahead)]),
    ]
    columns = (
        ("date", _("Day of onset")), ("median", _("Median")), ("q25", "25 %"), ("q75", "75 %"), ("q025", "2.5 %"), ("q975", "97.5 %"),
        ("as_before", _("as before")),
    )  # fmt: skip
    rows = tuple(
        (one.day.isoformat(), *(_number(value, 0) for value in (one.median, *one.half, *one.wide, one.as_before))) for one in ahead
    )  # fmt: skip
    described = _("From %(day)s on, for two weeks.") % {"day": said_day(first, chinese())}
    text = _words(told, "forecast", described, _("Day of onset"), _cases())
    # The wide interval of a short history may reach the sky: what is likely must stay readable.
    highest = 1.5 * max([*(one.half[1] for one in ahead), *(one.reported for one in past)])
    days = [*(one.day for one in past), *(one.day for one in ahead)]
    return _Figure(days, layers, text, Table(columns, rows), max(highest, 1))


def _of_delay(key: str) -> Callable[[Trend], _Figure | None]:
    def build(told: Trend) -> _Figure | None:
        found: Delay | None = next((one for one in told.delays if one.key == key), None)
        if found is None:
            return None
        fitted = [share * found.n for share in found.shares]
        layers: list[Layer] = [Bars(_("counted"), list(found.counts)), Line(_("fitted"), fitted)]
        columns = (("days", _("Days")), ("cases", _("counted")), ("fitted", _("fitted")))
        rows = tuple((str(day), str(n), _number(fitted[day], 2)) for day, n in enumerate(found.counts))
        described = _("%(n)s cases: mean %(mean)s days, median %(median)s, 95 %% within %(p95)s days.") % {
            "n": found.n, "mean": words.ranged(found.mean, 1), "median": f"{found.median:.1f}", "p95": f"{found.p95:.1f}",
        }  # fmt: skip
        text = _words(told, key, described, _("Days"), _cases())
        return _Figure([str(day) for day in range(len(found.counts))], layers, text, Table(columns, rows))

    return build


def _spread(told: Trend) -> _Figure | None:
    found = told.spread
    if found is None:
        return None
    columns = (("infected", _("Infected so many")), ("cases", _cases()))
    rows = tuple((str(x), str(n)) for x, n in enumerate(found.counts))
    described = _("%(n)s cases infected %(mean)s each on average.") % {
        "n": found.n,
        "mean": words.ranged(found.mean, 2),
    }
    if found.share_behind_80:
        described += " " + _("%(share)s %% of cases caused 80 %% of infections.") % {
            "share": f"{100 * found.share_behind_80:.0f}"
        }
    text = _words(told, "spread", described, _("Infected so many"), _cases())
    return _Figure(
        [str(x) for x in range(len(found.counts))], [Bars("", list(found.counts))], text, Table(columns, rows)
    )


_BUILT: dict[str, Callable[[Trend], _Figure | None]] = {
    "curve": _curve,
    "reproduction": _reproduction,
    "forecast": _forecast,
    "report": _of_delay("report"),
    "serial": _of_delay("serial"),
    "spread": _spread,
}


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
