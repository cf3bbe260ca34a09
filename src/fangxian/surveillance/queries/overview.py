"""The picture of early warning: places by kind of source, what changed since yesterday, series small enough to be scanned by eye."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.registry import queries as registry
from fangxian.registry.levels import at_level
from fangxian.surveillance import charting, judging, rules
from fangxian.surveillance.checking import no_such_source
from fangxian.surveillance.kinds import kind, kinds
from fangxian.surveillance.models import Alert, Break, Report, Signal, Source, Watch
from fangxian.surveillance.queries.series import of_sources
from fangxian.surveillance.queries.sources import chart_of, name_of, visible
from fangxian.surveillance.schemas import Judgement, Spark
from fangxian.text import Text

#: Levels below which places are not told apart on the board, by the length of the code that is looked at.
_BELOW = {0: "province", 2: "city", 4: "county", 6: "township"}
_SPARK = timedelta(days=60)
#: A report is due at most 31 days after its day.
_DUE = timedelta(days=42)


@dataclass(frozen=True, slots=True)
class Cell:
    """The sources of one kind in one place: how many, how many are late, signals of the last days, and the strongest of them."""

    sources: int = 0
    late: int = 0
    signals: int = 0
    evidence: float = 0.0

    @property
    def heat(self) -> int:
        """0 nothing, 1 to 4 as the strongest evidence rises."""
        return 0 if not self.signals else min(4, 1 + int(self.evidence))


@dataclass(frozen=True, slots=True)
class Board:
    """Places (code, name) by kinds of sources; `cells` by (place, kind)."""

    places: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, Text], ...]
    cells: Mapping[tuple[str, str], Cell]
    days: int
    #: Signals among them that are new since this hour yesterday.
    fresh: int


def board(by: Actor, area: str = "") -> Board:
    """The board of a jurisdiction, a row a place directly below it. Four queries."""
    area = area or next(iter(by.areas("surveillance.view")), "")
    level = _BELOW.get(len(area), "village")
    days = int(rules.weight(area, "together"))
    cells: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    mine = Q(within(area)) & by.scope("surveillance.view")
    standing = (
        Source.objects.filter(mine, until__isnull=True).order_by().values_list("area", "kind").annotate(n=Count("pk"))
    )
    for code, of, number in standing:
        cells[at_level(code, level), of][0] += number
    owed = Report.objects.filter(
        received_at__isnull=True, excused="", due_at__lte=clock.now(),
        source__in=Source.objects.filter(mine, until__isnull=True),
    )  # fmt: skip
    late = owed.order_by().values_list("source__area", "source__kind").annotate(Count("pk"))
    for code, of, number in late:
        cells[at_level(code, level), of][1] += number
    recent = Signal.objects.filter(mine, day__gt=clock.today() - timedelta(days=days), evidence__gt=0).exclude(
        kind="late"
    )
    fresh, since = 0, clock.now() - clock.DAY
    told = recent.order_by().values_list("area", "source__kind")
    for code, of, number, evidence, new in told.annotate(
        n=Count("pk"), strongest=Max("evidence"), new=Count("pk", filter=Q(at__gte=since))
    ):
        fresh += new
        cell = cells[at_level(code, level), of]
        cell[2], cell[3] = cell[2] + number, max(cell[3], evidence)
    places = sorted({place for place, _kind in cells})
    called = registry.short_area_names(places)
    shown = [key for key in kinds() if any(of == key for _place, of in cells)]
    return Board(
        tuple((code, called[code]) for code in places), tuple((key, kinds()[key].name) for key in shown),
        {at: Cell(int(one[0]), int(one[1]), int(one[2]), one[3]) for at, one in cells.items()}, days, fresh,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new in the last 24 hours: alerts raised and ended, reports that came, and that became late."""

    since: datetime
    raised: int
    ended: int
    received: int
    late: int


