"""The one set of numbers of a day and a jurisdiction, worked out from the questions of the stages."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Literal

from fangxian.cases.queries import standing, timeliness
from fangxian.cases.queries.timeliness import OutbreakView
from fangxian.cases.schemas import Interval
from fangxian.command.situation import counting, moving
from fangxian.command.situation.catalogue import Entry, catalogue
from fangxian.command.situation.counting import Numbers
from fangxian.command.situation.schemas import Clock, CurveDay, Figure, KindFigures, PartFigures, Situation
from fangxian.containment.zones import queries as zones
from fangxian.core import clock
from fangxian.core.asking import Question, ask, together
from fangxian.core.periods import Period, whole
from fangxian.duties import packs
from fangxian.duties.burden import Burden, burden, late_now
from fangxian.protocols import Pack
from fangxian.protocols.vocabulary import facts
from fangxian.registry import queries as registry
from fangxian.registry.levels import LENGTHS
from fangxian.registry.queries import Parts
from fangxian.text import Text

#: How many days an epidemic curve shows.
CURVE_DAYS = 42
#: Classes in the order in which a bulletin names them.
CLASSES = ("confirmed", "probable", "suspected", "asymptomatic")


def situation(
    outbreak: OutbreakView, area: str, period: Period, before: Callable[[Parts], Question[Mapping[str, int]]]
) -> Situation:
    """How an outbreak stands in a jurisdiction. For callers that have checked the right. Raises NotFound for an unknown area.

    `before` gives the totals of the day before, by key; those that it does not give are told without it. Whatever is counted is
    counted by one statement.
    """
    parts = registry.parts(area)
    pack = packs.pack(outbreak.pack, outbreak.area)
    known_on = period.known.astimezone(clock.zone()).date()
    people, owed, double_zero, late, in_zones, was, by_onset, by_report, clocks = ask(together(
        counting.of_people(outbreak.id, parts, period), burden(parts, period), _double_zero(outbreak, parts, period),
        _late(parts, pack, period), _zones(outbreak, parts, pack, period), before(parts),
        _curve(outbreak, parts, period, "onset"), _curve(outbreak, parts, period, "report"),
        timeliness.intervals(outbreak.id, known_on),
    ))  # fmt: skip
    contact_kinds = [kind for kind, rule in pack.duties.items() if rule.subject == "contact"]
    numbers: Numbers = {
        **people, **counting.of_duties(owed, contact_kinds), "double_zero.days": {area: double_zero}, **late, **in_zones,
    }  # fmt: skip
    asked = {
        "outbreak": outbreak.code, "area": area, "since": period.since.isoformat(), "until": period.until.isoformat(),
        "known": period.known.isoformat(),
    }  # fmt: skip
    shown = [one for one in catalogue().values() if _belongs(one.key, pack, bool(owed), numbers)]
    totals = summed(numbers)
    return Situation(
        outbreak=outbreak.code,
        outbreak_name=Text(outbreak.name_zh, outbreak.name_en or outbreak.name_zh),
        pack=packs.reference(pack),
        area=area,
        area_name=Text(*parts.names[area]),
        day=period.day,
        since=period.since,
        until=period.until,
        known=period.known,
        zone=str(clock.zone()),
        classes=_classes(pack),
        figures=tuple(_figure(one, totals, was, asked, period.day) for one in shown),
        parts=_parts(parts, numbers),
        curves={"onset": by_onset, "report": by_report},
        kinds=_kinds(owed, pack, parts),
        clocks=_clocks(clocks),
        changes=moving.changes(totals, was) if was else (),
    )  # fmt: skip


def totals_of_day(outbreak: OutbreakView, parts: Parts, day: date) -> Question[dict[str, int]]:
    """What is counted in cases and contacts on a whole day as it was known at its end; that never changes, so it may be kept."""
    period = whole(day)
    people, double_zero = yield from together(
        counting.of_people(outbreak.id, parts, period), _double_zero(outbreak, parts, period)
    )
    return _of_a_day({**summed(people), "double_zero.days": double_zero})


def told_of_day(told: Situation) -> dict[str, int] | None:
    """The same from a report, where it was drafted on the whole day as it was known at its end; None where it was not."""
    period = whole(told.day)
    if (told.until, told.known) != (period.until, period.known):
        return None
    return _of_a_day({one.key: one.value for one in told.figures})


def _of_a_day(totals: Mapping[str, int]) -> dict[str, int]:
    people = [key for key in catalogue() if key.startswith(("cases.", "contacts.")) and key != "contacts.missing"]
    return {key: totals.get(key, 0) for key in (*people, "double_zero.days")}


def summed(numbers: Numbers) -> dict[str, int]:
    """The figures of the whole jurisdiction: the sums over its parts."""
    return {key: sum(by_part.values()) for key, by_part in numbers.items()}


def _belongs(key: str, pack: Pack, has_rollup: bool, numbers: Numbers) -> bool:
    """Whether a figure is told here: classes that the pack knows, coverage where it is counted, zones where there are any."""
    stem, _dot, last = key.rpartition(".")
    if stem in ("cases.new", "cases.total") and last in CLASSES:
        return any(one.key == last for one in pack.cases) or key in numbers
    if key == "cases.new.converted":
        return any(one.key == "asymptomatic" for one in pack.cases)
    if key.startswith("zones.") or key == "duties.late":
        return key in numbers
    return has_rollup or not _is_rollup(key)


def _is_rollup(key: str) -> bool:
    return key.startswith(("duties.", "review.")) or key == "contacts.missing"


def _figure(
    entry: Entry, totals: Mapping[str, int], was: Mapping[str, int], asked: Mapping[str, str], day: date
) -> Figure:
    area = asked["area"]
    address = entry.list.format(outbreak=asked["outbreak"], area=area, county=area[:6], day=day.isoformat())
    return Figure(
        entry.key, entry.name, entry.means, totals.get(entry.key, 0), was.get(entry.key), entry.query, asked, address, entry.is_state,
        entry.is_public,
    )  # fmt: skip


def _parts(parts: Parts, numbers: Numbers) -> tuple[PartFigures, ...]:
    """One row for each part, also where nothing happened; what no part is known for stands last, where there is any."""
    by_county = len(parts.code) < LENGTHS["county"]
    told = [
        key for key in catalogue()
        if key in numbers and not key.startswith("double_zero") and (by_county or key == "duties.late" or not _is_rollup(key))
    ]  # fmt: skip
    codes = [code for code in parts.children if code != parts.code]
    rows = [
        PartFigures(code, Text(*parts.names[code]), {key: numbers[key].get(code, 0) for key in told}) for code in codes
    ]
    rest = {key: numbers[key].get(parts.code, 0) for key in told}
    if any(rest.values()) or not rows:
        rows.append(PartFigures(parts.code, Text("未分到下级", "not told more exactly"), rest))
    return tuple(rows)


def _curve(
    outbreak: OutbreakView, parts: Parts, period: Period, per: Literal["onset", "report"]
) -> Question[tuple[CurveDay, ...]]:
    """From the first case on, but no more than the last days; empty where there was none."""
    first = period.day - timedelta(days=CURVE_DAYS - 1)
    table = yield from standing.curve(outbreak.id, parts, period, per, first)
    if not table:
        return ()
    begin = min(table)
    days = (begin + timedelta(days=place) for place in range((period.day - begin).days + 1))
    return tuple(CurveDay(day, {key: table[day][key] for key in _in_order(table.get(day, {}))}) for day in days)


def _in_order(counts: Mapping[str, int]) -> Iterable[str]:
    return [key for key in CLASSES if key in counts] + sorted(counts.keys() - set(CLASSES))


def _classes(pack: Pack) -> tuple[tuple[str, Text], ...]:
    """The classes of the pack, as its vocabulary calls them, in the order of a bulletin."""
    known = {one.key for one in pack.cases}
    words: Mapping[str, Any] = facts()["case_class"].values
    return tuple((key, Text(words[key].zh, words[key].en)) for key in CLASSES if key in known and key in words)


def _double_zero(outbreak: OutbreakView, parts: Parts, period: Period) -> Question[int]:
    """Whole days without a new case that counts, up to the end of the period (`cases.queries.double_zero`)."""
    newest = yield from standing.newest(outbreak.id, parts, period)
    begin: date = (newest or outbreak.opened_at).astimezone(clock.zone()).date()
    return max(0, (period.until.astimezone(clock.zone()).date() - begin).days - 1)


def _kinds(owed: Iterable[Burden], pack: Pack, parts: Parts) -> tuple[KindFigures, ...]:
    """By kind over all parts, what is missing most first."""
    sums: dict[str, Counter[str]] = {}
    places: dict[str, list[tuple[str, int]]] = {}
    for one in owed:
        row = sums.setdefault(one.kind, Counter())
        for name in ("due", "in_time", "late", "waived", "missing"):
            row[name] += getattr(one, name)
        if one.missing:
            places.setdefault(one.kind, []).append((one.part, one.missing))
    names = _kind_names(pack, sums)
    found = (
        KindFigures(
            kind, names[kind], row["due"], row["in_time"], row["late"], row["waived"], row["missing"], tuple(places.get(kind, ()))
        )
        for kind, row in sums.items()
        if row["due"]
    )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.missing, one.kind)))


def _kind_names(pack: Pack, kinds: Iterable[str]) -> dict[str, Text]:
    """A kind as the pack of the outbreak calls it, else as any pack in force does, else by its key."""
    found: dict[str, Text] = {}
    for kind in kinds:
        rule = next((one.duties[kind] for one in (pack, *packs.in_force()) if kind in one.duties), None)
        found[kind] = Text(rule.name.zh, rule.name.en) if rule else Text(kind, kind)
    return found


def _clocks(told: Iterable[Interval]) -> tuple[Clock, ...]:
    return tuple(
        Clock(one.key, Text(one.name["zh"], one.name["en"]), one.from_on, one.to_on, one.days, one.target_days, one.met)
        for one in told
    )


def _late(parts: Parts, pack: Pack, period: Period) -> Question[Numbers]:
    """Where the rollup does not reach: what is open and late now, by the places below the county."""
    if len(parts.code) < LENGTHS["county"] or not period.live:
        return {}
    found: Counter[str] = Counter()
    kinds = {kind for one in (pack, *packs.in_force()) for kind in one.duties}
    late = yield from late_now(parts, kinds, period)
    for (part, _kind, _key), number in late.items():
        found[part] += number
    return {"duties.late": found}


def _zones(outbreak: OutbreakView, parts: Parts, pack: Pack, period: Period) -> Question[Numbers]:
    """Zones in force and proposed at the end, and those lifted on the day; nothing where the protocol knows no zones."""
    if pack.zones is None:
        return {}
    told = yield from zones.numbers(outbreak.id, parts, period)
    keys = {"in_force": "zones.in_force", "proposed": "zones.proposed", zones.LIFTED_IN_IT: "zones.lifted"}
    found: dict[str, Counter[str]] = {key: Counter() for key in keys.values()}
    for (part, state), number in told.items():
        if state in keys:
            found[keys[state]][part] += number
    return found
