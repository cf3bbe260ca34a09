"""People who really met, as stays: whoever was near each other was, for as long, at a place of the two of them."""

import csv
import re
from datetime import date
from pathlib import Path

DAY = 86_400
_YEAR = date(2020, 1, 1)
_DATE = re.compile(r"(\d+)/(\d+)/(\d\d)")
Rows = list[tuple[int, int, int, int]]


def _pairs(met: list[tuple[int, int, int, int]]) -> Rows:
    """(from, to, one, other) as stays of both at a place that is the pair's own."""
    places: dict[tuple[int, int], int] = {}
    rows: Rows = []
    for begin, end, one, other in met:
        place = places.setdefault((min(one, other), max(one, other)), len(places))
        rows += [(one, place, begin, end), (other, place, begin, end)]
    return rows


def haslemere(data: Path) -> Rows:
    """The BBC's pandemic of Haslemere: pairs of telephones within 20 m, every five minutes of three days."""
    with (data / "proximity" / "haslemere" / "Kissler_DataS1.csv").open(encoding="utf-8") as file:
        steps = [[int(word) for word in row] for row in csv.reader(file)]
    return _pairs([(300 * step, 300 * (step + 1), one, other) for step, one, other, metres in steps if metres <= 20])


def school(data: Path) -> Rows:
    """A primary school in Lyon (SocioPatterns): badges face to face, every 20 seconds of two days."""
    file = data / "proximity" / "sociopatterns" / "primary_school_lyon_20s" / "primaryschool.csv"
    steps = [[int(word) for word in line.split()[:3]] for line in file.read_text(encoding="utf-8").splitlines()]
    return _pairs([(at - 20, at, one, other) for at, one, other in steps])


def korea(data: Path) -> Rows:
    """Where confirmed persons in Korea had been, day by day (2020), places to about a hundred metres."""
    places: dict[tuple[float, float], int] = {}
    persons: dict[str, int] = {}
    rows: Rows = []
    with (data / "korea_covid_2020" / "routes.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            days = [_DATE.fullmatch(row[name]) for name in ("start", "end")]
            if row["latitude"] and row["longitude"] and all(days):
                begin, end = ((date(2000 + int(day[3]), int(day[1]), int(day[2])) - _YEAR).days for day in days if day)
                where = round(float(row["latitude"]), 3), round(float(row["longitude"]), 3)
                person = persons.setdefault(row["local_id"], len(persons))
                rows.append((person, places.setdefault(where, len(places)), begin * DAY, (max(begin, end) + 1) * DAY))
    return rows
