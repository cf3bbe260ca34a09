"""Venue notices: a place and a time at which somebody infectious was there, told to the public."""

from typing import Any

from ninja import Router

from fangxian.api.offering import offer
from fangxian.api.shapes import shown
from fangxian.containment.venues import actions, queries
from fangxian.containment.venues.schemas import VenueView
from fangxian.core.access import Actor

router = Router(tags=["venues"])


def _kept(by: Actor, row: Any) -> VenueView:
    return queries.notice(by, row.code)


SHAPE = shown(VenueView)
offer(router, "GET", "/venue-notices", queries.notices, after=lambda row: row.id)
offer(router, "POST", "/venue-notices", actions.publish, SHAPE, status=201, keyed=True, then=_kept)
offer(router, "GET", "/venue-notices/{code}", queries.notice)
offer(router, "POST", "/venue-notices/{code}/withdraw", actions.take_back, SHAPE, keyed=True, then=_kept)
