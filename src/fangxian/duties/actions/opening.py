"""How duties begin: a moment has come for some subjects, and every rule that names it opens what is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fangxian.core import bulk, clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.duties import packs, planning
from fangxian.duties.actions.writing import post_out
from fangxian.duties.coverage import Tally
from fangxian.duties.models import Duty, Step
from fangxian.duties.subjects import Subject
from fangxian.protocols import DutyRule
from fangxian.registry.queries import Responsibility

DUTY_COLUMNS = "id kind pack subject_kind subject_id area anchors state outcome reason opened_at".split()
Wanted = tuple[DutyRule, str, Subject]


@action
def open_due(
    by: Actor, moment: str, due: Sequence[Subject], *, responsibility: Responsibility | None = None
) -> list[int]:
    """Open every duty that the subjects' packs name for this moment; ids of those opened.

    The caller has checked the right to bring the moment about. A subject that already has (or had) a duty of the kind gets
    no second one, so the call may be repeated.
    """
    wanted = _without_duty(_matching(moment, due))
    if not wanted:
        return []
    who = (responsibility or Responsibility()).about(subject.area for _rule, _ref, subject in wanted)
    desk, tally, now = _Desk(who), Tally(), clock.now()
    ids = bulk.reserve_ids(Duty, len(wanted))
    duty_rows: list[tuple[Any, ...]] = []
    step_rows: list[tuple[Any, ...]] = []
    for pk, (rule, ref, subject) in zip(ids, wanted, strict=True):
        sheet, posts = desk.sheet(rule, subject), desk.posts(rule, subject)
        duty_rows.append(
            (pk, rule.kind, ref, subject.kind, subject.id, subject.area, sheet.anchors, Duty.OPEN, "", "", now)
        )
        head = (pk, rule.kind, subject.area)
        step_rows += [head + what + posts[holder] + when for holder, what, when in sheet.steps]
        for due_at, done_at in sheet.clocks:
            tally.due(subject.area, rule.kind, due_at)
            if done_at is not None:
                tally.settled(subject.area, rule.kind, due_at, done_at)
        record(
            by, "duty.opened", ("duty", pk), area=subject.area, basis=planning.basis(ref),
            data={
                "kind": rule.kind, "pack": ref, "subject": [subject.kind, subject.id], "moment": moment,
                "anchors": sheet.anchors, "done": sheet.done,
                "owners": {planning.holder_out(holder): posts[holder] for holder in sheet.holders},
            },
        )  # fmt: skip
    bulk.insert(Duty, DUTY_COLUMNS, duty_rows)
    bulk.insert(Step, planning.STEP_COLUMNS, step_rows)
    tally.write()
    return list(ids)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The steps of a rule under one set of clocks, which many subjects share: (holder, what, when) for each, ready to be written."""

    anchors: dict[str, str]
    done: dict[str, str]
    steps: list[tuple[planning.Holder, tuple[Any, ...], tuple[Any, ...]]]
    clocks: list[tuple[datetime | None, datetime | None]]
    holders: tuple[planning.Holder, ...]


class _Desk:
    """Plans and posts worked out once for all subjects that share them: an import has thousands with the same days."""

    def __init__(self, responsibility: Responsibility) -> None:
        self._responsibility = responsibility
        self._sheets: dict[tuple[Any, ...], _Sheet] = {}
        self._posts: dict[tuple[Any, ...], dict[planning.Holder, tuple[Any, ...]]] = {}

    def sheet(self, rule: DutyRule, subject: Subject) -> _Sheet:
        key = (id(rule), tuple(subject.anchors.items()), tuple(subject.done.items()))
        if (found := self._sheets.get(key)) is None:
            found = self._sheets[key] = _sheet(rule, subject.anchors, subject.done)
        return found

    def posts(self, rule: DutyRule, subject: Subject) -> dict[planning.Holder, tuple[Any, ...]]:
        """Who answers for each (role, level) of the rule over this subject, as the columns of a step say it."""
        key = (id(rule), subject.area, tuple(subject.holders.items()))
        if (found := self._posts.get(key)) is None:
            found = self._posts[key] = {
                holder: post_out(planning.answering(holder, subject.area, subject.holders, self._responsibility))
                for holder in {(step.role, step.level) for step in rule.steps}
            }
        return found


def _sheet(rule: DutyRule, anchors: Mapping[str, datetime], done: Mapping[str, datetime]) -> _Sheet:
    plan = planning.plan(rule, anchors, done)
    return _Sheet(
        anchors=planning.anchors_out(anchors),
        done=planning.anchors_out(done),
        steps=[
            (planning.holder(step), planning.what(step), planning.when(rule, step, done.get(step.key))) for step in plan
        ],
        clocks=[(step.due_at, done.get(step.key)) for step in plan],
        holders=tuple(dict.fromkeys(map(planning.holder, plan))),
    )


def _matching(moment: str, due: Sequence[Subject]) -> list[Wanted]:
    refs: dict[int, str] = {}
    rules: dict[tuple[str, str], list[tuple[DutyRule, str]]] = {}
    wanted: list[Wanted] = []
    for one in due:
        if (found := rules.get((one.pack, one.area))) is None:
            pack = packs.pack(one.pack, one.area)
            candidates = [rule for rule in pack.duties.values() if moment in rule.opens.moments]
            if candidates and id(pack) not in refs:
                refs[id(pack)] = packs.reference(pack)
            found = rules[one.pack, one.area] = [(rule, refs[id(pack)]) for rule in candidates]
        wanted += [
            (rule, ref, one)
            for rule, ref in found
            if one.kind == rule.subject and rule.opens.matches(moment, one.facts)
        ]
    return wanted


def _without_duty(wanted: list[Wanted]) -> list[Wanted]:
    """Leave out those that have, or had, a duty of the kind."""
    ids: dict[str, set[int]] = {}
    for _rule, _ref, subject in wanted:
        ids.setdefault(subject.kind, set()).add(subject.id)
    known = {
        row
        for kind, members in ids.items()
        for row in Duty.objects.filter(subject_kind=kind, subject_id__in=members).values_list(
            "subject_kind", "subject_id", "kind"
        )
    }
    return [one for one in wanted if (one[2].kind, one[2].id, one[0].kind) not in known]
