"""Who may import whom: the tree keeps the contracts of pyproject.toml, and each contract catches what breaks it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "src" / "fangxian"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]


def _lint(source: Path) -> tuple[int, str]:
    """import-linter on the package below `source`: exit code and what it said."""
    linter = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", ROOT / "pyproject.toml"],
        env=os.environ | {"PYTHONPATH": f"{source}{os.pathsep}{ROOT}", "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return linter.returncode, linter.stdout + linter.stderr


def test_the_tree_keeps_every_contract() -> None:
    code, said = _lint(ROOT / "src")
    assert code == 0, said


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/clock.py", "import fangxian.duties.queries", "Imports go downwards"),
        ("cases/__init__.py", "from fangxian.tracing import apps", "Imports go downwards"),
        ("api/__init__.py", "import fangxian.web.urls", "Imports go downwards"),
        ("analytics/__init__.py", "import fangxian.standards.errors", "Imports go downwards"),
        ("analytics/__init__.py", "from django.db import connection", "Science, formats and packs"),
        ("standards/__init__.py", "import sqlite3", "Science, formats and packs"),
        ("tracing/__init__.py", "from fangxian.registry.models import Person", "Tables are private"),
        ("web/__init__.py", "def page():\n    from fangxian.cases import models", "Tables are private"),
    ],
)
def test_an_import_that_breaks_a_contract_is_caught(tmp_path: Path, module: str, line: str, contract: str) -> None:
    shutil.copytree(PACKAGE, tmp_path / "fangxian", ignore=lambda folder, names: {"__pycache__", "static"} & {*names})
    with (tmp_path / "fangxian" / module).open("a") as file:
        file.write(f"\n\n{line}\n")
    code, said = _lint(tmp_path)
    assert code == 1, said
    assert re.search(rf"^{re.escape(contract)}.* BROKEN$", said, re.MULTILINE), said
    assert "fangxian." + module.removesuffix(".py").removesuffix("/__init__").replace("/", ".") in said


def test_no_layer_stays_optional_once_it_is_built() -> None:
    (layers,) = (each["layers"] for each in CONTRACTS if each["type"] == "layers")
    built = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    names = [name.strip() for layer in layers for name in layer.split("|")]
    optional = {name.strip("()") for name in names if name.startswith("(")}
    assert not optional & built, "take the parentheses away in pyproject.toml"
