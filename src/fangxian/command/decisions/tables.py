"""An answer as tables for programs."""

from collections.abc import Iterator
from typing import Any

from fangxian.analytics.deciding import Answer, Question


def policies(question: Question, answer: Answer) -> Iterator[list[Any]]:
    """Heads, then a row for each policy of the grid: its values, what became of it, effect and cost with intervals, all figures."""
    names = sorted({name for one in answer.policies for name in one.figures or ()})
    counted = [f"{figure}{end}" for figure in (question.effect, question.cost) for end in ("", "_low", "_high")]
    yield [
        "policy",
        *(one.key for one in question.choices),
        "state",
        "recommended",
        "runs",
        "share",
        *counted,
        *(f"mean_{name}" for name in names),
    ]
    for place, one in enumerate(answer.policies):
        figures = one.figures or {}
        yield [
            place, *question.values(one.setting).values(), one.state, int(place == answer.knee), one.runs, round(one.share, 3),
            *(f"{value:.6g}" for told in (one.effect, one.cost) for value in (told.value, told.low, told.high)),
            *(f"{figures[name].value:.6g}" if name in figures else "" for name in names),
        ]  # fmt: skip
