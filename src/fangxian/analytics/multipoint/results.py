"""What fusing gives back: an alert per place and day, its colour, and what every source had to do with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.multipoint.panel import Days, Floats, Source
from fangxian.text import Text


class Grade(IntEnum):
    """Four colours (四色预警) by the odds that an outbreak is under way; NONE below, CANNOT_TELL where nothing can be judged."""

    CANNOT_TELL = -1
    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def text(self) -> Text:
        """Its name in both languages."""
        return _NAMES[self]


_NAMES = {
    Grade.CANNOT_TELL: Text("无法判断", "cannot tell"),
    Grade.NONE: Text("无预警", "no alert"),
    Grade.BLUE: Text("蓝色", "blue"),
    Grade.YELLOW: Text("黄色", "yellow"),
    Grade.ORANGE: Text("橙色", "orange"),
    Grade.RED: Text("红色", "red"),
}

#: Odds from which an alert is yellow, orange and red (evidence of 3, 10 and 100 to 1, after Jeffreys' scale).
ODDS = (3.0, 10.0, 100.0)


@dataclass(frozen=True)
class Alert:
    """One alert: where, when, how sure, and why. `contributions` add up to `score`."""

    place: str
    day: np.datetime64
    score: float
    odds: float
    grade: Grade
    contributions: Mapping[str, float]
    silent: tuple[str, ...]

    @property
    def why(self) -> Text:
        """One sentence: the sources that speak for it, strongest first, and those that fell silent."""
        speaking = [name for name, part in sorted(self.contributions.items(), key=lambda one: -one[1]) if part > 0.5]
        zh = "、".join(speaking[:4]) + "高于往常" if speaking else ""
        en = ", ".join(speaking[:4]) + " above the usual" if speaking else ""
        if self.silent:
            zh += ("；" if zh else "") + "、".join(self.silent) + "突然无报告"
            en += ("; " if en else "") + ", ".join(self.silent) + " suddenly silent"
        return Text(zh + "。", en + ".")


@dataclass(frozen=True, eq=False)
class Alerts:
    """Of n places, m sources, T days. `alert` is True on the day an alert is raised; `grade` tells the colour of every day.

    `evidence` is what all sources say of a day together, a log likelihood ratio (NaN: cannot tell); `score` its running sum (CUSUM);
    `odds` the posterior odds that an outbreak is under way. Of (places, sources, days): `z`, each source's deviate; `expected`, what
    it was held against; `contributions`, its part of the score since that began to rise; `silence`, the probability of so long a
    silence (1 where it reported). `neighbours` is the neighbours' part of the score. `weights` (sources,) and `threshold` are
    those of the last day.
    """

    places: tuple[str, ...]
    sources: tuple[Source, ...]
    days: Days
    evidence: Floats
    score: Floats
    odds: Floats
    grade: NDArray[np.int8]
    alert: NDArray[np.bool_]
    z: Floats
    expected: Floats
    contributions: Floats
    neighbours: Floats
    silence: Floats
    weights: Floats
    threshold: float

    @property
    def silent(self) -> NDArray[np.bool_]:
        """Where a source that is always heard was not: a silence of less than one in a hundred."""
        return np.less(self.silence, SILENCE)

    def __iter__(self) -> Iterator[Alert]:
        """The alerts in the order of their days."""
        for t, p in np.argwhere(self.alert.T).tolist():
            yield self.of(p, t)

    def of(self, place: int, day: int) -> Alert:
        """What there is to say of one place (its number) on one day (its number), alert or not."""
        names = [one.name for one in self.sources]
        parts = dict(zip(names, self.contributions[place, :, day].tolist(), strict=True))
        if self.neighbours[place, day]:
            parts["neighbours"] = float(self.neighbours[place, day])
        hushed = tuple(name for name, silent in zip(names, self.silent[place, :, day].tolist(), strict=True) if silent)
        return Alert(
            self.places[place], self.days[day], float(self.score[place, day]), float(self.odds[place, day]),
            Grade(int(self.grade[place, day])), parts, hushed,
        )  # fmt: skip


#: A silence as improbable as this is a signal of its own.
SILENCE = 0.01
