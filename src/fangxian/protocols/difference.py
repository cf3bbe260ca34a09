"""What differs between two packs, value by value, with the names a reader knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

from .citation import Cited
from .conditions import ALWAYS, AtLeast, Chosen, Compares, Holds, Not, limits
from .duty import Due
from .pack import Pack
from .reader import key_field, schema_of
from .text import Text


@dataclass(frozen=True)
class Difference:
    """One value that differs: its place in the file, its name, and what each pack says (None: nothing)."""

    path: str
    label: Text
    before: Text | None
    after: Text | None
    grades: tuple[str | None, str | None]


def diff(a: Pack, b: Pack) -> list[Difference]:
    """Every value of ``a`` and ``b`` that differs, by section. Sources and the packs' own names are left out."""
    left, right = ({leaf.path: leaf for leaf in _leaves(pack)} for pack in (a, b))
    found = []
    for path, leaf in {**right, **left}.items():
        before, after = left.get(path), right.get(path)
        if before is None or after is None or before.shown != after.shown:
            found.append(
                Difference(
                    path,
                    leaf.label,
                    before and before.shown,
                    after and after.shown,
                    (before and before.grade, after and after.grade),
                )
            )
    return sorted(found, key=lambda difference: list(_SECTIONS).index(difference.path.partition("/")[0]))


_FIELD_NAMES = {
    "after": Text("前置步骤", "after"),
    "also": Text("同样触发", "also opened by"),
    "at_least": Text("至少", "at least"),
    "at_most": Text("至多", "at most"),
    "by": Text("时刻", "by"),
    "cite": Text("出处", "citation"),
    "count": Text("数量", "count"),
    "day_one": Text("第 1 天", "day 1"),
    "due": Text("期限", "due"),
    "enabled": Text("启用", "in use"),
    "escalate": Text("逾期上报间隔", "escalation"),
    "every": Text("周期", "every"),
    "evidence": Text("凭据", "evidence"),
    "family": Text("性质", "family"),
    "first": Text("前几次", "first"),
    "from_": Text("起", "from"),
    "last": Text("后几次", "last"),
    "lasts": Text("有效期", "lasts"),
    "length": Text("时长", "length"),
    "level": Text("层级", "level"),
    "measures": Text("措施", "measures"),
    "of": Text("关联对象", "of"),
    "on": Text("触发", "opened by"),
    "on_days": Text("日次", "days"),
    "otherwise": Text("否则", "otherwise"),
    "outcomes": Text("结局", "outcomes"),
    "requires": Text("前提", "requires"),
    "ring": Text("圈层", "ring"),
    "role": Text("角色", "role"),
    "scope": Text("范围", "scope"),
    "since": Text("起算", "since"),
    "stage": Text("阶段", "stage"),
    "steps": Text("步骤", "steps"),
    "subject": Text("对象", "subject"),
    "tests": Text("检测次数", "tests"),
    "to": Text("止", "to"),
    "value": Text("值", "value"),
    "when": Text("条件", "when"),
    "where": Text("条件", "where"),
    "within": Text("期限", "within"),
}
_SECTIONS = {
    "report": Text("报告", "Report"),
    "cases": Text("病例定义", "Case definitions"),
    "infectious": Text("传染期", "Infectious window"),
    "duties": Text("义务", "Duties"),
    "exposure": Text("接触类别", "Exposure"),
    "zones": Text("风险区", "Zones"),
    "codes": Text("健康码", "Codes"),
    "thresholds": Text("阈值", "Thresholds"),
    "parameters": Text("参数", "Parameters"),
    "posts": Text("高风险岗位", "High-risk posts"),
    "retention": Text("留存", "Retention"),
    "targets": Text("时效目标", "Targets"),
}


class _Leaf(NamedTuple):
    path: str
    label: Text
    shown: Text
    grade: str | None


def _leaves(pack: Pack) -> Iterator[_Leaf]:
    for declared in fields(pack):
        if declared.name in _SECTIONS:
            yield from _below(getattr(pack, declared.name), declared.name, _SECTIONS[declared.name])


def _below(value: Any, path: str, label: Text) -> Iterator[_Leaf]:
    match value:
        case None | Text():
            return
        case Cited():
            yield _Leaf(path, label, value.text, value.grade)
        case Due():
            yield _Leaf(path, label, value.text, value.offset.grade)
        case Holds() | Chosen() | Compares() | Not() | AtLeast():
            if value != ALWAYS:
                cited = limits(value)
                yield _Leaf(path, label, value.text, cited[0].grade if cited else None)
        case tuple() if value and key_field(type(value[0])):
            for item in value:
                yield from _below(item, f"{path}/{item.key}", label)
        case tuple():
            if value:
                shown = Text(", ".join(map(str, value)), ", ".join(map(str, value)))
                yield _Leaf(path, label, shown, None)
        case dict():
            for key, item in value.items():
                yield from _below(item, f"{path}/{key}", label)
        case _ if is_dataclass(value):
            yield from _record(value, path, label)
        case _:
            yield _Leaf(path, label, Text(str(value), str(value)), None)


def _record(value: Any, path: str, label: Text) -> Iterator[_Leaf]:
    name = getattr(value, "name", None)
    if name:
        label = Text(f"{label.zh} › {name.zh}", f"{label.en} › {name.en}")
    for yaml_name, (declared, _) in schema_of(type(value)).items():
        if declared.name == "name":
            continue
        item = getattr(value, declared.name)
        field_name = _FIELD_NAMES.get(declared.name)
        below = (
            Text(f"{label.zh} › {field_name.zh}", f"{label.en} › {field_name.en}")
            if field_name and not _named(item)
            else label
        )
        yield from _below(item, f"{path}/{yaml_name}", below)


def _named(item: Any) -> bool:
    return isinstance(item, tuple) and bool(item) and bool(key_field(type(item[0])))
