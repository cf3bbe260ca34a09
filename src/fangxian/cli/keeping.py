"""What a long command keeps as it goes, a line of JSON each, so that it goes on where it was interrupted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from fangxian.cli.started import say


def kept(path: Path, digest: str) -> Iterator[dict[str, Any]]:
    """The lines that an earlier, interrupted command wrote for the same task. Those of another are refused, not mixed in."""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            one = json.loads(line)
            of = one.pop("of")
        except (ValueError, KeyError):
            continue  # the line at which the earlier command was ended
        if of != digest:
            raise typer.BadParameter(
                say(
                    "此文件夹中有另一任务的结果；请另选一个",
                    "This folder holds the results of something else; choose another folder",
                ),
                param_hint="--out",
            )
        yield one


def line(digest: str, content: dict[str, Any]) -> str:
    """One line to keep."""
    return json.dumps({"of": digest, **content}) + "\n"
