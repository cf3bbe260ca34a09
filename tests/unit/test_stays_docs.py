"""What the page on stays shows in Python is what comes out."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "capabilities" / "stays.md"


def test_the_examples_give_what_they_say() -> None:
    names: dict[str, object] = {}
    shown = 0
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S):
        for line in block.splitlines():
            code, _, expected = line.partition("  # → ")
            if expected:
                assert repr(eval(code, names)) == expected
                shown += 1
            else:
                exec(code, names)
    assert shown == 2
