"""How zones stand today against the rules by which they come down: gathered from cases, contacts and rounds, many at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Count, Max

from fangxian.cases.schemas import DISCARDED
from fangxian.containment.zones import standing, writing
from fangxian.containment.zones.models import Ground, Round, Zone
from fangxian.containment.zones.schemas import LiftStatus
from fangxian.containment.zones.standing import Standing
from fangxian.core import clock
from fangxian.duties import queries as duties
from fangxian.tracing import queries as tracing

_RELEASED = "released"
#: Who is a contact no more, other than by having stayed well: a case counts as an infection, the others as nobody.
_GONE = frozenset({"case", "dismissed", "merged"})
_OF_CONTACTS = ("last_contact_days", "last_contact_negative")


class Infected(NamedTuple):
    """The infected inside of a zone: how many cases, and the day on which the last of them became known."""

    cases: int
    last: date


def status(zone: Zone, day: date | None = None) -> tuple[LiftStatus, ...]:
    """Every way down from the level of a zone in force, as it stands on a day (today)."""
    return statuses([zone], day)[zone.pk]


def statuses(
    zones: Sequence[Zone], day: date | None = None, infected: Mapping[int, Infected] | None = None
) -> dict[int, tuple[LiftStatus, ...]]:
    """The same for many zones in force, by id; five queries at most. `infected` as `infected_in` has it, where it is known already."""
    today = day or clock.today()
    stand = of(zones, infected)
    return {zone.pk: standing.status(writing.pack_of(zone), stand[zone.pk], today) for zone in zones}


def infected_in(zones: Sequence[Zone]) -> dict[int, Infected]:
    """The infected inside of zones, by id; those without any are left out, cases that were ruled out do not count. One query."""
    counted = Ground.objects.filter(zone__in=zones).exclude(case__classification=DISCARDED)
    rows: Iterable[Any] = (
        counted.order_by().values_list("zone_id").annotate(Count("case_id", distinct=True), Max("infected_at"))
    )
    return {pk: Infected(cases, _day(last)) for pk, cases, last in rows} if zones else {}


def of(zones: Sequence[Zone], infected: Mapping[int, Infected] | None = None) -> dict[int, Standing]:
    """What the rules ask of zones in force, by id."""
    if not zones:
        return {}
    pks = [zone.pk for zone in zones]
    infected = infected_in(zones) if infected is None else infected
    rounds: dict[int, list[standing.Round]] = defaultdict(list)
    told = Round.objects.filter(zone_id__in=pks).values_list("zone_id", "day", "positives", "untested", "waiting")
    for pk, day, positives, untested, waiting in told:
        rounds[pk].append(standing.Round(day, positives > 0, untested == waiting == 0))
    contacts = _last_contacts(zones)
    others = _with_others(zones)
    found = {}
    for zone in zones:
        assert zone.decided_at is not None and zone.level_since is not None, "only a zone in force comes down"
        exposed, negative = contacts.get(zone.pk, (None, None))
        found[zone.pk] = Standing(
            level=zone.level, drawn=_day(zone.decided_at), level_since=_day(zone.level_since), downgraded=zone.downgraded,
            infections=(infected[zone.pk].last,) if zone.pk in infected else (), rounds=tuple(rounds[zone.pk]),
            last_contact=exposed, contact_negative=negative, others_lifted=zone.pk not in others,
        )  # fmt: skip
    return found


def _last_contacts(zones: Sequence[Zone]) -> Mapping[int, tuple[date, bool | None]]:
    """For zones whose rule asks: the last day on which a close contact of their cases was exposed, and whether the contacts of
    that day tested negative since (None: not known yet). Zones without such a contact are left out.
    """
    asking = [zone for zone in zones if _asks(zone)]
    if not asking:
        return {}
    cases_of: dict[int, set[int]] = defaultdict(set)
    grounds = Ground.objects.filter(zone__in=asking).exclude(case__classification=DISCARDED)
    for pk, case_id in grounds.values_list("zone_id", "case_id"):
        cases_of[pk].add(case_id)
    by_case: dict[int, list[Any]] = defaultdict(list)
    for category in dict.fromkeys(map(_close, asking)):
        ill = {case for zone in asking if _close(zone) == category for case in cases_of[zone.pk]}
        for one in tracing.last_contacts(ill, category):
            if one.state in _GONE:
                continue
            by_case[one.case_id].append(one)
    newest: dict[int, list[Any]] = {}
    for zone in asking:
        mine = [one for case in cases_of[zone.pk] for one in by_case[case]]
        if mine:
            latest = max(_day(one.at) for one in mine)
            newest[zone.pk] = [one for one in mine if _day(one.at) == latest]
    told = duties.last_told("contact", {one.contact_id for mine in newest.values() for one in mine}, "result")
    found = {}
    for pk, mine in newest.items():
        results = [
            True
            if one.state == _RELEASED
            else told[one.contact_id][0] == "negative"
            if one.contact_id in told
            else None
            for one in mine
        ]
        verdict = False if False in results else None if None in results else True
        found[pk] = _day(mine[0].at), verdict
    return found


def _asks(zone: Zone) -> bool:
    """Whether a way down from the zone's level asks about contacts."""
    pack = writing.pack_of(zone)
    rules = pack.zones.lift if pack.zones else ()
    return any(
        one.is_on and one.from_ == zone.level and any(fact in one.when.missing({}) for fact in _OF_CONTACTS)
        for one in rules
    )


def _close(zone: Zone) -> str:
    """The category of close contacts: the first of ring 1."""
    exposure = writing.pack_of(zone).exposure
    return next((one.key for one in exposure.categories if one.ring == 1), "") if exposure else ""


def _with_others(zones: Sequence[Zone]) -> set[int]:
    """Those of the zones with a stricter one of the same outbreak in force, or proposed, in their county. One query."""
    around = Zone.objects.filter(
        outbreak_id__in={zone.outbreak_id for zone in zones}, state__in=(Zone.PROPOSED, Zone.IN_FORCE)
    )
    levels: dict[tuple[int, str], dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for pk, outbreak_id, area, level in around.values_list("pk", "outbreak_id", "area", "level"):
        levels[outbreak_id, area[:6]][level].add(pk)
    found = set()
    for zone in zones:
        rules = writing.pack_of(zone).zones
        assert rules is not None, "a zone is under a guideline that has zones"
        near = levels[zone.outbreak_id, zone.area[:6]]
        stricter = [one.key for one in rules.levels[: rules.rank(zone.level)]]
        if any(near[level] - {zone.pk} for level in stricter if level in near):
            found.add(zone.pk)
    return found


def _day(at: datetime) -> date:
    return at.astimezone(clock.zone()).date()
