"""The page that teaches packs cannot lie: its pack and overlay load, and do what the page says."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fangxian import protocols
from fangxian.protocols.vocabulary import terms, units

FOLDER = Path(__file__).parents[2] / "docs" / "capabilities"
PAGE, CHINESE = (FOLDER.joinpath(name).read_text("utf-8") for name in ("protocol-packs.md", "protocol-packs.zh-CN.md"))
PACK, OVERLAY = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    pack, overlay = tmp_path / "example.yaml", tmp_path / "city.yaml"
    pack.write_text(PACK, "utf-8")
    overlay.write_text(OVERLAY, "utf-8")
    return pack, overlay


def test_the_pack_of_the_page_follows_a_contact(files: tuple[Path, Path]) -> None:
    pack = protocols.load(files[0])
    seen = datetime(2030, 2, 1, 18, tzinfo=SHANGHAI)
    steps = protocols.plan(pack.duty("contact.observation"), {"last_exposure_at": seen}, tz=SHANGHAI)
    days = {step.key: step.due_at.day for step in steps if step.due_at}
    assert days == {"test.central.d1": 2, "test.central.d4": 5, "test.central.d7": 8, "test.home.d3": 11}
    assert pack.classify_case({"fever": True, "headache": True, "myalgia": True}).case_class == "suspected"
    assert pack.values["report/within"].clause == "4.2"


def test_the_overlay_of_the_page_changes_what_it_says(files: tuple[Path, Path]) -> None:
    base, city = protocols.load(files[0]), protocols.load(*files)
    assert [d.path for d in protocols.diff(base, city)] == [
        "infectious/ill/from", "duties/contact.observation/stages/home/length",
        "exposure/categories/contact/criteria/near/when",
    ]  # fmt: skip
    near = {"distance_m": 1, "minutes": 12}
    assert base.classify_exposure(near).category is None
    assert city.classify_exposure(near).category is not None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("within: 24 h", "within: 24 m", "report/within: the unit must be"),
        (
            "role: grid_worker",
            "role: gridworker",
            "steps/call/role: unknown word 'gridworker'; did you mean 'grid_worker'?",
        ),
        (
            "from: last_exposure_at",
            "from: stage:home",
            "stages/central: these wait for one another: central → home → central",
        ),
    ],
)
def test_the_faults_of_the_page_are_told_so(files: tuple[Path, Path], old: str, new: str, told: str) -> None:
    files[0].write_text(PACK.replace(old, new), "utf-8")
    with pytest.raises(protocols.PackError) as caught:
        protocols.load(files[0])
    assert told in str(caught.value)
    assert str(caught.value).replace(str(files[0]), "example.yaml") in PAGE


@pytest.mark.parametrize("page", [PAGE, CHINESE])
def test_the_page_names_every_unit_and_anchor(page: str) -> None:
    named = set(re.findall(r"[a-zA-Z_0-9]+|%", page))
    assert set(terms("anchors")) <= named
    assert set(units()) - {"day"} <= named


def test_both_pages_show_the_same_examples() -> None:
    fenced = re.compile(r"```(?:yaml|text)\n(.*?)```", re.DOTALL)
    assert fenced.findall(CHINESE) == fenced.findall(PAGE)
    assert len(fenced.findall(PAGE)) == 3
