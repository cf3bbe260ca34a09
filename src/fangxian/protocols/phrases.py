"""The short sentences that packs are written in, and their long forms.

====================  =====================================================================
cited value           ``7 d (cn-9 B)``; ``3 person (norm B legal checked §Art. 4)``; ``30 min (G)``
test days             ``1 2 3 5 7 (cn-9 B)``, ``1-7 (G)``, ``daily (G)``
clock                 ``2 h after diagnosed_at (cn-6 B)``, ``2 d before onset_at (G)``, ``isolated_at (G)``
condition             ``fever``, ``not protected``, ``distance_m <= 1 m (who A)``, ``setting in home|office``
citation              ``cn-9 B §附件5``
====================  =====================================================================

The long form of each is a mapping with ``value``, ``unit``, ``source``, ``grade``, ``clause``, ``quote_checked``,
``kind`` and ``note`` (or ``cite`` for the short citation), plus ``anchor`` and ``before`` for a clock and ``fact`` and
``sign`` for a condition.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .citation import Cited
from .conditions import ALWAYS, SIGNS, AtLeast, Chosen, Compares, Condition, Holds, Not
from .duty import Due, Measures
from .nodes import Node
from .problems import Flaw, Problem
from .quotations import DURATION, cite_or_inherited, long_form, read_cited, scalar, split, valued
from .vocabulary import Fact, suggestion, terms

if TYPE_CHECKING:
    from .reader import Reading

_DUE = re.compile(r"^(?:(?P<amount>\S+ \S+) (?P<side>after|before) )?(?P<anchor>\S+)$")
_LEAF = re.compile(r"^(?P<fact>[\w.]+)(?:\s*(?P<sign>>=|<=|>|<|=| in )\s*(?P<limit>.+))?$")
_ANCHOR = re.compile(r"^(?:step|stage):\S+$")


def read_due(node: Node, path: str, reading: Reading) -> Due:
    """A clock: an anchor, or an amount of time after or before it."""
    if node.kind == "map":
        given = node.children()
        if "anchor" not in given:
            raise node.flaw(path, "缺少时间锚点 anchor", "the field 'anchor' is missing")
        anchor = scalar(given["anchor"], path)
        cited = long_form(node, path, reading, DURATION, ("anchor", "before"))
        before = "before" in given and scalar(given["before"], path) in ("true", "yes")
    else:
        sentence, cite = split(scalar(node, path))
        found = _DUE.match(" ".join(sentence.split()))
        if not found:
            raise node.flaw(
                path,
                f"无法理解“{sentence}”，应如 2 h after diagnosed_at",
                f"cannot read {sentence!r}; write for example: 2 h after diagnosed_at",
            )
        cited = cite_or_inherited(cite, node, path, reading)
        if found["amount"]:
            cited = valued(found["amount"], cited, DURATION, node, path)
        anchor, before = found["anchor"], found["side"] == "before"
    _check_anchor(anchor, node, path)
    if cited.value is not None and cited.number < 0:
        raise node.flaw(path, "时长不能为负，请用 before", "a length of time cannot be negative; use 'before'")
    return Due(anchor, cited, before)


def read_condition(node: Node, path: str, reading: Reading) -> Condition:
    """A condition: one sentence; a list, of which all must hold; or all, any, not, at_least … of."""
    if node.kind == "scalar":
        return ALWAYS if node.scalar == "always" else _leaf(node, path, reading)
    if node.kind == "list":
        items = _items(node, path, reading)
        return items[0] if len(items) == 1 else AtLeast(len(items), items)
    given = node.children()
    if "fact" in given:
        return _long_leaf(node, path, reading)
    match sorted(given):
        case ["not"]:
            return Not(read_condition(given["not"], f"{path}/not", reading))
        case ["all"]:
            items = _items(given["all"], f"{path}/all", reading)
            return items[0] if len(items) == 1 else AtLeast(len(items), items)
        case ["any"]:
            items = _items(given["any"], f"{path}/any", reading)
            return items[0] if len(items) == 1 else AtLeast(1, items)
        case ["at_least", "of"]:
            cited = read_cited(given["at_least"], f"{path}/at_least", reading, Measures("count"))
            reading.values[f"{path}/at_least"] = cited
            items = _items(given["of"], f"{path}/of", reading)
            if not 1 <= cited.number <= len(items):
                raise node.flaw(
                    path, f"{len(items)} 项中不可能有 {cited.value} 项", f"cannot have {cited.value} of {len(items)}"
                )
            return AtLeast(int(cited.number), items, cited)
    words = ", ".join(given)
    raise node.flaw(
        path,
        f"条件应为 all、any、not 或 at_least + of，而不是：{words}",
        f"a condition is one of all, any, not, or at_least with of; found: {words}",
    )


def _items(node: Node, path: str, reading: Reading) -> tuple[Condition, ...]:
    if node.kind != "list" or not node.items:
        raise node.flaw(path, "应为非空列表", "must be a list with at least one condition")
    problems: list[Problem] = []
    found = []
    for place, item in enumerate(node.items):
        try:
            found.append(read_condition(item, f"{path}/{place}", reading))
        except Flaw as flaw:
            problems += flaw.problems
    if problems:
        raise Flaw(*problems)
    return tuple(found)


def _leaf(node: Node, path: str, reading: Reading) -> Condition:
    sentence, cite = split(node.scalar)
    if sentence.startswith("not "):
        bare = Node("scalar", node.mark, node.scalar[4:].strip())
        return Not(_leaf(bare, path, reading))
    found = _LEAF.match(sentence)
    if not found:
        raise node.flaw(path, f"无法理解条件“{sentence}”", f"cannot read the condition {sentence!r}")
    fact = _known_fact(found["fact"], node, path, reading)
    sign, limit = (found["sign"] or "").strip(), found["limit"]
    if not sign:
        if fact.kind != "yes/no":
            raise node.flaw(path, f"“{fact.key}”须与一个值比较", f"{fact.key!r} has to be compared with a value")
        return Holds(fact)
    if fact.kind == "choice":
        return _chosen(fact, sign, limit, node, path)
    if fact.kind == "yes/no":
        raise node.flaw(path, f"“{fact.key}”只有是或否，不能比较", f"{fact.key!r} is yes or no and cannot be compared")
    if sign not in SIGNS:
        raise node.flaw(path, f"数值不能用“{sign}”", f"a number cannot be compared with {sign!r}")
    pedigree = cite_or_inherited(cite, node, path, reading)
    return _compared(fact, sign, valued(limit, pedigree, Measures("any"), node, path), node, path, reading)


def _long_leaf(node: Node, path: str, reading: Reading) -> Condition:
    given = node.children()
    fact = _known_fact(scalar(given["fact"], path), node, path, reading)
    sign = scalar(given["sign"], path) if "sign" in given else "="
    if sign not in SIGNS or "value" not in given:
        raise node.flaw(path, "长格式条件须有 sign 和 value", "the long form of a condition needs 'sign' and 'value'")
    limit = long_form(node, path, reading, Measures("any"), ("fact", "sign"))
    return _compared(fact, sign, limit, node, path, reading)


def _compared(fact: Fact, sign: str, limit: Cited, node: Node, path: str, reading: Reading) -> Compares:
    if isinstance(limit.value, bool) or not isinstance(limit.value, int | float):
        raise node.flaw(path, f"“{limit.value}”不是数值", f"{limit.value!r} is not a number")
    if limit.unit != fact.unit:
        raise node.flaw(
            path,
            f"“{fact.key}”的单位应为 {fact.unit}，而不是 {limit.unit or '无单位'}",
            f"{fact.key!r} is measured in {fact.unit}, not in {limit.unit or 'nothing'}",
        )
    reading.values[path] = limit
    return Compares(fact, sign, limit)


def _chosen(fact: Fact, sign: str, limit: str, node: Node, path: str) -> Chosen:
    if sign not in ("=", "in"):
        raise node.flaw(path, f"“{fact.key}”只能用 = 或 in", f"{fact.key!r} can only be compared with = or in")
    choices = tuple(choice.strip() for choice in limit.split("|"))
    for choice in choices:
        if choice not in fact.values:
            more = suggestion(choice, fact.values)
            raise node.flaw(
                path, f"“{fact.key}”没有值“{choice}”{more.zh}", f"{fact.key!r} has no value {choice!r}{more.en}"
            )
    return Chosen(fact, choices)


def _known_fact(name: str, node: Node, path: str, reading: Reading) -> Fact:
    if name not in reading.facts:
        more = suggestion(name, reading.facts)
        raise node.flaw(path, f"未知事实“{name}”{more.zh}", f"unknown fact {name!r}{more.en}")
    return reading.facts[name]


def _check_anchor(anchor: str, node: Node, path: str) -> None:
    if anchor in terms("anchors") or _ANCHOR.match(anchor):
        return
    more = suggestion(anchor, terms("anchors"))
    raise node.flaw(path, f"未知时间锚点“{anchor}”{more.zh}", f"unknown anchor {anchor!r}{more.en}")


def leaf_head(sentence: str) -> tuple[str, str] | None:
    """The fact and the sign of a condition on a number; None for any other sentence."""
    body, _ = split(sentence.removeprefix("not "))
    found = _LEAF.match(body)
    return (found["fact"], found["sign"].strip()) if found and (found["sign"] or "").strip() in SIGNS else None
