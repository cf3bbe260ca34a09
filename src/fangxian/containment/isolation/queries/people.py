"""People in isolation: by link, between links, whose release is due; one of them in full; who should be in the loop and is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.containment.isolation import rights, ruling
from fangxian.containment.isolation.actions.beginning import NOTIFICATION, TRANSFER
from fangxian.containment.isolation.actions.informing import hands
from fangxian.containment.isolation.actions.moving import RECEIVED, SENT, may_confirm
from fangxian.containment.isolation.models import Check, Decision, Errand, HandOver, Placement
from fangxian.containment.isolation.queries.rows import in_the_loop, room_name, rows, site_name, visible_within
from fangxian.containment.isolation.schemas import (
    ErrandView,
    KeptPast,
    PassedLink,
    Passing,
    PlacementCheck,
    PlacementDecision,
    PlacementRow,
    PlacementView,
    Side,
)
from fangxian.containment.isolation.words import LINKS
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.duties import queries as duties
from fangxian.duties import subjects
from fangxian.registry import queries as registry

#: Where a list in the order of time goes on: the instant and id of the last one read.
After = tuple[datetime, int]
#: So many looks are shown with a person, the latest.
LOOKS = 40
SOON = timedelta(hours=24)


def people(
    by: Actor,
    area: str = "",
    *,
    site: str = "",
    link: str = "",
    cls: str = "",
    after: int | None = None,
    limit: int = 50,
) -> list[PlacementRow]:
    """People in the loop, the latest first: at one link, on one site, of one class. Those whose loop is closed only by that link."""
    if link and link not in LINKS:
        raise Invalid(_("“%(value)s” is not known here.") % {"value": link}, field="link")
    found = (
        visible_within(by, area).filter(link=link) if link else visible_within(by, area).filter(closed_at__isnull=True)
    )
    if site:
        found = found.filter(site=rights.site(by, site))
    if cls:
        found = found.filter(cls=cls)
    if after is not None:
        found = found.filter(pk__lt=after)
    return rows(_at_hand(found).order_by("-pk")[:limit])


def between(by: Actor, area: str = "", *, after: After | None = None, limit: int = 50) -> list[PlacementRow]:
    """Whoever is between two links (在途), whose time for it ends first; those past `passing_until` are late, by name."""
    return rows(_in_time(visible_within(by, area), "passing_until", after, limit))


def releases(
    by: Actor, area: str = "", *, site: str = "", after: After | None = None, limit: int = 50
) -> list[PlacementRow]:
    """Releases due within a day, and those overdue, the most overdue first. Nobody stays past theirs."""
    found = visible_within(by, area).filter(closed_at__isnull=True, leave_at__lte=clock.now() + SOON)
    if site:
        found = found.filter(site=rights.site(by, site))
    return rows(_in_time(found, "leave_at", after, limit))


def overdue(by: Actor, *, limit: int = 5) -> list[KeptPast]:
    """The first of those who are kept past their release; two queries."""
    found = visible_within(by, "").filter(closed_at__isnull=True, leave_at__lte=clock.now())
    people = _in_time(found, "leave_at", None, limit)
    names = registry.names(one.person_id for one in people)
    return [
        KeptPast(one.code, names.get(one.person_id, ""), site_name(one.site), room_name(one), one.leave_at)
        for one in people
        if one.leave_at is not None
    ]


def whose(by: Actor, code: str) -> tuple[int, str]:
    """Who somebody in isolation is, by id, and the area they are known under. Raises NotFound. One query."""
    row = rights.placement(by, code)
    return row.person_id, row.area


@dataclass(frozen=True, slots=True)
class NotInTheLoop:
    """A contact who is to be brought in and is not in the loop yet: the step of the duty, by whom, by when."""

    contact: str
    name: str
    area: str
    area_name: str
    due_at: datetime | None
    holder: str
    step: int


def waiting(by: Actor, area: str = "", *, after: duties.After | None = None, limit: int = 50) -> list[NotInTheLoop]:
    """Whoever the duties say must be brought in and nobody has told yet (应隔未隔), the first due first.

    Asked of the duties themselves, so that nobody is missing here for not having been entered. `after` is (due_at, step).
    """
    steps = duties.outstanding(by, area, NOTIFICATION, TRANSFER, but=in_the_loop("contact"), after=after, limit=limit)
    described = subjects.describe("contact", [one.duty.subject_id for one in steps])
    places = registry.short_area_names({one.area for one in steps})
    return [
        NotInTheLoop(
            described[pk].code, described[pk].title, step.area, places[step.area], step.due_at,
            step.account.name if step.account else step.organisation.name_zh, step.pk,
        )
        for step in steps
        if (pk := step.duty.subject_id) in described
    ]  # fmt: skip


def errands(by: Actor, area: str = "", *, after: After | None = None, limit: int = 50) -> list[ErrandView]:
    """What people in isolation still wait for, the first due first."""
    found = Errand.objects.filter(done_at__isnull=True, placement__in=visible_within(by, area)).select_related(
        "placement"
    )
    if after is not None:
        found = found.filter(Q(due_at__gt=after[0]) | Q(due_at=after[0], pk__gt=after[1]))
    return [errand_view(one) for one in found.order_by("due_at", "pk")[:limit]]


def placement(by: Actor, code: str) -> PlacementView:
    """One person in isolation. Raises NotFound for an unknown code, and alike where the actor may not know of them."""
    row = rights.placement(by, code)
    stay = ruling.stay(row.subject_kind, row.subject_id)
    hand_overs = list(HandOver.objects.filter(placement=row).select_related("sender", "receiver").order_by("pk"))
    (shown,) = rows([row], hand_overs)
    open_one = next((one for one in hand_overs if one.ended_at is None), None)
    checks = Check.objects.filter(placement=row).order_by("-at", "-pk")[:LOOKS]
    fellows = Placement.objects.filter(party=row.party, closed_at__isnull=True).exclude(pk=row.pk) if row.party else ()
    home = row.link == Placement.HOME
    return PlacementView(
        row=shown, subject_kind=row.subject_kind, subject=row.subject_code, person_id=row.person_id, pack=row.pack,
        guardian=row.guardian, together=tuple(one.code for one in fellows), trip=row.trip.code if row.trip else "",
        passing=_passing(by, row, open_one), way=tuple(_link(one) for one in hand_overs if one.ended_at and not one.called_off),
        checks=tuple(_look(one) for one in checks),
        decisions=tuple(decision_view(one) for one in Decision.objects.filter(placement=row).select_related("other").order_by("-pk")),
        errands=tuple(errand_view(one) for one in Errand.objects.filter(placement=row).select_related("placement").order_by("-pk")[:LOOKS]),
        site_until=stay.site_until, home_until=stay.home_until, missing=stay.missing_home if home else stay.missing,
        extended_until=row.extended_until, early=row.early, version=row.version, may=_may(by, row, open_one),
    )  # fmt: skip


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _at_hand(found: QuerySet[Placement]) -> QuerySet[Placement]:
    return found.select_related("site", "room__floor")


def _in_time(found: Any, column: str, after: After | None, limit: int) -> Sequence[Placement]:
    found = found.filter(**{f"{column}__isnull": False})
    if after is not None:
        later, same = Q(**{f"{column}__gt": after[0]}), Q(**{column: after[0]}, pk__gt=after[1])
        found = found.filter(later | same)
    return list(_at_hand(found).order_by(column, "pk")[:limit])


def _passing(by: Actor, row: Placement, open_one: HandOver | None) -> Passing | None:
    if open_one is None:
        return None
    mine = {side: may_confirm(by, row, open_one, side) for side in (SENT, RECEIVED)}
    return Passing(
        open_one.to_link, open_one.arranged_at,
        Side(
            open_one.sender.name_zh, open_one.sender_name, open_one.sent_at, open_one.sent_by_name,
            mine[SENT] and open_one.sent_at is None,
        ),
        Side(
            open_one.receiver.name_zh, open_one.receiver_name, open_one.received_at, open_one.received_by_name,
            mine[RECEIVED] and open_one.received_at is None,
        ),
    )  # fmt: skip


def _link(one: HandOver) -> PassedLink:
    assert one.ended_at is not None
    return PassedLink(
        one.to_link, one.ended_at, one.sent_by_name or one.sender_name, one.received_by_name or one.receiver_name
    )


def _look(one: Check) -> PlacementCheck:
    return PlacementCheck(one.at, one.temperature, one.symptoms, one.mood, one.medicine, one.note, one.by_name)


def decision_view(one: Decision) -> PlacementDecision:
    """A decision as it is shown."""
    return PlacementDecision(
        one.pk, one.kind, one.reason, one.basis, one.until, one.other.code if one.other else "", one.at, one.by_name,
        one.disputed_at, one.disputed_by, one.dispute, one.answered_at, one.answered_by, one.answer, one.upheld,
    )  # fmt: skip


def errand_view(one: Errand) -> ErrandView:
    """An errand as it is shown."""
    return ErrandView(
        one.pk, one.placement.code, one.kind, one.what, one.due_at, one.asked_by, one.done_at, one.done_by, one.outcome
    )


def _may(by: Actor, row: Placement, waiting: HandOver | None) -> frozenset[str]:
    """What the actor may do here and now: bring, home, board, withdraw, assign, house, let_go, check, errand, decide, call_off,
    letter, neighbours."""
    tell, here = by.may(rights.TELL, row.area), rights.at_site(by, rights.RECEIVE, row.site)
    resting = waiting is None
    care = (row.link == row.HOUSED and rights.at_site(by, rights.CARE, row.site)) or (
        row.link == row.HOME and by.may(rights.HOME, row.area)
    )
    decide = row.link != row.CLOSED and (rights.at_site(by, rights.DECIDE, row.site) or by.may(rights.DECIDE, row.area))
    confirmed = waiting is not None and (waiting.sent_at or waiting.received_at)
    mine = waiting is not None and any(may_confirm(by, row, waiting, side) for side in (SENT, RECEIVED))
    found = {
        "bring": tell and row.link == row.TOLD and resting, "withdraw": tell and row.link == row.TOLD and resting,
        "assign": here and row.link != row.HOME and row.link != row.CLOSED, "house": here and row.link == row.ARRIVED,
        "let_go": here and row.link == row.HOUSED and resting, "check": care, "errand": care, "decide": decide,
        "call_off": mine and not confirmed, "certify": row.link in (row.HOME, row.CLOSED),
        "neighbours": row.link == row.HOME and by.may(rights.DECIDE, row.area),
        "letter": row.link != row.CLOSED and hands(by, row),
    }  # fmt: skip
    return frozenset(name for name, may in found.items() if may)
