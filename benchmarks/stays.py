"""A synthetic city's stays for the benchmarks of tracing: about ten a person and day, homes, work places, and public places with
Zipf sizes of which the largest has some 50,000 visits a day in a city of a million."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DAY = 86_400
DAYS = 14
HOUR = 3600
#: Visits a person and day besides a night at home and a day at work, with a median of 12 minutes. Who comes to a place twice a day
#: is counted once, so that about eight are left.
VISITS = 10


class City:
    """Where people live, work and go to; per million people 50,000 public places, 50,000 work places, 100,000 homes."""

    def __init__(self, people: int, seed: int = 2022) -> None:
        self.rng = np.random.default_rng(seed)
        self.people = people
        self.public, work, homes = (max(1, people * share // 100) for share in (5, 5, 10))
        self.places = self.public + work + homes
        self.numbers = self.rng.permutation(self.places).astype(np.uint32)  # a number tells nothing of the size
        weights = np.arange(1, self.public + 1) ** -0.62
        self.popularity = np.cumsum(weights) / weights.sum()
        self.home = self.public + work + self.rng.integers(0, homes, people)
        self.work = self.public + self.rng.integers(0, work, people)
        self.usual = self._anywhere(people * 6).reshape(people, 6)

    def _anywhere(self, number: int) -> np.ndarray:
        return np.minimum(np.searchsorted(self.popularity, self.rng.random(number)), self.public - 1)

    def day(self, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Person, place, arrival, departure of one day, in no order."""
        rng, n, who = self.rng, self.people, np.arange(self.people)
        visitors = np.repeat(who, VISITS)
        usual = self.usual[visitors, rng.integers(0, 6, n * VISITS)]
        place = np.where(rng.random(n * VISITS) < 0.6, usual, self._anywhere(n * VISITS))
        parts = [
            (who, self.home, np.clip(rng.normal(19.5, 1, n), 17, 23.9), np.clip(rng.normal(11.5, 1, n), 6, 14)),
            (who, self.work, np.clip(rng.normal(9, 0.7, n), 6, 11), np.clip(rng.normal(7, 1, n), 0.5, 11)),
            (visitors, place, 7 + 15 * rng.beta(1.6, 1.4, n * VISITS),
             np.clip(np.exp(rng.normal(np.log(0.2), 0.8, n * VISITS)), 1 / 60, 6)),
        ]  # fmt: skip
        person, place, start, length = (np.concatenate(column) for column in zip(*parts, strict=True))
        arrival = (start * HOUR).astype(np.int32) + day * DAY
        departure = np.minimum(arrival + (length * HOUR).astype(np.int32), DAYS * DAY).astype(np.int32)
        # Nobody is in one place twice at a time, so that SQL over the raw rows counts what we count.
        once = np.unique(person * self.places + place, return_index=True)[1]
        order = rng.permutation(once)
        return person[order].astype(np.uint32), self.numbers[place[order]], arrival[order], departure[order]

    def days(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        return (self.day(day) for day in range(DAYS))

    def cases(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Index persons, each infectious from two days before an onset until isolated up to four days after it."""
        person = self.rng.permutation(self.people)[:number].astype(np.uint32)
        onset = self.rng.integers(3 * DAY, 12 * DAY, number)
        until = np.minimum(onset + self.rng.integers(0, 4 * DAY, number), DAYS * DAY)
        return person, (onset - 2 * DAY).astype(np.int32), until.astype(np.int32)


def write(city: City, folder: Path) -> None:
    """The stays as Parquet, a file a day."""
    folder.mkdir(parents=True, exist_ok=True)
    for day, columns in enumerate(city.days()):
        table = pa.table(dict(zip(("person", "place", "t_in", "t_out"), columns, strict=True)))
        pq.write_table(table, folder / f"day{day:02}.parquet", use_dictionary=False)
