"""The pages on the command line say what the commands are; every command explains itself in both languages."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("language", "page"), [("en", "cli.md"), ("zh", "cli.zh-CN.md")])
def test_the_page_shows_the_commands(language: str, page: str, same_as: Callable[[Path, str], None]) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "tests.support.cli_page"], cwd=ROOT, env=os.environ | {"FANGXIAN_LANGUAGE": language},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert made.stdout.count("\n## ") >= 14
    unexplained = [
        line for line in made.stdout.splitlines() if line.startswith("| `") and line.split("|")[2].strip() == ""
    ]
    assert unexplained == [], "say what these mean"
    same_as(ROOT / "docs" / "reference" / page, made.stdout)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_is_given_in_the_language_of_the_user(language: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "from fangxian.cli import main; main()", "import", "--help"],
        env=os.environ | {"FANGXIAN_LANGUAGE": language, "COLUMNS": "120"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert ("病例一览表" in shown) == (language == "zh") != ("line list" in shown)
    assert "--resume" in shown
