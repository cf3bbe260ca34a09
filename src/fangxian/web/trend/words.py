"""A trend in words: the sentence on top, the numbers below it, and how each figure was worked out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fangxian.command import trend
from fangxian.command.trend.schemas import Estimate, Trend
from fangxian.drawing import said_day
from fangxian.text import Text
from fangxian.web.saying import chinese, said


@dataclass(frozen=True, slots=True)
class Method:
    """How a figure is worked out, and where that is published."""

    name: Text
    method: Text
    source: str


@cache
def methods() -> Mapping[str, Method]:
    """Every figure, in the order of the page."""
    raw = yaml.safe_load(files(trend).joinpath("methods.yaml").read_text(encoding="utf-8"))
    return {key: Method(Text(**one["name"]), Text(**one["method"]), one["source"]) for key, one in raw.items()}


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its interval, what it is called, and how it is to be taken."""

    value: str
    name: str
    interval: str
    tone: str = ""


def headline(told: Trend) -> str:
    """What a leader reads: whether it grows, how fast, and what is still to be heard of."""
    parts = []
    if told.r is not None:
        r = told.r.r
        state = (
            _("The outbreak is growing") if r.low > 1
            else _("The outbreak is shrinking") if r.high < 1
            else _("Whether the outbreak grows or shrinks cannot be told yet")
        )  # fmt: skip
        parts.append(_("%(state)s: R %(r)s.") % {"state": state, "r": ranged(r, 2)})
    else:
        parts.append(_("R cannot be told: %(why)s") % {"why": said(told.unknown.get("reproduction"))})
    if told.growth is not None and told.growth.doubling is not None:
        days = told.growth.doubling.value
        parts.append(
            (_("Onsets double in %(days)s days.") if days > 0 else _("Onsets halve in %(days)s days."))
            % {"days": f"{abs(days):.1f}"}
        )
    missing = told.unreported
    if missing is not None and round(missing):
        n = round(missing)
        parts.append(
            ngettext("About %(n)s onset is not reported yet.", "About %(n)s onsets are not reported yet.", n) % {"n": n}
        )
    if told.clusters:
        n = len(told.clusters)
        parts.append(ngettext("%(n)s cluster goes on.", "%(n)s clusters go on.", n) % {"n": n})
    return "".join(parts) if chinese() else " ".join(parts)


def numbers(told: Trend) -> list[Number]:
    """The numbers of the page, those left out that cannot be told."""
    found = []
    if told.r is not None:
        r = told.r.r
        tone = "late" if r.low > 1 else "good" if r.high < 1 else ""
        since = _("%(from)s to %(to)s") % {
            "from": said_day(told.r.since, chinese()),
            "to": said_day(told.r.day, chinese()),
        }
        found.append(Number(f"{r.value:.2f}", _("R, %(days)s") % {"days": since}, between(r, 2), tone))
    if told.growth is not None:
        rate = told.growth.rate
        percent = Estimate(*(100 * value for value in (rate.value, rate.low, rate.high)))
        found.append(Number(f"{percent.value:+.1f} %".replace("-", "−"), _("growth a day"), between(percent, 1, " %")))
    if told.growth is not None and told.growth.doubling is not None:
        twice = told.growth.doubling
        ends = sorted((abs(twice.low), abs(twice.high)))
        name = _("days to double") if twice.value > 0 else _("days to halve")
        found.append(Number(f"{abs(twice.value):.1f}", name, between(Estimate(abs(twice.value), *ends), 1)))
    if told.unreported is not None and round(told.unreported):
        found.append(Number(f"{told.unreported:.0f}", _("onsets not reported yet"), ""))
    if told.forecast:
        week = told.forecast[:7]
        found.append(
            Number(
                f"{sum(one.median for one in week):.0f}",
                _("onsets in the 7 days from %(day)s") % {"day": said_day(week[0].day, chinese())},
                "",
            )
        )
    if told.spread is not None and told.spread.k is not None:
        found.append(Number(f"{told.spread.k.value:.2f}", _("overdispersion k"), between(told.spread.k, 2)))
    return found


def notes(told: Trend) -> list[str]:
    """What the reader should know of the data, where there is anything to know."""
    found = []
    if told.without_onset:
        n = told.without_onset
        found.append(
            ngettext(
                "%(n)s case of %(all)s has no day of onset and is in no figure by onset.",
                "%(n)s cases of %(all)s have no day of onset and are in no figure by onset.", n,
            ) % {"n": n, "all": told.cases}
        )  # fmt: skip
    if told.before_onset:
        n = told.before_onset
        found.append(
            ngettext(
                "%(n)s case was reported before it fell ill; it counts as reported on the day of onset.",
                "%(n)s cases were reported before they fell ill; they count as reported on the day of onset.", n,
            ) % {"n": n}
        )  # fmt: skip
    return found


def how(key: str, told: Trend) -> list[tuple[str, str]]:
    """What lies behind a figure: its method, parameters, source, data and instant, as (term, words)."""
    one = methods()[key]
    found = [(_("Method"), said(one.method))]
    if key == "reproduction":
        found.append((_("Window of R, days"), str(told.window)))
        if told.assumed is not None:
            given = told.assumed
            grade = "" if given.is_own else _(" (grade %(grade)s)") % {"grade": given.grade}
            words = _("mean %(mean)s d, standard deviation %(sd)s d: %(source)s") % {
                "mean": f"{given.mean:g}", "sd": f"{given.sd:g}", "source": said(given.source),
            }  # fmt: skip
            found.append((_("Serial interval"), words + grade))
    if key == "forecast" and told.skill is not None:
        skill = told.skill
        days = (
            "、".join(said_day(day, chinese()) for day in skill.origins)
            if chinese()
            else ", ".join(said_day(day, False) for day in skill.origins)
        )
        found.append((
            _("How good it lately was"),
            _(
                "made anew as of %(days)s: mean score (WIS) %(score)s, “as before” %(before)s (smaller is better);"
                " %(covered)s %% of days lay within the 95 %% interval"
            )
            % {"days": days, "score": f"{skill.score:.2f}", "before": f"{skill.as_before:.2f}", "covered": f"{100 * skill.covered:.0f}"},
        ))  # fmt: skip
    elif key == "forecast":
        found.append((_("How good it lately was"), said(told.unknown.get("skill"))))
    data = _("%(n)s cases of %(pack)s reported by the end of %(day)s, as known %(known)s") % {
        "n": told.cases, "pack": told.pack, "day": told.day.isoformat(), "known": told.known.isoformat(timespec="minutes"),
    }  # fmt: skip
    return [*found, (_("Data"), data), (_("Published"), one.source)]


def ranged(one: Estimate, digits: int) -> str:
    """1.30 (1.10–1.52)."""
    return f"{_number(one.value, digits)} ({between(one, digits)})"


def between(one: Estimate, digits: int, unit: str = "") -> str:
    """1.10–1.52; with a word between the ends where one is negative."""
    low, high = _number(one.low, digits), _number(one.high, digits)
    if one.low < 0:
        return _("%(low)s to %(high)s") % {"low": low, "high": high} + unit
    return f"{low}–{high}{unit}"


def _number(value: float, digits: int) -> str:
    return "∞" if value == float("inf") else f"{value:.{digits}f}".replace("-", "−")
