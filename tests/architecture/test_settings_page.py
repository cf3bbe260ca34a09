"""`docs/reference/settings.md` lists exactly the settings that are read from the environment, with their defaults.

With `--update` this test brings the list in step; what a setting means is then written by hand.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "fangxian" / "site" / "settings.py"
PAGE = ROOT / "docs" / "reference" / "settings.md"
HEAD = ["| Setting | Kind | Default | Meaning |", "| --- | --- | --- | --- |"]
KINDS = {
    "str": "text",
    "bool": "yes or no",
    "int": "number",
    "float": "number",
    "list": "list, by commas",
    "db_url": "URL",
}


class Setting(NamedTuple):
    name: str
    kind: str
    default: str


def read_settings(source: str) -> Iterator[Setting]:
    """Every `env.kind("NAME", default=…)` of the source, in its order."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda each: (each.lineno, each.col_offset)):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env"), attr=kind), args=[ast.Constant(value=str(name))]
            ):
                (default,) = (keyword.value for keyword in call.keywords if keyword.arg == "default")
                yield Setting(name, KINDS[kind], _shown(default))


def _shown(default: ast.expr) -> str:
    try:
        value = ast.literal_eval(default)
    except ValueError:
        return "worked out"  # from the folder it is started in; the meaning says how
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(f"`{each}`" for each in value) or "none"
        case _:
            return f"`{value}`" if value != "" else "none"


def _rows(page: str) -> dict[str, str]:
    """What each setting means, by name."""
    cells = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| `")]
    return {cell[0].strip(" `"): cell[3].strip() for cell in cells}


def test_the_page_lists_the_settings(same_as: Callable[[Path, str], None]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    meanings = _rows(page)
    listed = [line for line in page.splitlines() if line.startswith("|")]
    settings = list(read_settings(SOURCE.read_text(encoding="utf-8")))
    assert settings
    table = [f"| `{each.name}` | {each.kind} | {each.default} | {meanings.get(each.name, '')} |" for each in settings]
    same_as(PAGE, page.replace("\n".join(listed), "\n".join(HEAD + table)))
    assert [each.name for each in settings if not meanings.get(each.name)] == [], "say in the page what these mean"
