"""The part of a pack on isolation sites (集中隔离点): classes of people, who may share what, checks, clocks of the hand-overs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fangxian.text import Text

from .citation import Cited
from .conditions import Condition
from .duty import Measures, Named


@dataclass(frozen=True)
class IsolationClass:
    """A class of people (人员分类) who are kept apart from all others; ``takes``: whom of the contacts it takes by itself.

    ``mixes`` names the classes with which it may share a floor, a passage at the same time, or a vehicle; none by default.
    """

    key: str
    name: Text
    cite: Cited
    takes: Condition | None = None
    mixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class IsolationRules:
    """How people are kept apart and passed on.

    ``room``: people in a room. ``checks``: of temperature and symptoms, on each day. ``slot``: for so long a passage belongs to
    one class, before and after anybody of it used it. ``clean``: of a vehicle between two trips. ``between``: longer than this
    nobody is between two links of the loop. ``extension``: the longest by which one decision may put a release off. ``doors``: homes
    in a building below which a notice to the neighbours would point at one of them. ``objection``: so long after being told somebody
    may dispute it.
    """

    cite: Cited
    classes: Annotated[tuple[IsolationClass, ...], Named()]
    room: Annotated[Cited, Measures("count")]
    checks: Annotated[Cited, Measures("count")]
    slot: Annotated[Cited, Measures("duration")]
    clean: Annotated[Cited, Measures("duration")]
    between: Annotated[Cited, Measures("duration")]
    extension: Annotated[Cited, Measures("duration")]
    doors: Annotated[Cited, Measures("count")]
    objection: Annotated[Cited, Measures("duration")]

    def of(self, key: str) -> IsolationClass | None:
        """A class by its key; None for an unknown one."""
        return next((one for one in self.classes if one.key == key), None)

    def may_mix(self, one: str, other: str) -> bool:
        """Whether people of two classes may share a floor, a passage at the same time, a vehicle; it is enough that either says so."""
        if one == other:
            return True
        mine, theirs = self.of(one), self.of(other)
        return (mine is not None and other in mine.mixes) or (theirs is not None and one in theirs.mixes)

    def taking(self, facts: dict[str, object]) -> IsolationClass | None:
        """The class that takes somebody of these facts by itself."""
        return next((one for one in self.classes if one.takes is not None and one.takes.judge(facts) is True), None)
