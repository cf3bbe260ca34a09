"""The only readers of screening that others use: rosters with what is owed, who is due, who is late and by how much. Masked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.duties import packs
from fangxian.duties import queries as duty_queries
from fangxian.laboratory.screening import finding, subject
from fangxian.laboratory.screening.models import Roster, Shift, Turn, Worker
from fangxian.laboratory.screening.schemas import (
    RosterView,
    ScreeningNumbers,
    ShiftTold,
    TurnRow,
    TurnTold,
    WorkerRow,
    WorkerView,
)
from fangxian.protocols import Cited, Text
from fangxian.registry import queries as registry
from fangxian.registry.languages import said
from fangxian.registry.vocabulary import must_be

#: What a list of tests owed can be of.
WHICH = ("due", "late")
#: So many tests owed are counted; whoever has more knows enough. Days of tests on a worker's page.
MOST, _DAYS = 10_000, 42
_OWNER = {"area": "roster__area", "organisation": "roster__organisation_id"}
After = tuple[datetime, int]


def numbers(by: Actor, area: str = "") -> ScreeningNumbers:
    """Tests due in the periods that run, and people late, among the first `MOST` each."""
    now = clock.now()
    rows = Turn.objects.filter(by.scope(finding.VIEW, **_OWNER), within(area, "roster__area"), state=Turn.DUE)
    late = rows.filter(due_at__lte=now).order_by("due_at").values("worker")[:MOST]
    return ScreeningNumbers(
        rows.filter(due_at__gt=now).order_by("due_at")[:MOST].count(), Worker.objects.filter(pk__in=late).count()
    )


def rosters(
    by: Actor, area: str = "", *, organisation: int | None = None, after: int = 0, limit: int = 50
) -> list[RosterView]:
    """Rosters of the actor's areas, or of their own organisation, with what is owed on each; `after` is the id of the last one read.

    Five queries, whatever the number.
    """
    found = Roster.objects.filter(by.scope(finding.VIEW, organisation="organisation_id"), within(area), pk__gt=after)
    if organisation is not None:
        found = found.filter(organisation=organisation)
    return _rosters(list(found.select_related("organisation").order_by("pk")[:limit]))


def roster(by: Actor, roster: int) -> RosterView:
    """One roster. Raises NotFound."""
    return _rosters([finding.roster(by, roster)])[0]


def turns(
    by: Actor,
    which: str = "due",
    area: str = "",
    *,
    roster: int | None = None,
    after: After | None = None,
    limit: int = 50,
) -> list[TurnRow]:
    """Whoever is due now, or late: each worker once, by the oldest test they owe, the first due first; `after` is (due_at, id) of
    the last one read. Four queries."""
    must_be(which, WHICH, "which")
    now = clock.now()
    found = Turn.objects.filter(by.scope(finding.VIEW, **_OWNER), within(area, "roster__area"), state=Turn.DUE)
    if roster is not None:
        found = found.filter(roster=roster)
    if which == "late":
        older = Turn.objects.filter(worker=OuterRef("worker"), state=Turn.DUE, due_at__lt=OuterRef("due_at"))
        found = found.filter(~Exists(older), due_at__lte=now)
    else:
        found = found.filter(due_at__gt=now)
    if after is not None:
        due, pk = after
        found = found.filter(Q(due_at__gt=due) | Q(pk__gt=pk), due_at__gte=due)
    rows = list(found.select_related("worker", "roster__organisation").order_by("due_at", "pk")[:limit])
    known = registry.residents(row.worker.person_id for row in rows)
    behind = Turn.objects.filter(worker__in=[row.worker_id for row in rows], state=Turn.DUE, due_at__lte=now)
    missed = dict(behind.order_by().values_list("worker").annotate(Count("pk")))
    return [
        TurnRow(
            row.pk, row.worker.code, known[row.worker.person_id].name, row.worker.number, row.worker.job, row.roster.organisation_id,
            _body(row.roster), post_name(row.roster), row.first, row.last, row.due_at, row.state, missed.get(row.worker_id, 0),
        )
        for row in rows
    ]  # fmt: skip


def workers(
    by: Actor,
    area: str = "",
    *,
    roster: int | None = None,
    state: str = "",
    gone: bool = False,
    after: int = 0,
    limit: int = 50,
) -> list[WorkerRow]:
    """People on rosters, those who have left only where they are asked for; `after` is the id of the last one read. Three queries."""
    found = Worker.objects.filter(
        by.scope(finding.VIEW, **_OWNER), within(area, "roster__area"), pk__gt=after, until__isnull=not gone
    )
    if roster is not None:
        found = found.filter(roster=roster)
    if state:
        found = found.filter(state=must_be(state, (Worker.POST, Worker.LOOP, Worker.WATCH), "state"))
    return _workers(found.order_by("pk")[:limit])


def worker(by: Actor, code: str) -> WorkerView:
    """One worker with what was owed in the last weeks and the shifts. Raises NotFound."""
    row = finding.worker(by, code)
    since = clock.today() - _DAYS * clock.DAY
    owed = Turn.objects.filter(worker=row, last__gte=since).select_related("tube").order_by("-last")
    sees = by.may("samples.view")
    shifts = list(Shift.objects.filter(worker=row).order_by("-pk")[:20])
    keeps = by.may(finding.KEEP, row.roster.area, row.roster.organisation_id)
    return WorkerView(
        _workers(Worker.objects.filter(pk=row.pk))[0], row.why, how_often(row.roster)[0],
        tuple(
            TurnTold(one.first, one.last, one.due_at, one.state, one.done_at, one.tube.code if sees and one.tube else "")
            for one in owed
        ),
        tuple(_shifts(shifts)),
        {"keep": keeps and row.until is None},
    )  # fmt: skip


def post_name(roster: Roster) -> Text:
    """The post by name; its key where the pack has it no more."""
    post = finding.post_of(roster)
    return post.name if post else Text(roster.post, roster.post)


def how_often(roster: Roster) -> tuple[Text, Cited | None]:
    """How often the post is tested, in words, and the value with its source."""
    post = finding.post_of(roster)
    if post is None:
        return Text("方案未规定", "the protocol does not say"), None
    if int(post.tests.number) == 1 and post.every.delta == clock.DAY:
        return Text("每天 1 次", "once a day"), post.tests
    every = post.every.text
    return Text(f"每 {every.zh} {post.tests.number:g} 次", f"{post.tests.number:g} times in {every.en}"), post.tests


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _rosters(rows: Sequence[Roster]) -> list[RosterView]:
    now, today = clock.now(), clock.today()
    pks = [row.pk for row in rows]
    staff = Worker.objects.filter(roster__in=pks, until__isnull=True).order_by()
    people = dict(staff.values_list("roster").annotate(Count("pk")))
    running = Turn.objects.filter(roster__in=pks, last__gte=today, first__lte=today).order_by()
    tally = {(roster, state): n for roster, state, n in running.values_list("roster", "state").annotate(Count("pk"))}
    behind = Turn.objects.filter(roster__in=pks, state=Turn.DUE, due_at__lte=now).order_by()
    late = {
        roster: (n, since)
        for roster, n, since in behind.values_list("roster").annotate(Count("worker", distinct=True), Min("due_at"))
    }
    areas = registry.short_area_names(row.area for row in rows)
    shown = []
    for row in rows:
        often, cited = how_often(row)
        n, since = late.get(row.pk, (0, None))
        known = {one.key: one.text for one in packs.pack(row.pack, row.area).sources}
        source = known.get(cited.source, Text("", "")) if cited else Text("", "")
        shown.append(
            RosterView(
                row.pk, row.organisation_id, _body(row), row.area, areas.get(row.area, row.area), row.post,
                post_name(row), often, source, cited.grade if cited else "", people.get(row.pk, 0),
                tally.get((row.pk, Turn.DUE), 0), tally.get((row.pk, Turn.DONE), 0), n, since,
            )
        )  # fmt: skip
    return shown


def _workers(found: QuerySet[Worker]) -> list[WorkerRow]:
    rows = list(found.select_related("roster__organisation"))
    known = registry.residents(row.person_id for row in rows)
    tested = Turn.objects.filter(worker__in=[row.pk for row in rows], state=Turn.DONE).order_by()
    last = dict(tested.values_list("worker").annotate(Max("done_at")))
    return [
        WorkerRow(
            row.pk, row.code, known[row.person_id].name, row.number, row.job, row.state, row.roster.organisation_id,
            _body(row.roster), post_name(row.roster), row.since, row.until, last.get(row.pk),
        )
        for row in rows
    ]  # fmt: skip


def _shifts(rows: Sequence[Shift]) -> Iterable[ShiftTold]:
    told: dict[int, list[dict[str, Any]]] = {}
    for one in duty_queries.diary(subject.SHIFT, [row.pk for row in rows]):
        told.setdefault(one["subject"], []).append(one)
    for row in rows:
        steps = told.get(row.pk, [])
        until = next((one["due_at"] for one in steps if one["key"] == "release"), None)
        tests = tuple(
            (one["due_at"], one["state"]) for one in steps if one["key"].startswith(subject.TEST) and one["due_at"]
        )
        yield ShiftTold(row.pk, row.begun_at, row.ended_at, row.outcome, until, tests)


def _body(roster: Roster) -> str:
    return said(roster.organisation.name_zh, roster.organisation.name_en)
