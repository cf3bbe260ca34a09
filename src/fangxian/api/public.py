"""What everybody may read without an account: the public page, for programs. No case, no person, nothing that waits."""

from ninja import Router

from fangxian.api.offering import offer
from fangxian.api.shapes import Code
from fangxian.containment.venues import queries as venues
from fangxian.containment.zones import queries as zones

router = Router(tags=["public"])

offer(router, "GET", "/public/areas", zones.public_areas, auth=None)
offer(router, "GET", "/public/notices", zones.public_notices, without=("after", "limit"), auth=None)
offer(router, "GET", "/public/notices/{number}", zones.public_notice, given={"number": Code}, auth=None)
offer(router, "GET", "/public/venues", venues.public_venues, without=("limit",), auth=None)
