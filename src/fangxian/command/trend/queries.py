"""How an outbreak is going (研判疫情发展形势): R, what is not reported yet, growth, the next two weeks, delays, clusters."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np
from django.core.cache import cache
from django.utils.translation import gettext as _

from fangxian.analytics.chains import offspring
from fangxian.analytics.errors import AnalysisError
from fangxian.cases.queries import standing
from fangxian.cases.queries.timeliness import OutbreakView
from fangxian.command.situation import queries as situation
from fangxian.command.trend import clusters, schemas, working
from fangxian.command.trend.working import Reports, Unknown
from fangxian.core import clock, journal, periods
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.duties import packs
from fangxian.protocols import Pack
from fangxian.registry import queries as registry
from fangxian.text import Text
from fangxian.tracing import queries as tracing

#: Seconds that the trend of today is kept for.
KEPT = 300
A_DAY = 86_400
WINDOW, WINDOWS = 7, (1, 28)
#: A serial interval within these days is taken.
MEANS, SPREADS = (1.1, 60.0), (0.1, 60.0)

T = TypeVar("T")


def trend(
    by: Actor, *, outbreak: str = "", area: str | None = None, day: date | None = None, window: int = WINDOW,
    mean_si: float | None = None, sd_si: float | None = None,
) -> schemas.Trend:  # fmt: skip
    """The trend of an outbreak (the newest in progress unless one is named) in a jurisdiction the reader may see.

    Told by the cases reported by the end of `day`, by default today; what became known of them later is taken in. `window` is that of
    R, in days. `mean_si` and `sd_si` (both or none, in days) take the place of the pack's serial interval. The trend of today is kept
    for five minutes, and `known` says since when. Raises NotFound for what the reader may not see, Invalid for values that make no sense.
    """
    area = situation.seen(by, area)
    found = situation.chosen(by, outbreak)
    day = clock.today() if day is None else day
    if day > clock.today():
        raise Invalid(_("This day has not come yet."), remedy=_("Choose today or a day before."), field="day")
    _check(window, mean_si, sd_si)
    chained = by.may("cases.view")
    key = f"trend:{found.code}:{area}:{day}:{window}:{mean_si}:{sd_si}:{chained}"
    mark = journal.tip() if clock.is_virtual() else ""
    kept = cache.get(key)
    if kept is not None and kept[0] == mark and timedelta() <= clock.now() - kept[1].known < timedelta(seconds=KEPT):
        told: schemas.Trend = kept[1]
        return told
    told = _worked_out(by if chained else None, found, area, day, window, mean_si, sd_si)
    cache.set(key, (mark, told), KEPT)
    return told


def assumed(pack: Pack, mean: float | None = None, sd: float | None = None) -> schemas.Assumed | None:
    """The serial interval to reckon with: the one given, else the pack's; None where there is neither."""
    if mean is not None and sd is not None:
        return schemas.Assumed(mean, sd, Text("使用者给定", "given by the reader"), "", True)
    try:
        middle, width = (pack.parameter("serial_interval", one) for one in ("mean", "sd"))
    except KeyError:
        return None
    source = middle.note or middle.document.title
    return schemas.Assumed(middle.number, width.number, source, middle.grade, False)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check(window: int, mean: float | None, sd: float | None) -> None:
    if not WINDOWS[0] <= window <= WINDOWS[1]:
        raise Invalid(
            _("A window has from %(low)s to %(high)s days.") % {"low": WINDOWS[0], "high": WINDOWS[1]},
            remedy=_("7 days are usual."), field="window",
        )  # fmt: skip
    if (mean is None) != (sd is None):
        raise Invalid(
            _("A serial interval has a mean and a standard deviation."),
            remedy=_("Give both, or neither."),
            field="sd_si",
        )
    for field, value, (low, high) in (("mean_si", mean, MEANS), ("sd_si", sd, SPREADS)):
        if value is not None and not low <= value <= high:
            raise Invalid(
                _("This is no serial interval in days."),
                remedy=_("Give a number from %(low)s to %(high)s.") % {"low": low, "high": high}, field=field,
            )  # fmt: skip