def changes(by: Actor, area: str = "") -> Changes:
    """What changed since this hour yesterday, of reports about the last six weeks: none is due later. Two queries."""
    now = clock.now()
    since = now - clock.DAY
    mine = Q(within(area)) & by.scope("surveillance.view")
    alerts = Alert.objects.filter(mine, Q(raised_at__gte=since) | Q(ended_at__gte=since)).aggregate(
        raised=Count("pk", filter=Q(raised_at__gte=since)), ended=Count("pk", filter=Q(ended_at__gte=since))
    )
    missing = Q(received_at__isnull=True, excused="", due_at__gte=since, due_at__lte=now)
    came = Q(received_at__gte=since, due_at__isnull=False)
    lately = Report.objects.filter(day__gte=clock.today() - _DUE, source__in=Source.objects.filter(mine))
    reports = lately.filter(missing | came).aggregate(
        received=Count("pk", filter=came), late=Count("pk", filter=missing)
    )
    return Changes(since, **alerts, **reports)


def sparks(
    by: Actor, area: str = "", *, kind: str = "", signals_only: bool = False, after: int = 0, limit: int = 40
) -> list[Spark]:
    """Watched series of a jurisdiction; sources by id from the one after `after`, `limit` sources at a time. Four queries."""
    found = Source.objects.filter(visible(by), within(area), pk__gt=after, until__isnull=True)
    if kind:
        found = found.filter(kind=kind)
    since = clock.today() - timedelta(days=int(rules.weight(area, "together")))
    if signals_only:
        found = found.filter(
            pk__in=Signal.objects.filter(day__gt=since, evidence__gt=0).exclude(kind="late").values("source")
        )
    rows = list(found.order_by("pk")[:limit])
    called = registry.short_area_names(row.area for row in rows)
    marked: dict[tuple[int, str], set[date]] = defaultdict(set)
    told = Signal.objects.filter(source__in=rows, day__gte=clock.today() - _SPARK, evidence__gt=0)
    for source, key, day in told.values_list("source_id", "measure", "day"):
        marked[source, key].add(day)
    return drawn(rows, called, marked)


def judged(by: Actor, code: str, measure: str) -> Judgement:
    """One series with what its method expects of each day. Raises NotFound for what there is not."""
    row = Source.objects.filter(visible(by), code=ids.normalise_code(code)).first()
    if row is None:
        raise no_such_source()
    of = kind(row.kind).measures.get(measure)
    series = [one for _row, one in of_sources([row], measures=[measure]) if not one.unit] if of else []
    if of is None or not series:
        raise NotFound(_("There is no such series."))
    chosen = Watch.objects.filter(source=row, measure=measure).first()
    if not of.watch and chosen is None:
        empty = np.full(len(series[0].days), np.nan)
        return Judgement(series[0], "", "", empty, empty, np.full(len(empty), -1, np.int8))
    began = Break.objects.filter(source=row, measure__in={measure, *of.parts}).order_by("-day").first()
    broken_on = began.day if began else None
    if chosen is not None:
        return charting.judged(series[0], chart_of(chosen), broken_on)
    return judging.judge(series[0], of, row.area, broken_on)


def drawn(
    rows: Sequence[Source], called: Mapping[str, str], marked: Mapping[tuple[int, str], Collection[date]]
) -> list[Spark]:
    """The watched series of these sources, with the names of their areas and the days of signals by (source, measure). One query."""
    return [
        Spark(
            row.pk, row.code, name_of(row), kinds()[row.kind].name, called[row.area], one.measure, measure.name, measure.unit,
            tuple(one.days.tolist()), tuple(None if value != value else value for value in one.values.tolist()),
            frozenset(marked.get((row.pk, one.measure), ())),
        )
        for row, one in of_sources(rows, clock.today() - _SPARK)
        for measure in [kinds()[row.kind].measures[one.measure]]
        if not one.unit and (measure.watch or measure.thresholds)
    ]  # fmt: skip
