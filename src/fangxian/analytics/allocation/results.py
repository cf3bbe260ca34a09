"""What a plan says."""

from __future__ import annotations

from dataclasses import dataclass

from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Assignment:
    """One person's trip and room; `late` is by how many hours they are in it after their deadline."""

    person: str
    trip: str
    room: str
    site: str
    floor: str
    kind: str
    departs: float
    arrives: float
    late: float
    kilometres: float
    promised: bool = False


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Somebody for whom there is no seat or no room, and why."""

    person: str
    why: Text


@dataclass(frozen=True, slots=True)
class Shortage:
    """What is missing for whom: `rooms` or `seats`, how many, in which district or zone, for which class, from when (hours).

    `opens` are sites that are closed and whose opening would do away with it.
    """

    what: str
    missing: int
    where: str
    kind: str
    since: float
    opens: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Cost:
    """`late`: hours late, an hour of each priority counting a quarter of one of the priority before. `kilometres`: of all people.

    `unplaced`: people without a room. `by_priority`: hours late so counted, those without a place included.
    """

    unplaced: int
    late: float
    kilometres: float
    by_priority: dict[int, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """An allocation, what it costs, and how far from the best it can be at most.

    `trips` and `floors` give the class (and site) that each was settled for. `objective` is the cost that was minimised; no plan that is
    for no priority later than first come, first served costs less than `bound`; `gap` = (objective − bound)/objective. `greedy`: what first
    come, first served would have cost.
    """

    assignments: tuple[Assignment, ...]
    unplaced: tuple[Unplaced, ...]
    shortages: tuple[Shortage, ...]
    trips: dict[str, tuple[str, str]]
    floors: dict[tuple[str, str], str]
    cost: Cost
    objective: float
    bound: float
    greedy: Cost
    seconds: float

    @property
    def gap(self) -> float:
        return max(self.objective - self.bound, 0.0) / self.objective if self.objective > 1e-9 else 0.0