def _worked_out(
    by: Actor | None, outbreak: OutbreakView, area: str, day: date, window: int, mean: float | None, sd: float | None
) -> schemas.Trend:  # fmt: skip
    now = clock.now()
    period = periods.today() if day == clock.today() else periods.whole(day, known=now)
    parts = registry.parts(area)
    pack = packs.pack(outbreak.pack, outbreak.area)
    rows = standing.dates(outbreak.id, parts, period)
    dated = [(one.onset, one.report, one.number, one.imported) for one in rows if one.onset and one.onset <= day]
    reports = Reports.of(dated)
    si = assumed(pack, mean, sd)
    faults: dict[str, Unknown | AnalysisError] = {}

    def told(key: str, work: Callable[[], T], nothing: T) -> T:
        try:
            return work()
        except (Unknown, AnalysisError) as fault:
            faults[key] = fault
            return nothing

    days: list[schemas.OnsetDay] = []
    reproduction: list[schemas.ReproductionDay] = []
    growth = skill = None
    forecast: list[schemas.ForecastDay] = []
    try:
        curve, fault = working.curve(reports, working.number_of(day))
    except Unknown as why:
        faults |= dict.fromkeys(("curve", "nowcast", "reproduction", "growth", "forecast", "skill"), why)
    else:
        days = working.onset_days(curve, fault)
        if fault is not None:
            faults |= dict.fromkeys(("nowcast", "reproduction", "growth", "forecast", "skill"), fault)
        else:
            reproduction = told("reproduction", lambda: _r(curve, si, window), [])
            growth = told("growth", lambda: working.growing(curve), None)
            forecast = told("forecast", lambda: working.forecast(curve), [])
            skill = told("skill", lambda: working.skill(reports, curve, working.number_of(day)), None)
    delays = [told("report", lambda: _reporting(reports, day), None)]
    spread = None
    if by is not None:
        linked = _Linked.of(by, outbreak.code, day)
        delays.append(told("serial", lambda: linked.delay(day), None))
        spread = told("spread", lambda: linked.spread(day, si), None)
    return schemas.Trend(
        outbreak=outbreak.code, outbreak_name=Text(outbreak.name_zh, outbreak.name_en or outbreak.name_zh),
        pack=packs.reference(pack), area=area, area_name=Text(*parts.names[area]), day=day, known=now, window=window,
        cases=sum(one.number for one in rows), without_onset=sum(one.number for one in rows if one.onset is None),
        before_onset=sum(one.number for one in rows if one.onset and one.report < one.onset), assumed=si,
        days=tuple(days), reproduction=tuple(reproduction), growth=growth, forecast=tuple(forecast), skill=skill,
        delays=tuple(one for one in delays if one is not None), spread=spread,
        clusters=tuple(told("clusters", lambda: clusters.found(outbreak.id, parts, period), [])), unknown=working.whys(faults),
    )  # fmt: skip


def _r(curve: working.Curve, si: schemas.Assumed | None, window: int) -> list[schemas.ReproductionDay]:
    if si is None:
        raise Unknown(
            "本方案未给出代间隔；请在上方填写其均值与标准差。",
            "The protocol gives no serial interval; give its mean and standard deviation above.",
        )
    return working.estimated(curve, si.mean, si.sd, window)


def _reporting(reports: Reports, day: date) -> schemas.Delay:
    """From onset to report; a case reported before it fell ill tells nothing of that."""
    delay = reports.report - reports.onset
    kept = delay >= 0
    horizon = working.number_of(day) - reports.onset[kept]
    number = reports.number[kept]
    return working.delay("report", np.repeat(delay[kept], number), np.repeat(horizon, number))


class _Linked:
    """What the chains of an outbreak tell, of those who fell ill by a day. The links are those on record now, whenever they were found."""

    def __init__(self, onset: Any, source: Any, target: Any) -> None:
        self.onset, self.source, self.target = onset, source, target

    @classmethod
    def of(cls, by: Actor, outbreak: str, day: date) -> "_Linked":
        found = tracing.chains(by, outbreak)
        onset = found.onset_day
        known = ~np.isnan(onset) & (onset <= day.toordinal())
        infector = found.infector_of
        target = np.flatnonzero((infector >= 0) & known & known[np.maximum(infector, 0)])
        return cls(np.where(known, onset, np.nan), infector[target], target)

    def delay(self, day: date) -> schemas.Delay:
        """The serial interval (代间隔) from onset to onset; where it is negative the gamma distribution does not fit it."""
        days = (self.onset[self.target] - self.onset[self.source]).astype(np.int64)
        if (days < 0).any():
            raise Unknown(
                f"{int((days < 0).sum())} 对病例中被传染者先发病；请先核对传播关系与发病日期。",
                f"In {int((days < 0).sum())} pairs the infectee fell ill first; check these links and their dates of onset.",
            )
        horizon = (day.toordinal() - self.onset[self.source]).astype(np.int64)
        return working.delay("serial", days, horizon)

    def spread(self, day: date, si: schemas.Assumed | None) -> schemas.Spread:
        """Secondary cases of those who fell ill long enough ago for them to be known: two serial intervals, or two weeks."""
        if not len(self.target):
            raise Unknown("尚未记录传播关系。", "No link of infection is on record yet.")
        old = self.onset <= day.toordinal() - (2 * si.mean if si else 14)
        counts = np.bincount(self.source, minlength=len(self.onset))[old]
        return working.spread(offspring(counts))
