"""Whatever is wrong with a pack or an overlay: one clear message at its file, line and field, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from fangxian import protocols
from fangxian.protocols import PackError

PACK = """\
id: small
name: {zh: 小包, en: Small pack}
status: draft
edition: "1"
disease: {name: {zh: 某病, en: Some disease}}
sources:
  plan: {title: {zh: 方案, en: Plan}, date: 2022-01, publisher: {zh: 某机构, en: Somebody}}
report:
  within: 2 h (plan B)
cases:
  confirmed: {name: {zh: 确诊, en: Confirmed}, cite: plan B, when: pcr_positive}
infectious:
  ill:
    from: 2 d before onset_at (plan B §3.1)
    to: isolated_at (plan B)
exposure:
  categories:
    contact:
      name: {zh: 密接, en: Close contact}
      cite: plan B
      criteria:
        near: {name: {zh: 近, en: Near}, when: [distance_m <= 1 m, minutes >= 15 min]}
duties:
  contact.observation:
    name: {zh: 观察, en: Observation}
    subject: contact
    opens: contact.identified
    outcomes: [released, became_case]
    escalate: 12 h (G)
    stages:
      central: {name: {zh: 集中, en: Central}, from: last_exposure_at (plan B), length: 7 d (plan B), day_one: next_day (G)}
      home: {name: {zh: 居家, en: Home}, from: stage:central (plan B), length: 3 d (plan B), day_one: next_day (G)}
    steps:
      call: {name: {zh: 电话, en: Call}, role: grid_worker, due: 2 h after identified_at (plan B)}
      test: {name: {zh: 检测, en: Test}, role: sampler, stage: central, days: 1 2 7 (plan B), evidence: [result]}
    release:
      after: stage:home (plan B)
"""

OVERLAY = """\
overlay: town
base: small
edition: "1"
name: {zh: 某市, en: Some town}
status: in_force
jurisdictions: ["5105"]
sources:
  town: {title: {zh: 市规定, en: Town rule}, date: 2022-02, publisher: {zh: 某市, en: Town}}
set:
  infectious/ill/from: 4 d before onset_at (town C §2)
