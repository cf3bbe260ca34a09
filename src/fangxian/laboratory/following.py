"""What follows from a result: boxes that are through, members of a positive pool, a person's own positive. All within the action."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as cases
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import emit, record
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.duties import queries as duty_queries
from fangxian.laboratory import rules, subject
from fangxian.laboratory.events import MembersChanged, PoolPositive
from fangxian.laboratory.models import Box, Member, Positive, Swab, Tube
from fangxian.registry import queries as registry


def open_step(kind: str, about: tuple[str, int], key: str) -> Any:
    """The open step of a duty of this stage, if there is one."""
    return duty_queries.open_step(kind, about, key)


# ── boxes ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def leaves_box(tubes: Collection[Tube]) -> None:
    """Tubes turned up elsewhere: their box waits for them no more."""
    _fewer(Counter(one.box_id for one in tubes if one.box_id is not None))


def tubes_ended(tubes: Collection[Tube]) -> None:
    """Tubes have a result or came to nothing: of a box that is through, the duty is done."""
    counts = Counter(one.box_id for one in tubes if one.box_id is not None)
    _fewer(counts)
    box_done(counts)


def _fewer(counts: Mapping[int, int]) -> None:
    for pk, count in sorted(counts.items()):
        Box.objects.filter(pk=pk).update(waiting=F("waiting") - count)


def box_done(box_ids: Collection[int]) -> None:
    """The laboratory has told of every tube of these boxes: its duty is done."""
    for box in Box.objects.filter(pk__in=list(box_ids), waiting__lte=0, received_at__isnull=False).order_by("pk"):
        if (step := open_step(subject.RESULT, (subject.BOX, box.pk), subject.REPORTED)) is not None:
            duties.complete(SYSTEM, step.pk, through=subject.STAGE)


def waits_again(tube: Tube) -> None:
    """A tube of a box has no result any more: the box waits for it, and so does the duty."""
    if tube.box_id is None:
        return
    Box.objects.filter(pk=tube.box_id).update(waiting=F("waiting") + 1)
    _owed_again(subject.RESULT, (subject.BOX, tube.box_id), subject.REPORTED, _("A result was cancelled."))


# ── positives ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def positives(by: Actor, tubes: Sequence[Tube]) -> None:
    """Tubes that are positive now: a pool's members are held, a person's own result waits for a decision, things have no such."""
    inside: dict[int, list[int]] = {one.pk: [] for one in tubes}
    for tube_id, person_id in (
        Swab.objects.filter(tube__in=list(inside)).order_by("pk").values_list("tube_id", "person_id")
    ):
        inside[tube_id].append(person_id)
    for tube in tubes:
        record(
            by, "tube.positive", ("tube", tube.pk), area=tube.area,
            data={"code": tube.code, "people": tube.people, "ct": tube.ct},
        )  # fmt: skip
        if tube.people > 1:
            _hold(by, tube, inside[tube.pk])
        elif tube.people == 1:
            _to_be_decided(by, tube, inside[tube.pk][0])


def _hold(by: Actor, pool: Tube, people: Sequence[int]) -> None:
    """Everybody in a positive pool is told to stay, and is sampled alone against the clock."""
    homes = registry.traits(people)
    known = {one.person_id: one for one in Member.objects.filter(pool=pool)}
    own = _later_tubes(pool, people)
    for person in people:
        if person in known:
            Member.objects.filter(pk=known[person].pk).update(state=Member.HELD, ended_at=None)
            continue
        area = homes[person].area or pool.area
        Member.objects.create(
            pool=pool, person_id=person, area=area, pack=pool.pack, since=clock.now(), single_id=own.get(person)
        )
    members = list(Member.objects.filter(pool=pool, state=Member.HELD).order_by("pk"))
    again = [one for one in members if one.person_id in known]
    duties.open_due(by, subject.POOL, [subject.of_member(one) for one in members])
    for one in again:
        _owed_again(subject.FOLLOW_UP, (subject.MEMBER, one.pk), subject.RETEST, _("The pool is positive after all."))
    emit(PoolPositive(pool.pk, pool.area, len(members)))


def _later_tubes(pool: Tube, people: Sequence[int]) -> dict[int, int]:
    """Tubes of their own that members of a pool have given since, and whose result is still to come."""
    rows = Swab.objects.filter(
        person__in=list(people), tube__people=1, tube__sampled_at__gt=pool.sampled_at, tube__value=""
    ).exclude(tube__state__in=Tube.ENDED)
    return dict(rows.order_by("tube_id").values_list("person_id", "tube_id"))


def _to_be_decided(by: Actor, tube: Tube, person: int) -> None:
    """A person's own positive: noted on the case they have in this outbreak, else somebody decides whether they are one."""
    known = cases.by_person(tube.outbreak_id, registry.same_person(person)) if tube.outbreak_id is not None else {}
    case = next(iter(sorted(known.values())), None)
    values = {"person_id": person, "area": tube.area, "at": clock.now(), "reason": "", "by_name": "", "opened": False}
    home = registry.traits([person])[person].area
    values["area"] = home or tube.area
    values |= (
        {"state": Positive.CASE, "case_id": case, "decided_at": clock.now()}
        if case is not None
        else {"state": Positive.WAITING, "case_id": None, "decided_at": None}
    )
    one, fresh = Positive.objects.update_or_create(tube=tube, defaults=values)
    if case is not None:
        tell_case(case, {"pcr_positive": True})
        return
    if not duties.open_due(by, subject.POSITIVE, [subject.of_positive(one)]) and not fresh:
        _owed_again(subject.REPORT, (subject.SAMPLE, tube.pk), subject.DECIDE, _("The result is positive after all."))


