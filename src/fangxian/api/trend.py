"""How an outbreak is going, in numbers."""

from datetime import date

from ninja import Router

from fangxian.api.offering import offer
from fangxian.api.shapes import Area
from fangxian.command.trend import importation, queries

router = Router(tags=["trend"])
#: The reader's own jurisdiction where none is named.
OWN = {"area": Area | None, "day": date | None}

offer(router, "GET", "/trend", queries.trend, given=OWN)
offer(router, "GET", "/trend/importation", importation.from_ports, given=OWN)
offer(router, "POST", "/trend/importation", importation.importation)
