"""HL7 v2 and FHIR results: Ct values, corrections, Chinese names, and messages that are not what they seem."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from fangxian.standards import fhir, hl7v2

HEAD = "MSH|^~\\&|LIS|东县实验室|FX|FX|20260304083000+0800||ORU^R01|{id}|P|2.5.1"
PERSON = "PID|1||110101199003070134^^^^NI||张^三||19900307|M|||||^^^^^^^^^^^13800138000"
ORDER = "OBR|1|T0001|L77|94500-6^SARS-CoV-2 RNA^LN|||20260304073000+0800|||||||||||||||20260304082500+0800|||F"


def message(*observations: str, number: str = "m1") -> str:
    return "\r".join([HEAD.format(id=number), PERSON, ORDER, *observations])


ORF = "OBX|2|NM|94644-2^ORF1ab gene [Cycle Threshold #]^LN||{ct}||||||{status}"
VERDICT = "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||{word}||||||{status}|||20260304073000+0800"


def test_a_result_with_its_cycle() -> None:
    text = message(VERDICT.format(word="10828004^Positive^SCT", status="F"), ORF.format(ct="28.4", status="F"))
    (found,) = hl7v2.read(text.encode()).results
    assert (found.value, found.cts, found.status, found.specimens) == (
        "positive",
        {"orf1ab": 28.4},
        "final",
        ("T0001", "L77"),
    )
    assert (found.name, found.phone, found.laboratory) == ("张三", "13800138000", "东县实验室")
    assert found.person_ids == ("110101199003070134",)
    assert found.tested_at is not None and found.tested_at.isoformat() == "2026-03-04T08:25:00+08:00"


@pytest.mark.parametrize(
    ("sign", "status"),
    [("F", "final"), ("C", "corrected"), ("X", "cancelled"), ("W", "cancelled"), ("P", "preliminary")],
)
def test_a_status_is_what_undoes_or_waits(sign: str, status: str) -> None:
    (found,) = hl7v2.read(message(VERDICT.format(word="阴性", status=sign)).encode("gb18030")).results
    assert (found.status, found.value) == (status, "negative")


def test_a_batch_keeps_what_is_good() -> None:
    """FHS and BHS around three messages, of which one has an impossible time: two are taken, and the third is named."""
    broken = message(VERDICT.format(word="POS", status="F"), number="bad").replace(
        "20260304073000+0800||||", "20261304||||", 1
    )
    good = [message(VERDICT.format(word="ND", status="F"), number=f"ok{i}") for i in range(2)]
    reading = hl7v2.read("\r\n".join(["FHS|^~\\&", "BHS|^~\\&", good[0], broken, good[1], "BTS|3", "FTS|1"]).encode())
    assert [one.message for one in reading.results] == ["ok0", "ok1"]
    assert [(one.message, one.field) for one in reading.quarantined] == [("bad", "OBR-7")]
    assert reading.messages == 3


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "MSH"),
        ("hello", "MSH"),
        ("MSH", "MSH"),
        (HEAD.format(id="a").replace("ORU^R01", "ADT^A01"), "MSH-9"),
        (HEAD.format(id="a"), "OBR"),
        (message(), "OBX"),
        (message(VERDICT.format(word="POS", status="Q")), "OBX-11"),
        (message(ORF.format(ct="many", status="F")), "OBX-5"),
        (message("a line break in a field"), "a l"),
    ],
)
def test_what_cannot_be_taken_is_named(text: str, field: str) -> None:
    reading = hl7v2.read(text.encode())
    assert reading.results == ()
    (kept,) = reading.quarantined
    assert kept.field == field and kept.reason.zh and kept.reason.en


def observation(**more: Any) -> dict[str, Any]:
    whole = {
        "resourceType": "Observation", "id": "o1", "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6", "display": "SARS-CoV-2 RNA"}]},
        "valueCodeableConcept": {"coding": [{"code": "260415000", "display": "Not detected"}]}, "issued": "2026-03-04T08:25:00+08:00",
    }  # fmt: skip
    return whole | more


def test_a_report_with_what_it_contains() -> None:
    report = {
        "resourceType": "DiagnosticReport", "id": "r", "status": "amended", "identifier": [{"value": "R-9"}],
        "contained": [
            observation(
                id="inner", status="amended", specimen={"reference": "#s"}, subject={"reference": "#p"},
                component=[{"code": {"text": "N gene cycle threshold"}, "valueQuantity": {"value": 31.5}}],
            ),
            {"resourceType": "Specimen", "id": "s", "identifier": [{"value": "T0001"}], "collection": {"collectedDateTime": "2026-03-04"}},
            {"resourceType": "Patient", "id": "p", "name": [{"family": "Li", "given": ["Na"]}], "birthDate": "1990-03"},
        ],
        "result": [{"reference": "#inner"}],
    }  # fmt: skip
    (found,) = fhir.read(json.dumps(report).encode()).results
    assert (found.message, found.value, found.status, found.cts, found.specimens) == (
        "R-9",
        "negative",
        "corrected",
        {"n": 31.5},
        ("T0001",),
    )
    assert (found.name, str(found.born), found.sampled_at) == ("Na Li", "1990-03-01", datetime(2026, 3, 4))


@pytest.mark.parametrize(
    ("whole", "field"),
    [
        ([], "resourceType"),
        ({"resourceType": "Patient"}, "resourceType"),
        (
            {"resourceType": "DiagnosticReport", "status": "final", "result": [{"reference": "Observation/away"}]},
            "DiagnosticReport.result",
        ),
        (observation(status=None), "Observation.status"),
        (observation(code={}), "Observation.code"),
        (observation(category=[{"coding": [{"code": "vital-signs"}]}]), "Observation.category"),
        (observation(issued="yesterday"), "Observation.issued"),
    ],
)
def test_what_is_no_result_says_why(whole: Any, field: str) -> None:
    reading = fhir.read(json.dumps(whole).encode())
    assert reading.results == ()
    assert [one.field for one in reading.quarantined] == [field]


def test_a_panel_that_contains_itself_ends() -> None:
    panels = [observation(id=f"o{i}", hasMember=[{"reference": f"Observation/o{3 - i}"}]) for i in (1, 2)]
    report = {"resourceType": "DiagnosticReport", "status": "final", "result": [{"reference": "Observation/o1"}]}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in (*panels, report)]}
    reading = fhir.read(json.dumps(bundle).encode())
    assert len(reading.results) == 2
    assert reading.quarantined == ()
