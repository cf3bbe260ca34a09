"""One zone in full: why it is, what is done in it, how it stands against its rule, what was said of it, what became of it."""

from collections.abc import Mapping, Sequence
from datetime import date

from fangxian.cases.schemas import DISCARDED
from fangxian.containment.zones import land, measuring, wording, writing
from fangxian.containment.zones.land import Land
from fangxian.containment.zones.models import Ground, Notice, Round, Zone
from fangxian.containment.zones.queries.listing import row
from fangxian.containment.zones.rights import DECIDE, EDIT
from fangxian.containment.zones.schemas import (
    ChangeView,
    Draft,
    DrawnZone,
    GroundView,
    LiftStatus,
    Measure,
    NoticeView,
    RoundView,
    UnitView,
    ZoneView,
)
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.protocols import Pack
from fangxian.registry import queries as registry
from fangxian.registry.levels import LENGTHS
from fangxian.text import Text

#: Grounds that are shown; the rest is counted.
SHOWN = 50
_MAY: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "edit": (EDIT, (Zone.PROPOSED,)),
    "redraw": (DECIDE, (Zone.IN_FORCE,)),
    "decide": (DECIDE, (Zone.PROPOSED,)),
    "publish": (DECIDE, (Zone.IN_FORCE,)),
    "lift": (DECIDE, (Zone.IN_FORCE,)),
    "annul": (DECIDE, (Zone.IN_FORCE,)),
    "round": (EDIT, (Zone.IN_FORCE,)),
}


def zone(by: Actor, code: str) -> ZoneView:
    """One zone. Raises NotFound for an unknown code, and alike where it is not for the actor to know of."""
    found = writing.seen_by(by, code)
    pack = writing.pack_of(found)
    rules = pack.zones
    assert rules is not None, "a zone is under a guideline that has zones"
    level = rules.level(found.level)
    wanted = list(found.grounds.select_related("case").order_by("-infected_at", "-pk")[: SHOWN + 1])
    lands, there = _land(found, wanted)
    infected = measuring.infected_in([found])
    ways = measuring.statuses([found], infected=infected)[found.pk] if found.state == Zone.IN_FORCE else ()
    names = registry.short_area_names([found.area])
    cite = level.cite
    kind = _next_notice(found)
    drafted: Draft | None = wording.draft(found, pack, kind, lands) if kind else None
    return ZoneView(
        row=row(found, ways, infected[found.pk].cases if found.pk in infected else 0, names, clock.today()),
        pack=found.pack,
        pack_name=pack.name,
        clause=Text(cite.explain("zh"), cite.explain("en")),
        grade=cite.grade,
        measures=tuple(Measure(one.key, one.name) for one in level.measures),
        units=tuple(UnitView(one.key, one.kind, one.code, one.name, one.what, one.area) for one in lands),
        grounds=tuple(_ground(by, one, pack, there) for one in wanted[:SHOWN]),
        more_grounds=found.grounds.count() - SHOWN if len(wanted) > SHOWN else 0,
        reason=found.reason,
        downgraded=found.downgraded,
        coarse=_coarse(pack, found.level, lands),
        lift=ways,
        rounds=tuple(
            RoundView(
                one.day, one.tested, one.positives, one.untested, one.waiting, one.held, one.recorded_at, one.by_name
            )
            for one in Round.objects.filter(zone=found).order_by("-day", "-pk")[:SHOWN]
        ),
        notices=tuple(notice_view(one, found.code) for one in found.notices.order_by("-version")),
        draft=drafted,
        levels=tuple((one.key, one.name) for one in rules.levels if one.is_on),
        may=_may(by, found),
    )


def drawn(by: Actor, code: str) -> DrawnZone:
    """A zone as it is drawn; six queries at most. Raises NotFound like `zone`."""
    found = writing.seen_by(by, code)
    rules = writing.pack_of(found).zones
    assert rules is not None, "a zone is under a guideline that has zones"
    lands = writing.lands_of(found)
    shapes = land.shapes(lands)
    return DrawnZone(
        found.code, found.version, found.area, found.state, found.level, rules.level(found.level).name,
        Text(found.name_zh, found.name_en),
        tuple((UnitView(one.key, one.kind, one.code, one.name, one.what, one.area), shapes[one.key]) for one in lands),
        tuple((one.key, one.name) for one in rules.levels if one.is_on), _may(by, found),
    )  # fmt: skip


def lift_status(by: Actor, code: str, day: date | None = None) -> list[LiftStatus]:
    """Every way down from the level of a zone in force, on a day (today): what holds, what is missing, the first possible day."""
    found = writing.seen_by(by, code)
    return list(measuring.status(found, day)) if found.state == Zone.IN_FORCE else []


def history(by: Actor, code: str) -> list[ChangeView]:
    """What became of a zone, the latest first: when, by whom, why, under which clause, and what it was from then on."""
    found = writing.seen_by(by, code)
    rules = writing.pack_of(found).zones
    assert rules is not None, "a zone is under a guideline that has zones"
    return [
        ChangeView(
            one.at, one.what, one.by_name, one.reason, one.basis, one.state, one.level, rules.level(one.level).name,
            Text(one.name_zh, one.name_en), tuple(one.units), dict(one.data),
        )
        for one in found.changes.order_by("-at", "-pk")
    ]  # fmt: skip


def notice_view(one: Notice, code: str) -> NoticeView:
    """A notice as it was published."""
    return NoticeView(
        f"{code}-{one.version}", code, one.kind, one.level, Text(one.title_zh, one.title_en), Text(one.text_zh, one.text_en),
        one.issued_at, one.by_name,
    )  # fmt: skip


def _may(by: Actor, found: Zone) -> frozenset[str]:
    return frozenset(
        what for what, (right, states) in _MAY.items() if found.state in states and by.may(right, found.area)
    )


def _next_notice(found: Zone) -> str:
    """The kind of notice that the zone as it is would get; empty where there is nothing to tell."""
    if found.state in (Zone.PROPOSED, Zone.IN_FORCE):
        return Notice.DOWNGRADED if found.downgraded else Notice.DRAWN
    return ""


def _land(found: Zone, grounds: Sequence[Ground]) -> tuple[list[Land], dict[str, Land]]:
    """The land that a zone is made of, and all land that it or its grounds speak of."""
    rows = list(found.units.filter(dropped=False).order_by("pk").values_list("key", "outline"))
    keys = [key for key, _outline in rows]
    there = land.known(
        [*keys, *(one.key for one in grounds)], {key: outline for key, outline in rows if outline}, found.area
    )
    return [there[key] for key in keys if key in there], there


def _ground(by: Actor, one: Ground, pack: Pack, there: Mapping[str, Land]) -> GroundView:
    """A ground, with the code of the case only for whoever may see the case."""
    case = one.case.code if by.may("cases.view", one.case.area, one.case.organisation_id) else ""
    unit = there[one.key].name if one.key in there else Text(one.key, one.key)
    return GroundView(
        case, one.key, unit, one.fact, wording.why(one, pack, case, unit), one.level, one.minutes, one.visits,
        one.first_at, one.last_at, one.infected_at, one.case.classification != DISCARDED,
    )  # fmt: skip


def _coarse(pack: Pack, level: str, lands: Sequence[Land]) -> bool:
    """Whether whole townships or counties are drawn where the guideline draws something smaller: no nearer address is known."""
    assert pack.zones is not None, "a zone is under a guideline that has zones"
    unit = pack.zones.level(level).unit
    if unit is not None and unit.value in ("township", "county"):
        return False
    return any(one.kind == land.AREA and len(one.code) < LENGTHS["village"] for one in lands)
