"""What must hold across the fields of a pack: references meet, nothing waits for itself, every deadline is cited."""

from __future__ import annotations

from collections.abc import Iterator

from .duty import Due, DutyRule, Need, StepRule
from .pack import Pack
from .planning import stage_references
from .problems import Mark, Problem
from .vocabulary import facts, suggestion


def problems_of(pack: Pack, marks: dict[str, Mark]) -> list[Problem]:
    """Every breach, at the line of the field that it concerns."""
    return [
        Problem(*_place(field, marks), field, zh, en)
        for field, zh, en in (*_duties(pack), *_zones(pack), *_isolation(pack), *_local_facts(pack))
    ]


def _place(field: str, marks: dict[str, Mark]) -> tuple[str, int]:
    while field not in marks and "/" in field:
        field = field.rpartition("/")[0]
    mark = marks.get(field) or next(iter(marks.values()))
    return mark.file, mark.line


Breach = tuple[str, str, str]


def _duties(pack: Pack) -> Iterator[Breach]:
    for kind, rule in pack.duties.items():
        path = f"duties/{kind}"
        if not rule.steps:
            yield f"{path}/steps", "义务没有步骤", "the duty has no steps"
        if not rule.outcomes:
            yield f"{path}/outcomes", "义务没有结局", "the duty has no outcomes"
        for step in rule.steps:
            yield from _step(rule, step, f"{path}/steps/{step.key}")
        yield from _stages(rule, path)
        yield from _repeats(rule, path)
        yield from _circles(rule, path)
        yield from _release(rule, f"{path}/release")


def _step(rule: DutyRule, step: StepRule, path: str) -> Iterator[Breach]:
    keys = [known.key for known in rule.steps]
    if step.after is not None and step.after not in keys:
        more = suggestion(step.after, keys)
        yield f"{path}/after", f"没有步骤“{step.after}”{more.zh}", f"there is no step {step.after!r}{more.en}"
    if any(key == step.after or (step.due and step.due.anchor == f"step:{key}") for key in _endless(rule)):
        yield (
            path,
            "不能等待长度不固定的阶段中每天的步骤，请改用 stage:",
            "cannot wait for the daily step of a stage of no fixed length; wait for the stage instead",
        )
    if step.due:
        yield from _reference(rule, step.due, f"{path}/due")
    if bool(step.stage) != bool(step.on_days):
        yield path, "stage 与 days 必须同时出现", "'stage' and 'days' go together"
    if step.due and step.on_days:
        yield path, "due 与 days 只能有一个", "a step has either 'due' or 'days', not both"
    if not (step.due or step.on_days or step.cite):
        yield path, "步骤没有期限，也没有出处（cite）", "the step has neither a deadline nor a citation ('cite')"
    if step.by and not (step.on_days or (step.due and step.due.in_days)):
        yield f"{path}/by", "by 只用于按天计的期限", "'by' is for deadlines counted in days"
    stage = next((known for known in rule.stages if known.key == step.stage), None)
    if step.stage and stage is None:
        more = suggestion(step.stage, [known.key for known in rule.stages])
        yield f"{path}/stage", f"没有阶段“{step.stage}”{more.zh}", f"there is no stage {step.stage!r}{more.en}"
    if stage and stage.length and step.days and step.days[-1] > stage.length.delta.days > 0:
        last, length = step.days[-1], stage.length.delta.days
        yield (
            f"{path}/days",
            f"第 {last} 天超出阶段长度 {length} 天",
            f"day {last} is beyond the stage, which has {length} days",
        )
    if stage and not stage.length and step.days:
        yield f"{path}/days", "阶段长度不固定时只能用 daily", "a stage of no fixed length can only be visited 'daily'"


def _endless(rule: DutyRule) -> list[str]:
    """Daily steps whose last day is not known beforehand."""
    fixed = {stage.key for stage in rule.stages if stage.length}
    return [step.key for step in rule.steps if step.daily and step.stage not in fixed]


def _stages(rule: DutyRule, path: str) -> Iterator[Breach]:
    for stage in rule.stages:
        where = f"{path}/stages/{stage.key}"
        if bool(stage.length) == bool(stage.to):
            yield where, "阶段须有 length 或 to 之一", "a stage has either 'length' or 'to'"
        for name, due in (("from", stage.from_), ("to", stage.to)):
            if due:
                yield from _reference(rule, due, f"{where}/{name}")
        if stage.length and (stage.length.delta.days < 1 or stage.length.unit in ("min", "h")):
            yield f"{where}/length", "阶段至少一天，以天计", "a stage is at least one day long, in days"


def _reference(rule: DutyRule, due: Due, path: str) -> Iterator[Breach]:
    kind, colon, key = due.anchor.partition(":")
    if not colon:
        return
    key = key.removesuffix(".start") if kind == "stage" else key
    known = list(rule.step_keys if kind == "step" else (stage.key for stage in rule.stages))
    if key not in known:
        more = suggestion(key, known)
        noun = ("步骤", "step") if kind == "step" else ("阶段", "stage")
        yield path, f"没有{noun[0]}“{key}”{more.zh}", f"there is no {noun[1]} {key!r}{more.en}"


