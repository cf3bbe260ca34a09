"""Risk areas (风险区): proposals, decisions, notices, rounds, lifting, who is inside, what became of them, and the map."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ninja import Router

from fangxian.api import paging
from fangxian.api.offering import offer
from fangxian.api.shapes import Code, Shown, shown
from fangxian.containment.zones import actions, queries
from fangxian.containment.zones.schemas import RoundView, ZoneRow
from fangxian.core.access import Actor

router = Router(tags=["zones"])


class ZoneKept(Shown):
    """A zone as it stands after it was written."""

    code: str
    area: str
    level: str
    state: str
    name_zh: str
    name_en: str
    version: int


class NoticeKept(Shown):
    """A notice that was published."""

    version: int
    kind: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    issued_at: datetime


class RoundKept(Shown):
    """A testing round on record."""

    id: int
    day: date
    tested: int
    positives: int
    untested: int


class InsidePerson(Shown):
    """Somebody inside of a zone, masked. `housed` is no for whoever has no building on record."""

    code: str
    name: str
    area: str
    address: str
    household: str
    housed: bool


class InsideView(Shown):
    """Who is inside of a zone: counts (20,001 stands for more), and one page of people."""

    households: int
    people: int
    roofless: int
    rows: list[InsidePerson]
    cursor: str


class FeatureCollection(Shown):
    """GeoJSON (RFC 7946)."""

    type: str
    features: list[dict[str, Any]]


def in_force(by: Actor, area: str = "") -> list[ZoneRow]:
    """The zones in force now, the strictest first, each with what is missing for it to come down."""
    return [one for one in queries.in_force(by, area=area) if isinstance(one, ZoneRow)]


def zones_map(by: Actor, at: datetime | None = None, area: str = "", code: str = "") -> Mapping[str, Any]:
    """Zones on the map: one feature for each piece of land, the loosest level first. With an instant, as they were then."""
    return queries.geojson(by, at, area, code)


def _inside(_by: Actor, found: Any) -> InsideView:
    rows = [
        InsidePerson(
            code=one.code, name=one.name, area=one.area, address=one.address, household=one.household, housed=housed
        )
        for one, housed in found.rows
    ]
    return InsideView(
        households=found.households, people=found.people, roofless=found.roofless, rows=rows, cursor=found.cursor
    )


shown(RoundView, "clean")
PAGE = {"cursor": paging.Cursor, "limit": paging.Limit}
CODE = {"code": Code}

offer(router, "GET", "/zones", queries.zones, given=PAGE)
offer(router, "GET", "/zones/proposals", queries.proposals)
offer(router, "GET", "/zones/in-force", in_force)
offer(router, "GET", "/zones/due", queries.due_for_lift)
offer(router, "GET", "/zones/past", queries.zones_at, without=("limit",))
offer(router, "GET", "/zones/map", zones_map, FeatureCollection)
offer(router, "GET", "/zones/units", queries.pickable, FeatureCollection)
offer(router, "GET", "/zones/unplaced", queries.unplaced)
offer(router, "GET", "/zones/{code}", queries.zone)
offer(router, "GET", "/zones/{code}/lift", queries.lift_status)
offer(router, "GET", "/zones/{code}/people", queries.inside, InsideView, given=PAGE, then=_inside)
offer(router, "GET", "/zones/{code}/history", queries.history)
offer(router, "POST", "/zones", actions.propose, ZoneKept, status=201, keyed=True)
offer(router, "PUT", "/zones/{code}", actions.edit, ZoneKept)
offer(router, "POST", "/zones/{code}/decision", actions.decide, ZoneKept)
offer(router, "POST", "/zones/{code}/notices", actions.publish, NoticeKept, status=201, keyed=True)
offer(router, "POST", "/zones/{code}/rounds", actions.record_round, RoundKept, status=201, keyed=True)
offer(router, "POST", "/zones/{code}/lift", actions.lift, ZoneKept)
offer(router, "POST", "/zones/{code}/annulment", actions.annul, ZoneKept)
