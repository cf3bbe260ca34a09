"""Reading values with their pedigree: ``7 d (cn-9 B §附件5)``, and the long form of the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fangxian.text import Text

from .citation import DAILY, DAY, GENERAL, GRADES, Cited, Value
from .duty import Measures
from .nodes import Node
from .problems import Flaw, Problem
from .vocabulary import suggestion, units

if TYPE_CHECKING:
    from .reader import Reading

DURATION = Measures("duration")
_WITH_CITE = re.compile(r"^(?P<body>.*?)\s*\((?P<cite>(?:[^()]|\([^()]*\))*)\)$", re.DOTALL)
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
_RANGE = re.compile(r"^(\d+)-(\d+)$")
_PEDIGREE = ("source", "grade", "clause", "quote_checked", "kind", "note", "cite")


def read_cite(node: Node, path: str, reading: Reading) -> Cited:
    """A citation of a rule as a whole: ``cn-9 B §附件5``, or its long form."""
    if node.kind == "map":
        return long_form(node, path, reading, None)
    return _pedigree(scalar(node, path), node, path, reading)


def read_cited(node: Node, path: str, reading: Reading, measures: Measures) -> Cited:
    """A cited value of the kind that the field allows."""
    if node.kind == "map":
        if "value" not in node.children():
            raise node.flaw(path, "缺少字段“value”", "the field 'value' is missing")
        return long_form(node, path, reading, measures)
    body, cite = split(scalar(node, path))
    return valued(body, cite_or_inherited(cite, node, path, reading), measures, node, path)


def split(sentence: str) -> tuple[str, str | None]:
    """A sentence and the citation in brackets at its end, if it has one."""
    found = _WITH_CITE.match(sentence)
    return (found["body"], found["cite"]) if found else (sentence, None)


def cite_or_inherited(cite: str | None, node: Node, path: str, reading: Reading) -> Cited:
    """The pedigree that a citation names; without one, that of the rule around it."""
    if cite is not None:
        return _pedigree(cite, node, path, reading)
    if reading.inherited is None:
        raise node.flaw(
            path,
            "数值没有出处，请在其后写（来源 等级），如 (cn-9 B)；一般知识写 (G)",
            "the value has no source: add (source grade), such as (cn-9 B), or (G) for general knowledge",
        )
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
            raise node.flaw(
                path,
                f"出处中“{word}”无法理解；等级为 A、B、C 或 G，其余可用 checked、legal、practice",
                f"cannot read {word!r} in the citation: grades are A, B, C, G; other words checked, legal, practice",
            )
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
        raise node.flaw(
            path,
            "G 级数值未在文件中找到，不能有条款或“引文已核对”",
            "a value of grade G was not found in a document: it has neither a clause nor a checked quotation",
        )
    return Cited(None, None, source, document=document, **{"kind": document.kind, **found})


def long_form(node: Node, path: str, reading: Reading, measures: Measures | None, own: tuple[str, ...] = ()) -> Cited:
    """A mapping with a pedigree and, unless a rule is cited as a whole, a value; ``own`` are the caller's fields."""
    given = node.children()
    own = (*own, "value", "unit") if measures else own
    problems: list[Problem] = []
    for name, child in given.items():
        if name not in (*own, *_PEDIGREE):
            more = suggestion(name, (*own, *_PEDIGREE))
            problems.append(
                child.problem(f"{path}/{name}", f"未知字段“{name}”{more.zh}", f"unknown field {name!r}{more.en}")
            )
    if problems:
        raise Flaw(*problems)
    if "cite" in given:
        pedigree = _pedigree(scalar(given["cite"], path), node, path, reading)
    elif "source" in given:
        found: dict[str, Any] = {}
        for name in ("grade", "clause", "kind"):
            if name in given and not given[name].is_null:
                found[name] = scalar(given[name], f"{path}/{name}")
        for name, known in (("grade", GRADES), ("kind", ("legal", "practice"))):
            if found.get(name, known[0]) not in known:
                raise given[name].flaw(
                    f"{path}/{name}", f"“{found[name]}”不可用", f"{found[name]!r} is not one of {', '.join(known)}"
                )
        if "quote_checked" in given:
            found["quote_checked"] = scalar(given["quote_checked"], path) in ("true", "yes")
        pedigree = _built(scalar(given["source"], path), found, node, path, reading)
    else:
        pedigree = cite_or_inherited(None, node, path, reading)
    if "note" in given and not given["note"].is_null:
        from .reader import read

        note: Text = read(Text, given["note"], f"{path}/note", reading)
        pedigree = replace(pedigree, note=note)
    if measures is None or "value" not in given:
        return pedigree
    body = " ".join(scalar(given[name], path) for name in ("value", "unit") if name in given)
    return valued(body, pedigree, measures, node, path)


def valued(body: str, pedigree: Cited, measures: Measures, node: Node, path: str) -> Cited:
    """The value that ``body`` spells, if it is of the kind that is wanted here."""
    if measures.words:
        if body not in measures.words:
            more = suggestion(body, measures.words)
            raise node.flaw(path, f"“{body}”不可用{more.zh}", f"{body!r} is not allowed here{more.en}")
        return pedigree.of(body)
    if "days" in measures.what:
        return pedigree.of(_days(body, node, path), DAY)
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
        raise node.flaw(
            path,
            f"单位“{unit or '无'}”不适用，应为 {wanted}",
            f"the unit must be one of {wanted}, not {unit or 'none'}",
        )
    numbers: tuple[int | float, ...] = tuple(float(n) if "." in n else int(n) for n in amounts)
    value: Value = numbers if len(numbers) > 1 else numbers[0]
    if isinstance(value, tuple) and "any" not in measures.what:
        raise node.flaw(path, "这里只能有一个数值", "only one number is allowed here")
    return pedigree.of(value, unit)


def _days(body: str, node: Node, path: str) -> Value:
    body = body.removesuffix(" " + DAY)  # as in the long form
    if body == DAILY:
        return DAILY
    found: list[int] = []
    for part in body.replace(",", " ").split():
        span = _RANGE.match(part)
        if span:
            found += range(int(span[1]), int(span[2]) + 1)
        elif part.isdecimal():
            found.append(int(part))
        else:
            raise node.flaw(
                path,
                f"“{part}”不是天数，应如 1 2 3 5 7、1-7 或 daily",
                f"{part!r} is no day: write 1 2 3 5 7, 1-7 or daily",
            )
    if not found or found != sorted(set(found)) or found[0] < 1 or found[-1] > 400:
        raise node.flaw(
            path,
            "天数应从 1 起递增、不重复且不超过 400",
            "days count from 1, rise, do not repeat and do not exceed 400",
        )
    return tuple(found)


def scalar(node: Node, path: str) -> str:
    """The text of a node that must be a single value."""
    if node.kind != "scalar" or node.is_null:
        raise node.flaw(path, "应为单个值", "must be a single value")
    return node.scalar