def tell_case(case_id: int, facts: Mapping[str, Any]) -> None:
    """What the laboratory knows is noted on the card of a case, where it says otherwise."""
    (found,) = cases.facts_of([case_id]).values()
    differing = {name: value for name, value in facts.items() if found.facts.get(name) != value}
    if differing:
        changes: dict[str, Any] = {"facts": differing}
        if case_actions.amend_many(SYSTEM, [(found.code, changes)]):
            # What is left meets no definition: until a person says otherwise the case is held on the word of whoever reported it.
            changes["classification"] = rules.least_certain(packs.pack(found.pack, found.area))
            if refused := case_actions.amend_many(SYSTEM, [(found.code, changes)]):
                raise refused[0][1]


# ── members ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def members_told(tubes: Sequence[Tube]) -> None:
    """Single tubes of members of positive pools have a result: what they wait for is done, and how it ended is known."""
    of = {one.pk: one for one in tubes}
    told: list[int] = []
    for member in Member.objects.filter(single__in=list(of), state=Member.HELD).order_by("pk"):
        tube = of[member.single_id or 0]
        if tube.value not in (Member.NEGATIVE, Member.POSITIVE):
            Member.objects.filter(pk=member.pk).update(single=None)  # an indeterminate one is taken again
            continue
        told.append(member.pk)
        Member.objects.filter(pk=member.pk).update(state=tube.value, ended_at=clock.now())
        about, ending = (subject.MEMBER, member.pk), "confirmed" if tube.value == Member.POSITIVE else "refuted"
        if (step := open_step(subject.FOLLOW_UP, about, subject.RETEST)) is not None:
            evidence = {"result": tube.value, "tube": tube.code}
            duties.complete(SYSTEM, step.pk, evidence, through=subject.STAGE, outcome=ending)
        duties.end_all(SYSTEM, subject.MEMBER, {member.pk: (ending, _("Own tube %(code)s.") % {"code": tube.code})})
    _changed(told)


def _changed(members: Sequence[int]) -> None:
    if members:
        emit(MembersChanged(tuple(members)))


# ── undoing ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def undo(by: Actor, tube: Tube, reason: str) -> None:
    """Take back what followed from a tube's positive, or from its own result for a member of a pool. All of it leaves its line."""
    freed = list(Member.objects.filter(pool=tube, state=Member.HELD))
    Member.objects.filter(pk__in=[one.pk for one in freed]).update(state=Member.FREED, ended_at=clock.now())
    duties.end_all(SYSTEM, subject.MEMBER, {one.pk: ("refuted", reason) for one in freed})
    back = list(Member.objects.filter(single=tube, state__in=(Member.NEGATIVE, Member.POSITIVE)).order_by("pk"))
    for member in back:
        Member.objects.filter(pk=member.pk).update(state=Member.HELD, ended_at=None)
        _owed_again(subject.FOLLOW_UP, (subject.MEMBER, member.pk), subject.RETEST, reason)
    _changed([one.pk for one in (*freed, *back)])
    one = Positive.objects.filter(tube=tube).exclude(state=Positive.WITHDRAWN).select_related("tube").first()
    if one is not None:
        _withdraw(by, one, reason)


def _withdraw(by: Actor, one: Positive, reason: str) -> None:
    """A person's own positive does not hold: the proposal goes, and a case that rests on it alone goes with it or is put right."""
    before = one.state
    one.state, one.reason, one.decided_at, one.by_name = Positive.WITHDRAWN, reason, clock.now(), by.name
    one.save(update_fields=["state", "reason", "decided_at", "by_name"])
    record(
        by, "sample.withdrawn", (subject.SAMPLE, one.tube_id), area=one.area, data={"before": before, "reason": reason}
    )
    duties.end_all(SYSTEM, subject.SAMPLE, {one.tube_id: ("excluded", reason)})
    if one.case_id is None:
        return
    others = Positive.objects.filter(case_id=one.case_id, state=Positive.CASE).exclude(pk=one.pk)
    if others.exists():
        return
    (case,) = cases.facts_of([one.case_id]).values()
    if case.classification == "discarded":
        return
    if one.opened and not _worked_on(one.case_id):
        case_actions.discard(SYSTEM, case.code, reason)
    else:
        tell_case(one.case_id, {"pcr_positive": False})


def _worked_on(case_id: int) -> bool:
    """Whether a person has done anything yet that is owed about a case."""
    return any(
        step.done_by_id is not None for duty in duty_queries.of_subject("case", case_id) for step in duty.steps.all()
    )


def _owed_again(kind: str, about: tuple[str, int], key: str, reason: str) -> None:
    done = [
        step for duty in duty_queries.of_subject(*about) if duty.kind == kind for step in duty.steps.all() if step.key == key
    ]  # fmt: skip
    if done:
        duties.reopen(SYSTEM, max(done, key=lambda step: step.attempt).pk, reason)
