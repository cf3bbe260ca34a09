"""Reading tubes: a list, what is late, one of them with its way and who is in it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import get_language

from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.duties import packs
from fangxian.laboratory import finding, rules
from fangxian.laboratory.models import HandOver, Member, Positive, Result, Swab, Tube
from fangxian.laboratory.queries.decisions import shown_positives
from fangxian.laboratory.schemas import CustodyLink, InTube, ResultTold, TubeRow, TubeView
from fangxian.registry import queries as registry
from fangxian.registry.vocabulary import must_be

STATES = (Tube.COLLECTED, Tube.SEALED, Tube.RECEIVED, Tube.RESULTED, Tube.REJECTED, Tube.LOST)
#: Where nothing has come yet: these have a clock.
WAITING = (Tube.COLLECTED, Tube.SEALED, Tube.RECEIVED)
#: So many late tubes are counted; whoever has more knows enough.
MOST = 10_000
#: Of so many tubes the busiest day is told.
NEWEST = 50_000
#: What a tube names.
_NAMES = ("organisation", "point", "laboratory")
_ALL = (*_NAMES, "box", "again", "place", "outbreak")


def tubes(
    by: Actor, area: str = "", *, state: str = "", value: str = "", point: str = "", box: str = "", kind: str = "",
    after: int | None = None, limit: int = 50,
) -> list[TubeRow]:  # fmt: skip
    """Tubes that the actor may see, the newest first; `after` is the id of the last one read. Five queries."""
    found = Tube.objects.filter(finding.seen(by), within(area))
    if state:
        found = found.filter(state=must_be(state, STATES, "state"))
    if value:
        found = found.filter(value=value)
    if kind:
        found = found.filter(kind=kind)
    if point:
        found = found.filter(point=finding.point(point))
    if box:
        found = found.filter(box=finding.box(by, box))
    if after is not None:
        found = found.filter(pk__lt=after)
    return rows(list(_joined(found).order_by("-pk")[:limit]))


def late(
    by: Actor, area: str = "", *, after: tuple[datetime | None, int] | None = None, limit: int = 50
) -> list[TubeRow]:
    """Tubes whose result is past its hour, the longest first; `after` is (due_at, id) of the last one read."""
    found = _late(by, area)
    if after is not None:
        due, pk = after
        if due is None:
            return []
        found = found.filter(Q(due_at__gt=due) | Q(pk__gt=pk), due_at__gte=due)
    return rows(list(_joined(found).order_by("due_at", "pk")[:limit]))


def counted(by: Actor, area: str = "") -> dict[str, int]:
    """How many tubes of the last week wait (collected, sealed, received), and how many are late, among the first `MOST` each."""
    since = clock.now() - 7 * clock.DAY
    recent = Tube.objects.filter(finding.seen(by), within(area), state__in=WAITING, sampled_at__gte=since)
    first = Tube.objects.filter(pk__in=recent.order_by("-pk").values("pk")[:MOST])
    waiting = dict.fromkeys(WAITING, 0) | dict(first.order_by().values_list("state").annotate(Count("pk")))
    return {**waiting, "late": _late(by, area).order_by("due_at")[:MOST].count()}


def busiest_day(by: Actor, area: str = "") -> tuple[date, int] | None:
    """The day of the last fourteen with most tubes that now have a result, and how many, among the newest `NEWEST` of a place: what its
    laboratories have shown that they can do. None where there are none; one query."""
    since = clock.local_midnight(clock.today() - 14 * clock.DAY)
    newest = Tube.objects.filter(finding.seen(by), within(area)).order_by("-pk").values("pk")[:NEWEST]
    told = Tube.objects.filter(pk__in=newest, resulted_at__gte=since).order_by()
    days = told.annotate(day=TruncDate("resulted_at", tzinfo=clock.zone())).values_list("day").annotate(n=Count("pk"))
    return max(days, key=lambda one: one[1], default=None)


def tube(by: Actor, code: str) -> TubeView:
    """One tube with all that is known of it. Raises NotFound. Who is in it only for those who may know."""
    row = finding.tube(by, code, joined=_ALL)
    told = [
        ResultTold(one.number, one.status, one.value, one.cts, one.tested_at, one.reference, one.source, one.reason, one.at, one.by_name)
        for one in Result.objects.filter(tube=row).order_by("-number")
    ]  # fmt: skip
    links = [
        CustodyLink(one.at, one.sender, one.receiver, one.note, one.by_name)
        for one in (HandOver.objects.filter(box=row.box_id).order_by("pk") if row.box_id is not None else ())
    ]  # fmt: skip
    may_know = by.may(finding.PEOPLE, row.area, row.organisation_id)
    decided = Positive.objects.filter(tube=row).select_related("tube", "case") if may_know else ()
    return TubeView(
        row=rows([row])[0], former=row.former, why=row.why, outbreak=row.outbreak.code if row.outbreak else "",
        box=row.box.code if row.box else "", received_at=row.received_at, created_at=row.created_at, by_name=row.by_name,
        again=row.again.code if row.again else "",
        retests=tuple(Tube.objects.filter(again=row).order_by("pk").values_list("code", flat=True)[:100]),
        what=row.what, place=_named(row.place), batch=row.batch, note=row.note, results=tuple(told), links=tuple(links),
        inside=_inside(row) if may_know else None,
        decision=next(iter(shown_positives(by, list(decided))), None),
        may={
            "test": by.may(finding.TEST, row.area, row.laboratory_id), "collect": by.may(finding.COLLECT, row.area, row.organisation_id),
            "decide": by.may(finding.DECIDE, row.area), "report": by.may("cases.report", row.area),
        },
    )  # fmt: skip


def rows(found: Sequence[Tube]) -> list[TubeRow]:
    """Tubes as a list shows them; the caller has joined what they name."""
    now = clock.now()
    cuts = {pack: rules.cuts(packs.pack(pack)) for pack in {one.pack for one in found}}
    return [
        TubeRow(
            one.pk, one.code, one.kind, one.people, one.capacity, one.reason, one.state, one.value, one.ct,
            rules.weak(cuts[one.pack], one.value, one.ct), one.area, _named(one.organisation), _named(one.point),
            _named(one.laboratory), one.sampled_at, one.due_at, one.resulted_at,
            one.state in WAITING and one.due_at is not None and one.due_at <= now,
        )
        for one in found
    ]  # fmt: skip


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _joined(found: QuerySet[Tube]) -> QuerySet[Tube]:
    return found.select_related(*_NAMES)


def _late(by: Actor, area: str) -> QuerySet[Tube]:
    return Tube.objects.filter(finding.seen(by), within(area), state__in=WAITING, due_at__lte=clock.now())


def _inside(row: Tube) -> tuple[InTube, ...]:
    """Who is in the tube; of a positive pool also how far each member is."""
    people = list(Swab.objects.filter(tube=row).order_by("pk").values_list("person_id", flat=True))
    known = registry.residents(people)
    pool = Member.objects.filter(pool=row).select_related("single") if len(people) > 1 else ()
    held = {one.person_id: one for one in pool}
    shown = []
    for pk in people:
        one = held.get(pk)
        single = one.single if one else None
        shown.append(
            InTube(
                pk,
                known[pk].code,
                known[pk].name,
                one.state if one else "",
                single.code if single else "",
                single.value if single else "",
            )
        )
    return tuple(shown)


def _named(row: Any) -> str:
    if row is None:
        return ""
    chinese = (get_language() or "zh").startswith("zh")
    return str(row.name_zh if chinese or not row.name_en else row.name_en)
