"""Reading what waits for a person: positives to be decided, members of positive pools, results of nobody known."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.duties import queries as duty_queries
from fangxian.laboratory import finding, matching, rules, subject
from fangxian.laboratory.models import Member, Positive, Unmatched
from fangxian.laboratory.schemas import MemberView, PositiveView, UnmatchedView, Whose
from fangxian.registry import masking
from fangxian.registry import queries as registry


def positives(
    by: Actor, area: str = "", *, state: str = "", after: int | None = None, limit: int = 50
) -> list[PositiveView]:
    """People's own positives in the actor's areas, the newest first; `after` is the id of the last one read. Five queries."""
    found = Positive.objects.filter(by.scope(finding.PEOPLE), within(area))
    if state:
        found = found.filter(state=state)
    if after is not None:
        found = found.filter(pk__lt=after)
    return shown_positives(by, list(found.select_related("tube", "case").order_by("-pk")[:limit]))


def members(
    by: Actor, area: str = "", *, pool: str = "", state: str = "", after: int | None = None, limit: int = 50
) -> list[MemberView]:
    """Members of positive pools in the actor's areas, the newest first; `after` is the id of the last one read. Five queries."""
    found = Member.objects.filter(by.scope(finding.MEMBERS), within(area))
    if pool:
        found = found.filter(pool__code=finding.barcode(pool, "pool"))
    if state:
        found = found.filter(state=state)
    if after is not None:
        found = found.filter(pk__lt=after)
    return _members(list(found.select_related("pool", "single").order_by("-pk")[:limit]))


def member(by: Actor, member_id: int) -> MemberView:
    """One member of a positive pool, for whoever looks after the place or answers for what is owed. Raises NotFound."""
    row = Member.objects.select_related("pool", "single").filter(pk=member_id).first()
    if row is None or not (by.may(finding.MEMBERS, row.area) or duty_queries.holds(by, subject.MEMBER, row.pk)):
        raise NotFound(_("There is no such member of a pool."))
    return _members([row])[0]


def _members(rows: list[Member]) -> list[MemberView]:
    people = [row.person_id for row in rows]
    known = registry.residents(people)
    areas = registry.short_area_names(row.area for row in rows)
    steps = steps_of(rows)
    return [
        MemberView(
            row.pk, row.pool.code, known[row.person_id].name, known[row.person_id].code, row.area, areas.get(row.area, row.area), row.state,
            row.since, *steps.get((row.pk, subject.HOLD), (None, None)), row.single.code if row.single else "",
            steps.get((row.pk, subject.RETEST), (None, None))[1], row.ended_at,
        )
        for row in rows
    ]  # fmt: skip


def unmatched(by: Actor, area: str = "", *, after: int | None = None, limit: int = 20) -> list[UnmatchedView]:
    """Results of nobody known that the actor may decide on, the newest first; `after` is the id of the last one read. Four queries."""
    found = Unmatched.objects.filter(by.scope(finding.MATCH), within(area), state=Unmatched.WAITING)
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found.order_by("-pk")[:limit])
    bodies = registry.organisation_names(row.laboratory_id for row in rows)
    people = {pk for row in rows for pk, _fits, _why in row.proposals}
    known = registry.residents(people)
    return [_unmatched(row, bodies, known) for row in rows]


def shown_positives(by: Actor, rows: Sequence[Positive]) -> list[PositiveView]:
    """Positives as people read them; the caller has joined tube and case."""
    people = [row.person_id for row in rows]
    known = registry.residents(people)
    areas = registry.short_area_names(row.area for row in rows)
    due = duty_queries.answering(by, subject.SAMPLE, [row.tube_id for row in rows])
    return [
        PositiveView(
            row.pk, row.tube.code, known[row.person_id].name, known[row.person_id].code, row.area, areas.get(row.area, row.area), row.state,
            row.case.code if row.case else "", row.opened, row.tube.ct, rules.is_weak(row.tube.pack, row.tube.value, row.tube.ct),
            row.reason, row.at, due[row.tube_id].due_at if row.tube_id in due else None, row.decided_at, row.by_name,
        )
        for row in rows
    ]  # fmt: skip


def steps_of(rows: Sequence[Member]) -> dict[tuple[int, str], tuple[Any, Any]]:
    """(member, step) → when it was done, and by when it is due."""
    told = duty_queries.diary(subject.MEMBER, [row.pk for row in rows])
    return {(one["subject"], one["key"]): (one["done_at"], one["due_at"]) for one in told}


def _unmatched(row: Unmatched, bodies: dict[int, str], known: Mapping[int, Any]) -> UnmatchedView:
    form = matching.form_of(row)
    return UnmatchedView(
        row.pk, bodies[row.laboratory_id], row.area, row.barcode, masking.name(form.name), masking.document(form.document),
        row.value, form.cts, form.sampled_at, row.at,
        tuple(
            Whose(pk, known[pk].code, known[pk].name, fits, matching.said(why)) for pk, fits, why in row.proposals if pk in known
        ),
    )  # fmt: skip
