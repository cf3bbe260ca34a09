"""How an outbreak is going, in numbers."""

from datetime import date

from ninja import Router

from fangxian.api.offering import offer
from fangxian.api.shapes import Area
from fangxian.command.trend import queries

router = Router(tags=["trend"])
#: The reader's own jurisdiction where none is named.
OWN = {"area": Area | None, "day": date | None}

offer(router, "GET", "/trend", queries.trend, given=OWN)
