"""A pack as a person reads it: definitions, windows, categories, duties with their deadlines, zones, thresholds, each with its citation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fangxian.text import Text, listed

from .citation import Cited
from .conditions import ALWAYS, Condition
from .duty import DutyRule
from .pack import Pack
from .vocabulary import terms

_NOTHING = Text("", "")


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a pack says: its name, what it says, the citation it rests on, and what belongs below it."""

    name: Text
    says: Text = _NOTHING
    cited: Cited | None = None
    below: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of a pack, by its key: definitions, window, categories, duties, zones, isolation, codes … parameters."""

    key: str
    name: Text
    points: tuple[Point, ...]


def sections(pack: Pack) -> tuple[Section, ...]:
    """The chapters of a pack that say anything, in the order in which one reads them."""
    found = (
        Section("definitions", Text("病例定义", "Case definitions"), tuple(_definitions(pack))),
        Section("window", Text("传染期", "Infectious window"), tuple(_window(pack))),
        Section("categories", Text("接触类别", "Exposure categories"), tuple(_categories(pack))),
        Section("duties", Text("任务与时限", "Duties and deadlines"), tuple(map(_duty, pack.duties.values()))),
        Section("zones", Text("风险区", "Zones"), tuple(_zones(pack))),
        Section("isolation", Text("集中隔离", "Isolation sites"), tuple(_isolation(pack))),
        Section(
            "codes",
            Text("健康码", "Health code"),
            tuple(Point(one.name, one.when.text, one.cite) for one in pack.codes),
        ),
        Section("thresholds", Text("阈值与目标", "Thresholds and targets"), tuple(_thresholds(pack))),
        Section("retention", Text("保存期限", "Retention"), tuple(_retention(pack))),
        Section("parameters", Text("参数", "Parameters"), tuple(_parameters(pack))),
    )
    return tuple(section for section in found if section.points)


def _definitions(pack: Pack) -> Iterator[Point]:
    yield Point(Text("报告时限", "Report within"), pack.report.within.text, pack.report.within)
    for one in pack.cases:
        yield Point(one.name, one.when.text, one.cite)


def _window(pack: Pack) -> Iterator[Point]:
    for one in pack.infectious:
        until = Text("止：", "until ").joined(one.to.text) if one.to else _NOTHING
        if_so = Text("当 ", "when ").joined(one.when.text) if one.when != ALWAYS else _NOTHING
        yield Point(Text("起：", "from ").joined(one.from_.text), _together(until, if_so), one.from_.offset)


def _categories(pack: Pack) -> Iterator[Point]:
    for one in pack.exposure.categories if pack.exposure else ():
        below = tuple(Point(criterion.name, _NOTHING, criterion.cite or one.cite) for criterion in one.criteria)
        yield Point(_switched(one.name, on=one.is_on), _NOTHING, one.cite, below)


def _duty(rule: DutyRule) -> Point:
    opened = listed(terms("moments")[moment] for moment in rule.opens.moments)
    below = [Point(Text("触发", "Opened when"), opened)]
    for stage in rule.stages:
        length = stage.length.text if stage.length else rule.say(stage.to) if stage.to else _NOTHING
        says = Text("自 ", "from ").joined(rule.say(stage.from_)).joined(Text("，", ", ")).joined(length)
        below.append(Point(stage.name, says, stage.length or (stage.to.offset if stage.to else None)))
    for step in rule.steps:
        when = step.on_days.text if step.on_days else rule.say(step.due) if step.due else _NOTHING
        who = (
            terms("levels")[step.level].joined(terms("roles")[step.role], " ")
            if step.level
            else terms("roles")[step.role]
        )
        below.append(Point(step.name, _together(who, when), step.citation))
    if rule.release:
        needs = [rule.say(rule.release.after)] if rule.release.after else []
        needs += [need.name for need in rule.release.needs]
        needs += [_said(rule.release.where)] if rule.release.where != ALWAYS else []
        below.append(Point(Text("解除条件", "Released when"), listed(needs)))
    below.append(Point(Text("结局", "Outcomes"), listed(terms("outcomes")[outcome] for outcome in rule.outcomes)))
    below.append(Point(Text("逾期上报间隔", "Escalates every"), rule.escalate.text, rule.escalate))
    family = Text("法定", "legal duty") if rule.family == "legal" else Text("良好实践", "good practice")
    return Point(rule.name, family, None, tuple(below))


def _zones(pack: Pack) -> Iterator[Point]:
    for level in pack.zones.levels if pack.zones else ():
        below = tuple(Point(measure.name) for measure in level.measures)
        yield Point(_switched(level.name, on=level.is_on), _said(level.when), level.cite, below)
    for lift in pack.zones.lift if pack.zones else ():
        yield Point(_switched(lift.name, on=lift.is_on), lift.when.text, lift.cite)


def _isolation(pack: Pack) -> Iterator[Point]:
    rules = pack.isolation
    if rules is None:
        return
    names = {one.key: one.name for one in rules.classes}
    below = tuple(
        Point(
            one.name,
            Text("可与同区：", "may share with ").joined(listed(names[key] for key in one.mixes))
            if one.mixes
            else Text("不与其他类别交叉", "apart from every other class"),
            one.cite,
        )
        for one in rules.classes
    )
    yield Point(Text("人员分类", "Classes of people"), _NOTHING, rules.cite, below)
    for name, value in (
        (Text("每间房人数", "People in a room"), rules.room),
        (Text("每日健康监测次数", "Checks a day"), rules.checks),
        (Text("通道使用间隔", "A passage belongs to one class for"), rules.slot),
        (Text("车辆趟次间终末消毒", "A vehicle is cleaned between trips for"), rules.clean),
        (Text("交接环节之间最长", "Nobody is between two links for longer than"), rules.between),
        (Text("一次延长最多", "One extension at most"), rules.extension),
    ):
        yield Point(name, value.text, value)


def _thresholds(pack: Pack) -> Iterator[Point]:
    for one in pack.thresholds:
        says = Text("≥ ", "≥ ").joined(one.count.text)
        if one.within:
            says = says.joined(one.within.text, " / ")
        yield Point(one.name, _together(says, one.scope), one.count)
    for target in pack.targets:
        yield Point(target.name, target.within.text, target.within)
    for post in pack.posts:
        yield Point(post.name, post.tests.text.joined(post.every.text, " / "), post.tests)


def _retention(pack: Pack) -> Iterator[Point]:
    for one in pack.retention:
        limit = one.at_most or one.at_least
        word = Text("至多 ", "at most ") if one.at_most else Text("至少 ", "at least ")
        yield Point(one.name, word.joined(limit.text) if limit else _NOTHING, limit or one.cite)


def _parameters(pack: Pack) -> Iterator[Point]:
    for group in pack.parameters:
        below = tuple(Point(one.name, one.value.text, one.value) for one in group.values)
        yield Point(group.name, _NOTHING, None, below)


def _said(condition: Condition) -> Text:
    return condition.text if condition != ALWAYS else _NOTHING


def _switched(name: Text, *, on: bool) -> Text:
    return name if on else name.joined(Text("（未启用）", " (off)"))


def _together(*parts: Text) -> Text:
    """What is said in several parts, those that say nothing left out."""
    found = [part for part in parts if part.en]
    return found[0] if len(found) == 1 else listed(found) if found else _NOTHING
