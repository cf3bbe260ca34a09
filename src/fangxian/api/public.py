"""What everybody may read without an account: the public page, for programs. No case, no person, nothing that waits."""

from datetime import date

from ninja import Router

from fangxian.api.offering import offer
from fangxian.api.shapes import Code
from fangxian.command.situation import queries as situation
from fangxian.command.situation.schemas import Published
from fangxian.containment.venues import queries as venues
from fangxian.containment.zones import queries as zones

router = Router(tags=["public"])


def public_numbers(day: date | None = None) -> list[Published]:
    """The figures that a person has signed and released: of a day, or the newest of each outbreak and jurisdiction.

    Very few people are not told to the last one: `value` is then empty, and there are some, but fewer than `fewer_than`.
    """
    return situation.published(None, day)


offer(router, "GET", "/public/areas", zones.public_areas, auth=None)
offer(router, "GET", "/public/notices", zones.public_notices, without=("after", "limit"), auth=None)
offer(router, "GET", "/public/notices/{number}", zones.public_notice, given={"number": Code}, auth=None)
offer(router, "GET", "/public/numbers", public_numbers, auth=None)
offer(router, "GET", "/public/venues", venues.public_venues, without=("limit",), auth=None)