def _repeats(rule: DutyRule, path: str) -> Iterator[Breach]:
    seen: dict[str, str] = {}
    for step in rule.steps:
        for key in rule.planned_keys(step):
            if key in seen:
                yield (
                    f"{path}/steps/{step.key}",
                    f"步骤“{key}”与“{seen[key]}”同名",
                    f"the step {key!r} has the same key as one of {seen[key]!r}",
                )
            seen[key] = step.key


def _circles(rule: DutyRule, path: str) -> Iterator[Breach]:
    """Steps and stages that wait for one another in a ring."""
    waits: dict[str, set[str]] = {}
    for step in rule.steps:
        waits[f"steps/{step.key}"] = {*_awaited(rule, step.due), *([f"steps/{step.after}"] if step.after else [])}
        if step.stage:
            waits[f"steps/{step.key}"].add(f"stages/{step.stage}")
    for stage in rule.stages:
        waits[f"stages/{stage.key}"] = {
            *_awaited(rule, stage.from_),
            *_awaited(rule, stage.to),
            *(f"stages/{key}" for key in stage_references(stage)),
        }
    free: set[str] = set()
    while ready := {key for key, on in waits.items() if key not in free and not (on & waits.keys()) - free}:
        free |= ready
    stuck = [key for key in waits if key not in free]
    if not stuck:
        return
    walk = [stuck[0]]  # whatever is stuck waits for something stuck: following it must come round
    while (ahead := min(waits[walk[-1]] & set(stuck), key=stuck.index)) not in walk:
        walk.append(ahead)
    ring = walk[walk.index(ahead) :]
    start = min(ring, key=stuck.index)
    ring = ring[ring.index(start) :] + ring[: ring.index(start)] + [start]
    names = " → ".join(key.partition("/")[2] for key in ring)
    yield f"{path}/{start}", f"循环依赖：{names}", f"these wait for one another: {names}"


def _awaited(rule: DutyRule, due: Due | None) -> set[str]:
    kind, colon, key = due.anchor.partition(":") if due else ("", "", "")
    if not colon:
        return set()
    if kind == "stage":
        return {f"stages/{key.removesuffix('.start')}"}
    return {f"steps/{step.key}" for step in rule.steps if key in (step.key, *rule.planned_keys(step))}


def _release(rule: DutyRule, path: str) -> Iterator[Breach]:
    if rule.release is None:
        return
    if rule.release.after:
        yield from _reference(rule, rule.release.after, f"{path}/after")
    for need in rule.release.needs:
        if need.of is None and not any(_called(step, need) for step in rule.steps):
            more = suggestion(need.steps, [step.key for step in rule.steps])
            yield (
                f"{path}/needs/{need.key}/steps",
                f"没有步骤“{need.steps}”{more.zh}",
                f"there is no step {need.steps!r}{more.en}",
            )
    if rule.release.otherwise and rule.release.otherwise not in rule.outcomes:
        yield f"{path}/otherwise", "不在 outcomes 之中", "is not one of 'outcomes'"


def _called(step: StepRule, need: Need) -> bool:
    return step.key == need.steps or step.key.startswith(need.steps + ".")


def _zones(pack: Pack) -> Iterator[Breach]:
    if pack.zones is None:
        return
    keys = [level.key for level in pack.zones.levels]
    for level in pack.zones.levels:
        if not level.measures:
            yield f"zones/levels/{level.key}/measures", "该等级没有措施", "the level has no measures"
    known = [
        key for key, fact in {**facts(), **{fact.key: fact for fact in pack.facts}}.items() if fact.kind == "yes/no"
    ]
    for counted in pack.zones.counting:
        if counted.key not in known:
            more = suggestion(counted.key, known)
            yield (
                f"zones/counting/{counted.key}",
                f"没有是非事实“{counted.key}”{more.zh}",
                f"there is no yes/no fact {counted.key!r}{more.en}",
            )
    for rule in pack.zones.lift:
        for name, key in (("from", rule.from_), ("to", rule.to)):
            if key is not None and key not in keys:
                more = suggestion(key, keys)
                yield (
                    f"zones/lift/{rule.key}/{name}",
                    f"没有等级“{key}”{more.zh}",
                    f"there is no level {key!r}{more.en}",
                )
        if rule.from_ in keys and rule.to in keys and keys.index(rule.to) <= keys.index(rule.from_):
            yield f"zones/lift/{rule.key}/to", "只能降到更低的等级", "a zone can only be lifted to a lower level"


def _isolation(pack: Pack) -> Iterator[Breach]:
    if pack.isolation is None:
        return
    keys = [one.key for one in pack.isolation.classes]
    for one in pack.isolation.classes:
        for other in one.mixes:
            if other not in keys or other == one.key:
                more = suggestion(other, keys)
                yield (
                    f"isolation/classes/{one.key}/mixes",
                    f"没有可与之同区的类别“{other}”{more.zh}",
                    f"there is no other class {other!r}{more.en}",
                )


def _local_facts(pack: Pack) -> Iterator[Breach]:
    for fact in pack.facts:
        if fact.unit and fact.values:
            yield f"facts/{fact.key}", "事实不能既有单位又有取值", "a fact has either a unit or values"
