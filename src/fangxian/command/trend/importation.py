"""Risk from outside (境外与高风险地区输入风险): what our own ports have seen, and what a table of places lets expect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.analytics.errors import AnalysisError
from fangxian.analytics.importation import Importations, Origin, importations
from fangxian.command.situation import queries as situation
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.surveillance import queries as surveillance
from fangxian.text import Text

#: Days of arrivals that the newest positives are held against, and places that one table may name.
LOOKED_BACK, MOST = 28, 5_000


@dataclass(frozen=True, slots=True)
class OriginForm:
    """A place that people come from: `cases` reported in `days` days among `population`, and `travellers` from there in a week.

    `detected` is the share of infections that it reports, `infectious` how many days one can travel infected and not be noticed.
    """

    name: str
    cases: int
    population: int
    travellers: float
    days: float = 7.0
    detected: float = 1.0
    infectious: float = 7.0


@dataclass(frozen=True, slots=True)
class OriginsForm:
    """The places of one question, and the level of the intervals."""

    origins: tuple[OriginForm, ...]
    level: float = 0.95


@dataclass(frozen=True, slots=True)
class Expected:
    """Cases expected to be brought in within a week from one place, with their interval, and the probability of at least one."""

    name: Text
    mean: float
    low: float
    high: float
    at_least_one: float


@dataclass(frozen=True, slots=True)
class ImportationRisk:
    """What may be brought in within a week: from each place, most first, and from all together."""

    places: tuple[Expected, ...]
    total: Expected | None
    level: float
    #: The first day of what it rests on, where that is our own record.
    since: date | None = None


def importation(by: Actor, asked: OriginsForm) -> ImportationRisk:
    """Cases that travellers may bring in within a week from the places asked about. Nothing of it is kept.

    Raises Invalid for places that cannot be: without people, with more cases than people, with negative numbers.
    """
    by.must("situation.view")
    if len(asked.origins) > MOST:
        raise Invalid(
            _("A table names at most %(most)s places.") % {"most": MOST},
            remedy=_("Add small ones up."),
            field="origins",
        )
    try:
        origins = [
            Origin(**{name: getattr(one, name) for name in Origin.__dataclass_fields__}) for one in asked.origins
        ]
    except AnalysisError as fault:
        raise refusal(fault) from fault
    return risk(origins, asked.level)


def risk(origins: Sequence[Origin], level: float = 0.95) -> ImportationRisk:
    """The same of places that have been read already."""
    try:
        found = importations(origins, level=level)
    except AnalysisError as fault:
        raise refusal(fault) from fault
    return _told(found, [Text(name, name) for name in found.names], level, None)


def from_ports(by: Actor, area: str | None = None, day: date | None = None) -> ImportationRisk:
    """Cases that the arrivals of the coming week may bring in, by what the tests at our own ports found in the last four weeks.

    Each port's positives among its arrivals, on days of which it told both, held against as many arrivals a day as it has had. What
    tests at entry miss is not in it. No places where no port of the jurisdiction has told anything. Five queries.
    """
    area = situation.seen(by, area)
    day = day or clock.today()
    since = day - timedelta(days=LOOKED_BACK - 1)
    sources = {one.code: one for one in surveillance.sources(by, area, kind="port", limit=MOST)}
    told: dict[str, dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]] = {}
    for one in surveillance.series(by, area, kind="port", first=since, last=day, limit=MOST):
        if not one.unit and one.source in sources:
            told.setdefault(one.source, {})[one.measure] = one.values
    origins, names = [], []
    for code, series in told.items():
        if not {"arrivals", "positive"} <= series.keys():
            continue
        arrivals, positive = series["arrivals"], series["positive"]
        known = ~np.isnan(arrivals) & ~np.isnan(positive)
        if arrivals[known].sum() > 0:
            people = int(arrivals[known].sum())
            week = 7 * float(arrivals[known].mean())
            origins.append(Origin(code, int(positive[known].sum()), people, week, days=1, infectious=1))
            names.append(sources[code].name)
    if not origins:
        return ImportationRisk((), None, 0.95, since)
    return _told(importations(origins), names, 0.95, since)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def refusal(fault: AnalysisError) -> Invalid:
    """What the library says of a table, as the house says it."""
    return Invalid(fault.text.in_(get_language() or "zh"), field="origins")


def _told(found: Importations, names: Sequence[Text], level: float, since: date | None) -> ImportationRisk:
    rows = [
        Expected(name, float(mean), float(low), float(high), float(least))
        for name, mean, low, high, least in zip(names, found.mean, found.low, found.high, found.any, strict=True)
    ]
    whole = Expected(Text("合计", "all"), found.total_mean, found.total_low, found.total_high, found.total_any)
    return ImportationRisk(tuple(sorted(rows, key=lambda one: -one.mean)), whole, level, since)
