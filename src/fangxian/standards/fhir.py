"""FHIR R4 results: DiagnosticReport and Observation, alone, contained, or in a Bundle or Parameters, of any profile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from fangxian.standards.lab_results import (
    CANCELLED,
    CORRECTED,
    FINAL,
    PRELIMINARY,
    Code,
    LabResult,
    Quarantined,
    Reading,
    Unreadable,
    cycle,
    target,
    verdict,
)

Resource = dict[str, Any]

_STATUS = {"final": FINAL, "amended": CORRECTED, "corrected": CORRECTED, "appended": CORRECTED, "cancelled": CANCELLED,
           "entered-in-error": CANCELLED, "registered": PRELIMINARY, "partial": PRELIMINARY, "preliminary": PRELIMINARY,
           "unknown": PRELIMINARY}  # fmt: skip


def read(data: bytes) -> Reading:
    """All results of a file; one report (or an observation without one) is one message."""
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as fault:
        return _nothing("", f"不是 JSON（{fault}）", f"it is no JSON ({fault})")
    if not isinstance(whole, dict) or not isinstance(whole.get("resourceType"), str):
        return _nothing(
            "resourceType", "不是 FHIR 资源：没有 resourceType", "it is no FHIR resource: resourceType is missing"
        )
    return _Document(whole).read()


def _nothing(field: str, zh: str, en: str) -> Reading:
    why = Unreadable(field, zh, en)
    return Reading((), (Quarantined("1", why.field, why.reason),), 1)


class _Document:
    """The resources of a file, and how they refer to each other."""

    def __init__(self, whole: Resource) -> None:
        self.whole = whole
        self.named: dict[str, Resource] = {}
        self.all = list(self._walk(whole, ""))

    def _walk(self, resource: Resource, url: str) -> Iterator[Resource]:
        kind, key = resource.get("resourceType"), resource.get("id")
        yield resource
        for name in (url, f"{kind}/{key}" if key else ""):
            if name:
                self.named[name] = resource
        for inner in _dicts(resource.get("contained")):
            self.named[f"{id(resource)}#{inner.get('id')}"] = inner
            yield from self._walk(inner, "")
        for entry in _dicts(resource.get("entry")) if kind == "Bundle" else []:
            if isinstance(entry.get("resource"), dict):
                yield from self._walk(entry["resource"], str(entry.get("fullUrl") or ""))
        for one in _dicts(resource.get("parameter")) if kind == "Parameters" else []:
            if isinstance(one.get("resource"), dict):
                yield from self._walk(one["resource"], "")

    def find(self, reference: Any, of: Resource) -> Resource | None:
        """The resource that a reference of another means, if it is in the file."""
        text = str(reference.get("reference") or "") if isinstance(reference, dict) else ""
        if text.startswith("#"):
            return self.named.get(f"{id(of)}{text}")
        return self.named.get(text) or self.named.get("/".join(text.split("/")[-2:])) or next(
            (found for url, found in self.named.items() if text and url.endswith("/" + text)), None
        )  # fmt: skip

    def read(self) -> Reading:
        reports = [one for one in self.all if one["resourceType"] == "DiagnosticReport"]
        told: set[int] = set()
        results: list[LabResult] = []
        kept: list[Quarantined] = []
        for number, report in enumerate(reports, 1):
            name = _identifier(report) or str(report.get("id") or number)
            try:
                tests = list(self._tests(report, report))
                told |= {id(one) for one in tests}
                found = [self._result(name, one, report) for one in tests]
                if not found:
                    raise Unreadable(
                        "DiagnosticReport.result", "报告中没有检验结果，或所引用的 Observation 不在文件中",
                        "the report has no result, or the Observations that it refers to are not in the file",
                    )  # fmt: skip
                results += found
            except Unreadable as why:
                kept.append(Quarantined(name, why.field, why.reason))
        alone = [one for one in self.all if one["resourceType"] == "Observation" and id(one) not in told]
        messages = len(reports) + len(alone)
        for number, one in enumerate(alone, len(reports) + 1):
            name = _identifier(one) or str(one.get("id") or number)
            try:
                self._must_be_test(one)
                results.append(self._result(name, one, None))
            except Unreadable as why:
                kept.append(Quarantined(name, why.field, why.reason))
        if not messages:
            return _nothing(
                "resourceType", f"是 {self.whole['resourceType']}，其中没有检验报告（DiagnosticReport、Observation）",
                f"it is a {self.whole['resourceType']} without a DiagnosticReport or Observation",
            )  # fmt: skip
        return Reading(tuple(results), tuple(kept), messages)

    def _tests(self, of: Resource, report: Resource, above: frozenset[int] = frozenset()) -> Iterator[Resource]:
        """The observations of a report, and the members of panels in their place. A panel that leads back to itself ends there."""
        for reference in _dicts(of.get("result" if of is report else "hasMember")):
            found = self.find(reference, report)
            if found is None or found.get("resourceType") != "Observation" or id(found) in above:
                continue
            yield from list(self._tests(found, report, above | {id(found)})) or [found]

    def _must_be_test(self, one: Resource) -> None:
        categories = [code for each in _dicts(one.get("category")) for code in _codes(each)]
        if not one.get("specimen") and "laboratory" not in categories:
            what = "、".join(categories) or _text(one.get("code")) or "?"
            raise Unreadable(
                "Observation.category", f"不是检验结果（{what}）：没有标本，也未标为 laboratory",
                f"it is no laboratory result ({what}): it has no specimen and is not marked as laboratory",
            )  # fmt: skip

    def _result(self, name: str, one: Resource, report: Resource | None) -> LabResult:
        outer = report or one
        status = str(one.get("status") or "")
        if status not in _STATUS:
            raise Unreadable(
                "Observation.status", f"状态“{status}”未知或为空", f"the status “{status}” is unknown or missing"
            )
        if report and _STATUS.get(str(report.get("status"))) == CANCELLED:
            status = "cancelled"
        test = _code(one.get("code"))
        if not (test.code or test.text):
            raise Unreadable("Observation.code", "没有写明是什么检验", "it does not say what was tested")
        words, cts = _words(one), _cycles(one, test)
        specimen = self.find(one.get("specimen"), outer) or next(
            (found for each in _dicts(outer.get("specimen")) if (found := self.find(each, outer))), None
        )  # fmt: skip
        person = self.find(one.get("subject"), outer) or self.find(outer.get("subject"), outer) or {}
        lab = next((found for each in _dicts(outer.get("performer")) if (found := self.find(each, outer))), {})
        return LabResult(
            message=name, test=test, status=_STATUS[status], value=verdict(words), value_text=words[-1] if words else "", cts=cts,
            specimens=_specimens(specimen), specimen_type=_text((specimen or {}).get("type")), report=_identifier(outer),
            laboratory=str(lab.get("name") or "") if isinstance(lab.get("name"), str) else "",
            sampled_at=_collected(specimen) or _time(one, "effectiveDateTime", "Observation"),
            tested_at=_time(one, "issued", "Observation") or _time(outer, "issued", outer["resourceType"]),
            person_ids=tuple(str(each["value"]) for each in _dicts(person.get("identifier")) if each.get("value")),
            name=_name(person), phone=_phone(person),
            born=_day(person),
        )  # fmt: skip


def _dicts(value: Any) -> list[Resource]:
    return (
        [one for one in value if isinstance(one, dict)]
        if isinstance(value, list)
        else [value]
        if isinstance(value, dict)
        else []
    )


def _codes(concept: Any) -> list[str]:
    return (
        [str(one["code"]) for one in _dicts((concept or {}).get("coding")) if one.get("code")]
        if isinstance(concept, dict)
        else []
    )


def _text(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    return str(
        concept.get("text") or next((one["display"] for one in _dicts(concept.get("coding")) if one.get("display")), "")
    )


def _code(concept: Any) -> Code:
    first = next(iter(_dicts(concept.get("coding"))), {}) if isinstance(concept, dict) else {}
    return Code(
        str(first.get("code") or ""), str(first.get("system") or ""), str(first.get("display") or "") or _text(concept)
    )


def _words(one: Resource) -> list[str]:
    """Everything that the observation says of its outcome: interpretation, coded value, words."""
    words = [code for each in _dicts(one.get("interpretation")) for code in _codes(each)]
    coded = one.get("valueCodeableConcept")
    words += _codes(coded) + ([_text(coded)] if coded else [])
    if isinstance(one.get("valueString"), str):
        words.append(one["valueString"])
    if isinstance(one.get("valueBoolean"), bool):
        words.append("positive" if one["valueBoolean"] else "negative")
    quantity = one.get("valueQuantity")
    if isinstance(quantity, dict):
        words.append(
            f"{quantity.get('comparator') or ''}{quantity.get('value', '')} {quantity.get('unit') or ''}".strip()
        )
    return words


def _cycles(one: Resource, test: Code) -> dict[str, float | None]:
    """Threshold cycles: of the observation itself, and of its components."""
    found: dict[str, float | None] = {}
    for part, code in [(one, test), *((each, _code(each.get("code"))) for each in _dicts(one.get("component")))]:
        quantity, aim = part.get("valueQuantity"), target(code)
        if aim and isinstance(quantity, dict):
            found[aim] = cycle(str(quantity.get("value", "")), "Observation.valueQuantity")
    return found


def _identifier(resource: Resource) -> str:
    return next((str(one["value"]) for one in _dicts(resource.get("identifier")) if one.get("value")), "")


def _specimens(specimen: Resource | None) -> tuple[str, ...]:
    if specimen is None:
        return ()
    each = [*_dicts(specimen.get("accessionIdentifier")), *_dicts(specimen.get("identifier"))]
    return tuple(dict.fromkeys(str(one["value"]) for one in each if one.get("value")))


def _collected(specimen: Resource | None) -> datetime | None:
    return _time((specimen or {}).get("collection") or {}, "collectedDateTime", "Specimen.collection")


def _time(of: Resource, name: str, kind: str) -> datetime | None:
    text = of.get(name) if isinstance(of, dict) else None
    if not isinstance(text, str) or not text:
        return None
    try:
        return (
            datetime.fromisoformat(text if len(text) != 4 else f"{text}-01-01")
            if len(text) != 7
            else datetime.fromisoformat(f"{text}-01")
        )
    except ValueError:
        raise Unreadable(f"{kind}.{name}", f"时间“{text[:30]}”不成立", f"“{text[:30]}” is no time") from None


def _phone(person: Resource) -> str:
    return next(
        (str(one.get("value") or "") for one in _dicts(person.get("telecom")) if one.get("system") == "phone"), ""
    )


def _day(person: Resource) -> date | None:
    found = _time(person, "birthDate", "Patient")
    return found.date() if found else None


def _name(person: Resource) -> str:
    first = next(iter(_dicts(person.get("name"))), {})
    if first.get("text"):
        return str(first["text"])
    given = " ".join(str(one) for one in first.get("given") or [] if one)
    return f"{given} {first.get('family') or ''}".strip()
