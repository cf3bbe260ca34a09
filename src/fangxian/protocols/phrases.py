"""The short sentences that packs are written in, and their long forms.

====================  =====================================================================
cited value           ``7 d (cn-9 B)``; ``3 person (norm B legal checked §Art. 4)``; ``30 min (G)``
test days             ``1 2 3 5 7 (cn-9 B)``, ``1-7 (G)``, ``daily (G)``
clock                 ``2 h after diagnosed_at (cn-6 B)``, ``2 d before onset_at (G)``, ``isolated_at (G)``
condition             ``fever``, ``not protected``, ``distance_m <= 1 m (who A)``, ``setting in home|office``, ``always``
citation              ``cn-9 B §附件5``
====================  =====================================================================

The long form of each is a mapping with ``value``, ``unit``, ``source``, ``grade``, ``clause``, ``quote_checked``,
``kind`` and ``note`` (or ``cite`` for the short citation), plus ``anchor`` and ``before`` for a clock and ``fact`` and
``sign`` for a condition.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .citation import GENERAL, GRADES, Cited, Value
from .conditions import ALWAYS, SIGNS, AtLeast, Chosen, Compares, Condition, Holds, Not
from .duty import Due, Measures
from .nodes import Node
from .text import Flaw, Problem, Text
from .vocabulary import Fact, suggestion, terms, units

if TYPE_CHECKING:
    from .reader import Reading

_WITH_CITE = re.compile(r"^(?P<body>.*?)\s*\((?P<cite>(?:[^()]|\([^()]*\))*)\)$", re.DOTALL)
_DUE = re.compile(r"^(?:(?P<amount>\S+ \S+) (?P<side>after|before) )?(?P<anchor>\S+)$")
_LEAF = re.compile(r"^(?P<fact>[\w.]+)(?:\s*(?P<sign>>=|<=|>|<|=| in )\s*(?P<limit>.+))?$")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
_RANGE = re.compile(r"^(\d+)-(\d+)$")
_ANCHOR = re.compile(r"^(?P<kind>step|stage):(?P<key>\S+)$")
_PEDIGREE = ("source", "grade", "clause", "quote_checked", "kind", "note", "cite")
_DURATION = Measures("duration")
_MOMENT = "min"  # the unit of a clock that is its anchor itself


def read_cite(node: Node, path: str, reading: Reading) -> Cited:
    """A citation of a rule as a whole: ``cn-9 B §附件5``, or its long form."""
    if node.kind == "map":
        return _long(node, path, reading, None, "", ())
    return _pedigree(_text(node, path), node, path, reading)


def read_cited(node: Node, path: str, reading: Reading, measures: Measures) -> Cited:
    """A cited value of the kind that the field allows."""
    if node.kind == "map":
        body = _text(node.children().get("value") or node, path)
        if "unit" in node.children():
            body += " " + _text(node.children()["unit"], path)
        return _long(node, path, reading, measures, body, ("value", "unit"))
    body, cite = _split(_text(node, path))
    return _valued(body, _cite_or_inherited(cite, node, path, reading), measures, node, path)


def read_due(node: Node, path: str, reading: Reading) -> Due:
    """A clock: an anchor, or an amount of time after or before it."""
    if node.kind == "map":
        given = node.children()
        if "anchor" not in given:
            raise node.flaw(path, "缺少时间锚点 anchor", "the field 'anchor' is missing")
        anchor = _text(given["anchor"], path)
        body = _text(given["value"], path) + " " + _text(given["unit"], path) if {"value", "unit"} <= given.keys() else ""
        cited = _long(node, path, reading, _DURATION if body else None, body, ("value", "unit", "anchor", "before"))
        before = "before" in given and _text(given["before"], path) in ("true", "yes")
    else:
        sentence, cite = _split(_text(node, path))
        found = _DUE.match(" ".join(sentence.split()))
        if not found:
            raise node.flaw(path, f"无法理解“{sentence}”，应如 2 h after diagnosed_at",
                            f"cannot read {sentence!r}; write for example: 2 h after diagnosed_at")
        cited = _cite_or_inherited(cite, node, path, reading)
        if found["amount"]:
            cited = _valued(found["amount"], cited, _DURATION, node, path)
        anchor, before = found["anchor"], found["side"] == "before"
    _check_anchor(anchor, node, path)
    if cited.value is None:
        cited = cited.of(0, _MOMENT)
    if cited.number < 0:
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
                raise node.flaw(path, f"{len(items)} 项中不可能有 {cited.value} 项", f"cannot have {cited.value} of {len(items)}")
            return AtLeast(int(cited.number), items, cited)
    words = ", ".join(given)
    raise node.flaw(path, f"条件应为 all、any、not 或 at_least + of，而不是：{words}",
                    f"a condition is one of all, any, not, or at_least with of; found: {words}")


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
    sentence, cite = _split(node.scalar)
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
    pedigree = _cite_or_inherited(cite, node, path, reading)
    return _compared(fact, sign, _valued(limit, pedigree, Measures("any"), node, path), node, path, reading)


def _long_leaf(node: Node, path: str, reading: Reading) -> Condition:
    given = node.children()
    fact = _known_fact(_text(given["fact"], path), node, path, reading)
    sign = _text(given["sign"], path) if "sign" in given else "="
    if sign not in SIGNS or "value" not in given:
        raise node.flaw(path, "长格式条件须有 sign 和 value", "the long form of a condition needs 'sign' and 'value'")
    body = _text(given["value"], path) + (" " + _text(given["unit"], path) if "unit" in given else "")
    limit = _long(node, path, reading, Measures("any"), body, ("fact", "sign", "value", "unit"))
    return _compared(fact, sign, limit, node, path, reading)


def _compared(fact: Fact, sign: str, limit: Cited, node: Node, path: str, reading: Reading) -> Compares:
    if isinstance(limit.value, bool) or not isinstance(limit.value, int | float):
        raise node.flaw(path, f"“{limit.value}”不是数值", f"{limit.value!r} is not a number")
    if limit.unit != fact.unit:
        raise node.flaw(path, f"“{fact.key}”的单位应为 {fact.unit}，而不是 {limit.unit or '无单位'}",
                        f"{fact.key!r} is measured in {fact.unit}, not in {limit.unit or 'nothing'}")
    reading.values[path] = limit
    return Compares(fact, sign, limit)


def _chosen(fact: Fact, sign: str, limit: str, node: Node, path: str) -> Chosen:
    if sign not in ("=", "in"):
        raise node.flaw(path, f"“{fact.key}”只能用 = 或 in", f"{fact.key!r} can only be compared with = or in")
    choices = tuple(choice.strip() for choice in limit.split("|"))
    for choice in choices:
        if choice not in fact.values:
            more = suggestion(choice, fact.values)
            raise node.flaw(path, f"“{fact.key}”没有值“{choice}”{more.zh}", f"{fact.key!r} has no value {choice!r}{more.en}")
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


def _split(sentence: str) -> tuple[str, str | None]:
    found = _WITH_CITE.match(sentence)
    return (found["body"], found["cite"]) if found else (sentence, None)


def _cite_or_inherited(cite: str | None, node: Node, path: str, reading: Reading) -> Cited:
    if cite is not None:
        return _pedigree(cite, node, path, reading)
    if reading.inherited is None:
        raise node.flaw(path, "数值没有出处，请在其后写（来源 等级），如 (cn-9 B)；一般知识写 (G)",
                        "the value has no source: add (source grade), such as (cn-9 B), or (G) for general knowledge")
    return reading.inherited.of(None)


def _pedigree(cite: str, node: Node, path: str, reading: Reading) -> Cited:
    words, mark, clause = cite.partition("§")
    found: dict[str, Any] = {"clause": clause.strip() or None}
    if mark and not found["clause"]:
        raise node.flaw(path, "§ 之后应有条款", "a clause must follow §")
    source, *rest = words.split() or [""]
    if source == "G" and not rest:
        source, rest = GENERAL, ["G"]
    for word in rest:
        if word in GRADES:
            found["grade"] = word
        elif word == "checked":
            found["quote_checked"] = True
        elif word in ("legal", "practice"):
            found["kind"] = word
        else:
            raise node.flaw(path, f"出处中“{word}”无法理解；等级为 A、B、C 或 G，其余可用 checked、legal、practice",
                            f"cannot read {word!r} in the citation: grades are A, B, C, G; other words checked, legal, practice")
    return _built(source, found, node, path, reading)


def _built(source: str, found: dict[str, Any], node: Node, path: str, reading: Reading) -> Cited:
    document = reading.sources.get(source)
    if document is None:
        more = suggestion(source, reading.sources)
        raise node.flaw(path, f"sources 中没有来源“{source}”{more.zh}", f"no source {source!r} in 'sources'{more.en}")
    if "grade" not in found:
        raise node.flaw(path, "出处缺少等级 A、B、C 或 G", "the citation has no grade: A, B, C or G")
    if source == GENERAL and found["grade"] != "G":
        raise node.flaw(path, "一般知识的等级只能是 G", "general knowledge can only have grade G")
    if found["grade"] == "G" and (found.get("clause") or found.get("quote_checked")):
        raise node.flaw(path, "G 级数值未在文件中找到，不能有条款或“引文已核对”",
                        "a value of grade G was not found in a document: it has neither a clause nor a checked quotation")
    return Cited(None, None, source, document=document, **{"kind": document.kind, **found})


def _long(
    node: Node, path: str, reading: Reading, measures: Measures | None, body: str, own: tuple[str, ...]
) -> Cited:
    given = node.children()
    problems: list[Problem] = []
    for name, child in given.items():
        if name not in (*own, *_PEDIGREE):
            more = suggestion(name, (*own, *_PEDIGREE))
            problems += child.flaw(f"{path}/{name}", f"未知字段“{name}”{more.zh}", f"unknown field {name!r}{more.en}").problems
    if problems:
        raise Flaw(*problems)
    if "cite" in given:
        pedigree = _pedigree(_text(given["cite"], path), node, path, reading)
    elif "source" in given:
        found: dict[str, Any] = {}
        for name in ("grade", "clause", "kind"):
            if name in given and not given[name].is_null:
                found[name] = _text(given[name], f"{path}/{name}")
        for name, known in (("grade", GRADES), ("kind", ("legal", "practice"))):
            if found.get(name, known[0]) not in known:
                raise given[name].flaw(f"{path}/{name}", f"“{found[name]}”不可用", f"{found[name]!r} is not one of {', '.join(known)}")
        if "quote_checked" in given:
            found["quote_checked"] = _text(given["quote_checked"], path) in ("true", "yes")
        pedigree = _built(_text(given["source"], path), found, node, path, reading)
    else:
        pedigree = _cite_or_inherited(None, node, path, reading)
    if "note" in given and not given["note"].is_null:
        from .reader import read

        note: Text = read(Text, given["note"], f"{path}/note", reading)
        pedigree = replace(pedigree, note=note)
    return _valued(body, pedigree, measures, node, path) if measures else pedigree


def _valued(body: str, pedigree: Cited, measures: Measures, node: Node, path: str) -> Cited:
    if measures.words:
        if body not in measures.words:
            more = suggestion(body, measures.words)
            raise node.flaw(path, f"“{body}”不可用{more.zh}", f"{body!r} is not allowed here{more.en}")
        return pedigree.of(body)
    if "days" in measures.what:
        return pedigree.of(_days(body, node, path))
    if body in ("yes", "no", "true", "false") and {"yes/no", "any"} & set(measures.what):
        return pedigree.of(body in ("yes", "true"))
    if "yes/no" in measures.what:
        raise node.flaw(path, f"“{body}”应为 yes 或 no", f"{body!r} must be yes or no")
    *amounts, last = body.split() or [""]
    unit = None if _NUMBER.match(last) else last
    if unit is None:
        amounts.append(last)
    if not amounts or not all(_NUMBER.match(amount) for amount in amounts):
        raise node.flaw(path, f"“{body}”不是“数值 单位”", f"{body!r} is not a number with its unit")
    if unit is not None and unit not in units():
        more = suggestion(unit, units())
        raise node.flaw(path, f"未知单位“{unit}”{more.zh}", f"unknown unit {unit!r}{more.en}")
    measured = units()[unit].measures if unit else "nothing"
    if "any" not in measures.what and measured not in measures.what:
        wanted = " / ".join(key for key, known in units().items() if known.measures in measures.what)
        raise node.flaw(path, f"单位“{unit or '无'}”不适用，应为 {wanted}", f"the unit must be one of {wanted}, not {unit or 'none'}")
    numbers: tuple[int | float, ...] = tuple(float(n) if "." in n else int(n) for n in amounts)
    value: Value = numbers if len(numbers) > 1 else numbers[0]
    if isinstance(value, tuple) and "any" not in measures.what:
        raise node.flaw(path, "这里只能有一个数值", "only one number is allowed here")
    return pedigree.of(value, unit)


def _days(body: str, node: Node, path: str) -> Value:
    if body == "daily":
        return "daily"
    found: list[int] = []
    for part in body.replace(",", " ").split():
        span = _RANGE.match(part)
        if span:
            found += range(int(span[1]), int(span[2]) + 1)
        elif part.isdecimal():
            found.append(int(part))
        else:
            raise node.flaw(path, f"“{part}”不是天数，应如 1 2 3 5 7、1-7 或 daily", f"{part!r} is no day: write 1 2 3 5 7, 1-7 or daily")
    if not found or found != sorted(set(found)) or found[0] < 1 or found[-1] > 400:
        raise node.flaw(path, "天数应从 1 起递增、不重复且不超过 400", "days count from 1, rise, do not repeat and do not exceed 400")
    return tuple(found)


def _text(node: Node, path: str) -> str:
    if node.kind != "scalar" or node.is_null:
        raise node.flaw(path, "应为单个值", "must be a single value")
    return node.scalar



def leaf_head(sentence: str) -> tuple[str, str] | None:
    """The fact and the sign of a condition on a number; None for any other sentence."""
    body, _ = _split(sentence.removeprefix("not "))
    found = _LEAF.match(body)
    return (found["fact"], found["sign"].strip()) if found and (found["sign"] or "").strip() in SIGNS else None
