"""Published messages of other people's systems: each is taken, or kept apart with a field and a reason."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fangxian.standards import fhir, hl7v2
from tests.support.reference import ABSENT, DATA

STANDARDS = DATA / "standards"
DEMIS = DATA / "fhir_demis_germany"
pytestmark = pytest.mark.skipif(not STANDARDS.is_dir(), reason=ABSENT)


def archived(name: str) -> dict[str, bytes]:
    with tarfile.open(STANDARDS / f"{name}.tar.gz") as archive:
        return {
            member.name: file.read()
            for member in archive.getmembers()
            if member.isfile() and (file := archive.extractfile(member)) is not None
        }


def test_every_message_of_cdc_is_taken_or_kept_with_a_reason() -> None:
    for name, data in archived("hl7v2-cdc-test-messages").items():
        reading = hl7v2.read(data)
        told = {one.message for one in reading.results} | {one.message for one in reading.quarantined}
        assert told, name
        assert all(one.field and one.reason.zh and one.reason.en for one in reading.quarantined), name
        # Several messages of a file may bear one number: none is silently dropped.
        assert len(reading.quarantined) + len({one.message for one in reading.results}) >= len(told), name


def test_the_covid_report_is_read_whole() -> None:
    (found,) = hl7v2.read(archived("hl7v2-cdc-test-messages")["COVID19_ELR_01.hl7"]).results
    assert (found.test.code, found.value, found.status) == ("95209-3", "positive", "final")
    assert found.specimens[0] == "P21-0000105078"
    assert found.sampled_at is not None and found.sampled_at.astimezone(UTC) == datetime(
        2021, 1, 28, 21, 6, 3, tzinfo=UTC
    )
    assert (found.name, str(found.born), found.specimen_type) == ("Stacy Trevor", "1988-01-21", "Swab of internal nose")


def test_the_broken_message_says_what_is_missing() -> None:
    (kept,) = hl7v2.read(
        archived("hl7v2-cdc-test-messages")["Hepatitis_V1_0_1_TM_TC02_HEP_B_ACUTE_MOD.hl7"]
    ).quarantined
    assert kept.field == "MSH-9" and "cut off" in kept.reason.en


def test_a_case_notification_is_no_result() -> None:
    batch = hl7v2.read(archived("hl7v2-cdc-test-messages")["GenV1_Batch_No_headers_eightMSHs.txt"])
    assert batch.messages == len(batch.quarantined) == 8
    assert {one.field for one in batch.quarantined} == {"OBR-4"}


@pytest.mark.skipif(not DEMIS.is_dir(), reason=ABSENT)
def test_german_reports_are_read() -> None:
    (found,) = fhir.read((DEMIS / "laboratorybundle_v2.json").read_bytes()).results
    assert (found.test.code, found.value, found.status, found.name) == ("94746-5", "positive", "final", "Max Power")
    assert found.specimen_type == "Upper respiratory swab sample (specimen)"
    assert found.tested_at is not None and found.tested_at.isoformat() == "2022-01-26T22:03:52+01:00"
    for file in sorted(DEMIS.rglob("*.json")):
        data = file.read_bytes()
        reading = fhir.read(data)
        assert reading.results or reading.quarantined, file
        assert all(one.field is not None and one.reason.zh and one.reason.en for one in reading.quarantined), file
        if b'"DiagnosticReport"' in data and b'"Bundle"' in data and b'"Observation"' in data:
            assert reading.results, file


def test_examples_of_the_standard_are_results_or_say_why_not() -> None:
    verdicts = {}
    for name, data in archived("fhir-r4-examples-dev").items():
        if Path(name).suffix == ".json":
            reading = fhir.read(data)
            assert reading.results or reading.quarantined, name
            verdicts[Path(name).name] = [one.value for one in reading.results]
    assert verdicts["Observation-vp-oyster.json"] == ["positive"]
    assert verdicts["Observation-herd1.json"] == ["negative"]
    assert (
        verdicts["Patient-example.json" if "Patient-example.json" in verdicts else "Consent-consent-example-pkb.json"]
        == []
    )
