"""The pages cannot lie: their examples give what they say, and every command they name exists."""

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from fangxian.cases import queries as cases
from fangxian.cli import app
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.registry import queries as registry
from tests.support import web
from tests.support.world import World

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
#: A line of an example, and what it gives: the value as printed, or the name of what it raises.
TELLS = re.compile(r"^(?P<code>[^#].*?)  # → (?P<result>.+)$")


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.S | re.M)


EXAMPLES = [
    pytest.param(block, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, block in enumerate(_blocks(page, "python"))
    if "# →" in block
]


@pytest.fixture
def told(city: World, db: None) -> Iterator[dict[str, Any]]:
    """What the examples take for granted: who is signed in, and the code of the person of the first case."""
    with web.a_test(), clock.at(web.NOW + timedelta(hours=2)):
        person = cases.case(SYSTEM, city.cases[0]).person_id
        yield {
            "nurse": city.actor("nurse"), "grid_worker": city.actor("grid"), "reviewer": city.actor("reviewer"),
            "duty_officer": city.actor("duty"), "leader": city.actor("leader"), "code": registry.cards([person])[person].code,
            "resident": replace(Actor(None, "江晚晴", (), "web"), person_id=person),
        }  # fmt: skip


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 11
    for name in ("README.md", "README.zh-CN.md"):
        blocks = _blocks(ROOT / name, "python")
        assert len(blocks) == len([block for block in blocks if "# →" in block]) == 7


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_gives_what_it_says(example: str, told: dict[str, Any]) -> None:
    ahead: list[str] = []
    for line in example.splitlines():
        if (said := TELLS.match(line)) is None:
            ahead.append(line)
            continue
        exec("\n".join(ahead), told)
        ahead.clear()
        assert _given(said["code"], told) == said["result"], line
    exec("\n".join(ahead), told)


def _given(code: str, told: dict[str, Any]) -> str:
    try:
        return str(eval(code, told))
    except Exception as fault:
        return type(fault).__name__


def test_every_picture_is_there_is_shown_and_is_light() -> None:
    shown = {
        (page.parent / link).resolve()
        for page in PAGES
        for link in re.findall(r'(?:src="|!\[[^]]*\]\()([^")]+)', page.read_text(encoding="utf-8"))
    }
    kept = set((ROOT / "docs" / "images").iterdir())
    assert kept == shown
    assert [path.name for path in kept if path.stat().st_size > 200_000] == []


# ── commands ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _commands(name: str) -> list[Any]:
    """Every use of a program on the pages: in a console, or quoted in a sentence."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        lines = [line.removeprefix("$ ") for block in _blocks(page, "console") for line in block.splitlines()]
        lines += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
        for line in lines:
            for part in line.partition("  #")[0].split("&&"):
                words = shlex.split(part.partition(" > ")[0])
                if len(words) > 1 and os.path.basename(words[0]) == name:
                    found.append(pytest.param(words[1:], id=f"{page.relative_to(ROOT)}: {part.strip()}"))
    return found


@pytest.mark.parametrize("words", _commands("fangxian"))
def test_a_command_on_the_pages_exists(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    if alternatives := [word for word in words[:1] if "|" in word]:
        assert set(alternatives[0].split("|")) <= set(command.commands)
        return
    assert not hasattr(command, "commands") or not words, f"no command {words[0]!r}"
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} - known == set()


@pytest.mark.parametrize("words", _commands("make"))
def test_what_make_is_asked_for_exists(words: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    assert {word for word in words if "=" not in word} - targets == set()