"""


def write(folder: Path, text: str, name: str = "pack.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def refuse(path: Path, *overlays: Path) -> PackError:
    with pytest.raises(PackError) as caught:
        protocols.load(path, *overlays)
    for problem in caught.value.problems:
        assert problem.zh != problem.en
        assert any("一" <= character <= "鿿" for character in problem.zh)
        assert not any("一" <= character <= "鿿" for character in problem.en.replace(str(path), ""))
    return caught.value


def test_the_small_pack_is_sound(tmp_path: Path) -> None:
    pack = protocols.load(write(tmp_path, PACK))
    assert pack.duty("contact.observation").name.in_("en") == "Observation"
    town = protocols.load(write(tmp_path, PACK), write(tmp_path, OVERLAY, "town.yaml"))
    assert town.values["infectious/ill/from"].value == 4
    assert (town.overlays, town.jurisdictions) == (("town",), ("5105",))
    assert town.version != pack.version


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("edition:", "editoin:", "editoin", "did you mean 'edition'"),
        ('edition: "1"\n', "", "edition", "missing"),
        ("status: draft", "status: rumour", "status", "not allowed"),
        ("{zh: 小包, en: Small pack}", "{zh: 小包}", "name/en", "missing"),
        ("{zh: 小包, en: Small pack}", '{zh: 小包, en: ""}', "name/en", "empty"),
        ("{zh: 小包, en: Small pack}", "Small pack", "name", "both languages"),
        ("within: 2 h (plan B)", "within: 2 h", "report/within", "no source"),
        ("within: 2 h (plan B)", "within: 2 h (plan)", "report/within", "no grade"),
        ("within: 2 h (plan B)", "within: 2 h (plam B)", "report/within", "did you mean 'plan'"),
        ("within: 2 h (plan B)", "within: 2 h (plan D)", "report/within", "cannot read 'D'"),
        ("within: 2 h (plan B)", "within: 2 h (plan B §)", "report/within", "clause must follow"),
        ("within: 2 h (plan B)", "within: 2 h (plan G §1)", "report/within", "grade G was not found"),
        ("within: 2 h (plan B)", "within: 2 h (general B)", "report/within", "only have grade G"),
        ("within: 2 h (plan B)", "within: two h (plan B)", "report/within", "not a number"),
        ("within: 2 h (plan B)", "within: 2 hrs (plan B)", "report/within", "unknown unit 'hrs'"),
        ("within: 2 h (plan B)", "within: 2 m (plan B)", "report/within", "min / h / d"),
        ("within: 2 h (plan B)", "within:", "report/within", "empty"),
        ("within: 2 h (plan B)", "within: {value: 2 h, cite: plan B, notes: x}", "report/within/notes", "'note'"),
        ("when: pcr_positive", "when: pcr_postive", "cases/confirmed/when", "did you mean 'pcr_positive'"),
        ("when: pcr_positive", "when: {some: [fever]}", "cases/confirmed/when", "one of all, any"),
        ("when: pcr_positive", "when: {at_least: 3 sign, of: [fever, cough]}", "cases/confirmed/when", "cannot have 3 of 2"),
        ("when: pcr_positive", "when: pcr_positive >= 1 sign", "cases/confirmed/when", "yes or no"),
        ("when: pcr_positive", "when: setting", "cases/confirmed/when", "compared with a value"),
        ("when: pcr_positive", "when: setting = moon", "cases/confirmed/when", "no value 'moon'"),
        ("distance_m <= 1 m,", "distance_m <= 1 h,", "exposure/categories/contact/criteria/near/when/0", "measured in m"),
        ("2 d before onset_at", "2 d before onset", "infectious/ill/from", "did you mean 'onset_at'"),
        ("2 d before onset_at", "2 d prior onset_at", "infectious/ill/from", "2 h after diagnosed_at"),
        ("2 d before onset_at", "-2 d after onset_at", "infectious/ill/from", "cannot be negative"),
        ("opens: contact.identified", "opens: contact.found", "duties/contact.observation/opens/on", "unknown word"),
        ("role: grid_worker", "role: gridworker", "duties/contact.observation/steps/call/role", "did you mean 'grid_worker'"),
        ("evidence: [result]", "evidence: [resutl]", "duties/contact.observation/steps/test/evidence/0", "'result'"),
        ("outcomes: [released, became_case]", "outcomes: []", "duties/contact.observation/outcomes", "no outcomes"),
        ("days: 1 2 7 (plan B)", "days: 1 2 8 (plan B)", "duties/contact.observation/steps/test/days", "beyond the stage"),
        ("days: 1 2 7 (plan B)", "days: 2 1 7 (plan B)", "duties/contact.observation/steps/test/days", "rise"),
        ("days: 1 2 7 (plan B)", "days: Monday (plan B)", "duties/contact.observation/steps/test/days", "no day"),
        ("stage: central, days", "stage: centre, days", "duties/contact.observation/steps/test/stage", "no stage 'centre'"),
        ("stage: central, days", "days", "duties/contact.observation/steps/test", "go together"),
        ("due: 2 h after identified_at (plan B)", "after: cal, cite: G", "duties/contact.observation/steps/call/after", "'call'"),
        ("due: 2 h after identified_at (plan B)", "evidence: []", "duties/contact.observation/steps/call", "neither a deadline"),
        ("2 h after identified_at", "2 h after step:cal", "duties/contact.observation/steps/call/due", "no step 'cal'"),
        ("after: stage:home", "after: stage:hme", "duties/contact.observation/release/after", "did you mean 'home'"),
        ("length: 7 d", "length: 7 h", "duties/contact.observation/stages/central/length", "at least one day"),
        ("length: 3 d (plan B), ", "", "duties/contact.observation/stages/home", "either 'length' or 'to'"),
    ],
)  # fmt: skip
def test_a_fault_is_named_at_its_line(tmp_path: Path, old: str, new: str, field: str, message: str) -> None:
    assert old in PACK
    text = PACK.replace(old, new, 1)
    path = write(tmp_path, text)
    error = refuse(path)
    assert [problem.field for problem in error.problems] == [field]
    assert message in error.en
    assert error.file == str(path)
    wrong = next(
        (line for line in range(len(text.splitlines())) if text.splitlines()[line] != PACK.splitlines()[line]), 0
    )
    if new.strip():
        assert error.line in (wrong + 1, line_of(text, "outcomes:"))
    assert str(error).startswith(f"{path}:{error.line}: {field}: ")
    assert error.in_("zh").startswith(f"{path}:{error.line}：{field}：")


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = PACK.replace("2 h (plan B)\ncases", "2 hours (plan B)\ncases").replace("role: sampler", "role: nobody")
    text = text.replace("fever", "fever").replace("status: draft", "status: maybe")
    error = refuse(write(tmp_path, text))
    assert [problem.field for problem in error.problems] == [
        "status", "report/within", "duties/contact.observation/steps/test/role",
    ]  # fmt: skip
    assert [problem.line for problem in error.problems] == sorted(problem.line for problem in error.problems)


@pytest.mark.parametrize(
    ("old", "new", "members"),
    [
        ("from: last_exposure_at", "from: stage:home", "central → home → central"),
        ("from: last_exposure_at", "from: stage:central", "central → central"),
        ("2 h after identified_at", "2 h after step:call", "call → call"),
        ("from: last_exposure_at", "from: step:test", "test → central → test"),
    ],
)
def test_a_circle_is_refused(tmp_path: Path, old: str, new: str, members: str) -> None:
    error = refuse(write(tmp_path, PACK.replace(old, new)))
    circle = next(problem for problem in error.problems if "wait for one another" in problem.en)
    assert circle.en == f"these wait for one another: {members}"
    assert circle.field.startswith("duties/contact.observation/")


def test_the_last_day_of_an_open_stage_cannot_be_waited_for(tmp_path: Path) -> None:
    text = PACK.replace("length: 7 d (plan B)", "to: 9 d after last_exposure_at (plan B)").replace(
        "days: 1 2 7", "days: daily"
    )
    assert protocols.load(write(tmp_path, text))
    for waiting in ("after: test, cite: G", "due: 1 h after step:test (G)"):
        error = refuse(write(tmp_path, text.replace("due: 2 h after identified_at (plan B)", waiting)))
        assert "wait for the stage instead" in error.en


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id: [", "not valid YAML"),
        ("- a\n- b\n", "a mapping of fields"),
        ("", "a mapping of fields"),
        ("id: a\nid: b\n", "written twice, first in line 1"),
        ("id: &x a\nname: *x\n", "anchors and aliases"),
        ("a: " + "[" * 60 + "]" * 60, "levels deep"),
        ("? [a]\n: b\n", "field name must be text"),
        ("id: a\x00b\n", "not valid YAML"),
    ],
)
def test_what_is_not_a_pack_at_all(tmp_path: Path, text: str, message: str) -> None:
    assert message in refuse(write(tmp_path, text)).en


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read" in refuse(tmp_path / "absent.yaml").en
    gbk = tmp_path / "gbk.yaml"
    gbk.write_bytes("id: 防控".encode("gbk"))
    assert "UTF-8" in refuse(gbk).en
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * 2_000_001)
    assert "2 MB" in refuse(huge).en
    with pytest.raises(PackError, match="did you mean 'mers-who'"):
        protocols.load("mers-wo")


def test_two_steps_may_not_share_a_planned_key(tmp_path: Path) -> None:
    text = PACK.replace("      call:", "      test.d2:")
    assert "same key" in refuse(write(tmp_path, text)).en


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("base: small", "base: other", "base", "cannot be used on 'small'"),
        ('edition: "1"', 'edition: "2"', "edition", "written for edition 2"),
        ('jurisdictions: ["5105"]', "jurisdictions: [Luzhou]", "jurisdictions", "no division code"),
        ("infectious/ill/from:", "infectious/il/from:", "infectious/il/from", "'infectious/ill/from'"),
        ("infectious/ill/from: 4 d before onset_at (town C §2)", "duties/contact.observation: 4 d (town C)",
         "duties/contact.observation", "no such value"),
        ("4 d before onset_at (town C §2)", "", "infectious/ill/from", "cannot remove"),
        ("4 d before onset_at (town C §2)", "4 d before onset_at (town C)", "infectious/ill/from", "cites '3.1'"),
        ("4 d before onset_at (town C §2)", "onset_at (town C §2)", "infectious/ill/from", "does not fit"),
        ("4 d before onset_at (town C §2)", "[4]", "infectious/ill/from", "single value"),
        ("infectious/ill/from: 4 d before onset_at", "report/within: 4 m", "report/within", "the unit must be"),
        ("infectious/ill/from: 4 d before onset_at", "report/within: yes", "report/within", "not a number"),
        ("infectious/ill/from: 4 d before onset_at (town C §2)",
         "exposure/categories/contact/criteria/near/when/0: minutes >= 5 min (town C)",
         "exposure/categories/contact/criteria/near/when/0", "only the number"),
        ("infectious/ill/from: 4 d before onset_at (town C §2)",
         "duties/contact.observation/stages/central/length: 5 d (town C)",
         "duties/contact.observation/steps/test/days", "beyond the stage"),
        ("  town: {title", "  plan: {title", "sources/plan", "already taken"),
        ("set:\n  infectious/ill/from: 4 d before onset_at (town C §2)\n", "", "set", "sets no value"),
    ],
)  # fmt: skip
def test_an_overlay_may_not_contradict_its_base(tmp_path: Path, old: str, new: str, field: str, message: str) -> None:
    assert old in OVERLAY
    overlay = write(tmp_path, OVERLAY.replace(old, new, 1), "town.yaml")
    error = refuse(write(tmp_path, PACK), overlay)
    found = [problem for problem in error.problems if problem.field == field]
    assert found, error
    assert message in found[0].en
    if field != "duties/contact.observation/steps/test/days":  # that fault shows where the base says "7"
        assert found[0].file == str(overlay)


def test_an_overlay_by_itself_brings_the_base_beside_it(tmp_path: Path) -> None:
    write(tmp_path, PACK, "small.yaml")
    town = write(tmp_path, OVERLAY, "town.yaml")
    assert protocols.load(town).values["infectious/ill/from"].value == 4
    (tmp_path / "small.yaml").unlink()
    assert "there is no such pack" in refuse(town).en


def test_an_overlay_changes_the_number_in_a_condition(tmp_path: Path) -> None:
    text = OVERLAY.replace(
        "infectious/ill/from: 4 d before onset_at (town C §2)",
        "exposure/categories/contact/criteria/near/when/1: minutes >= 10 min (town C)",
    )
    pack = protocols.load(write(tmp_path, PACK), write(tmp_path, text, "town.yaml"))
    facts = {"distance_m": 1, "minutes": 12}
    assert pack.classify_exposure(facts).category is not None
    assert protocols.load(write(tmp_path, PACK)).classify_exposure(facts).category is None
