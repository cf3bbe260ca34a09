"""The catalogue of figures (`figures.yaml`), typed: what each number is called and means, and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure as the catalogue has it. `list` is an address with {outbreak}, {area}, {county}, {day} to be filled in."""

    key: str
    name: Text
    means: Text
    query: str
    list: str
    is_state: bool
    is_public: bool


@cache
def catalogue() -> Mapping[str, Entry]:
    """Every figure, in the order of the file."""
    raw = yaml.safe_load(files(__package__).joinpath("figures.yaml").read_text(encoding="utf-8"))
    return {
        key: Entry(
            key, Text(**one["name"]), Text(**one["means"]), one["query"], one.get("list", ""), one["kind"] == "state",
            one.get("public", False),
        )
        for key, one in raw.items()
    }  # fmt: skip
