"""Problems and plans as JSON. Times are hours (9.5) or instants (2026-03-04T09:30); a plan tells them alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from fangxian.analytics.allocation.problem import AllocationError, Person, Problem, Promise, Room, Site, Trip
from fangxian.analytics.allocation.results import Cost, Plan
from fangxian.text import Text

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Clock:
    """How hours are told: from midnight of the first day of a problem, or as plain numbers where it has none."""

    midnight: datetime | None = None

    def told(self, hours: float) -> float | str:
        """An instant to the minute, or the hours."""
        if self.midnight is None:
            return round(hours, 4)
        return (self.midnight + timedelta(minutes=round(hours * 60))).isoformat(timespec="minutes")


def read_problem(path: Path) -> tuple[Problem, Clock]:
    """The problem of a file. Raises AllocationError naming list, place and field of what cannot be read."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as fault:
        raise AllocationError(f"{path}：不是 JSON（{fault}）。", f"{path}: is no JSON ({fault}).") from None
    if not isinstance(whole, dict):
        raise AllocationError(f"{path}：应是一个 JSON 对象。", f"{path}: a JSON object is wanted.")
    try:
        return _Source(whole).problem()
    except AllocationError as fault:
        raise AllocationError(f"{path}：{fault.zh}", f"{path}: {fault.en}") from None


def told(done: Plan, clock: Clock, language: str) -> dict[str, Any]:
    """A plan as JSON, its words in one language."""

    def words(text: Text) -> str:
        return text.in_(language)

    return {
        "assignments": [
            {
                "person": one.person, "trip": one.trip, "room": one.room, "site": one.site, "floor": one.floor, "class": one.kind,
                "departs": clock.told(one.departs), "arrives": clock.told(one.arrives), "late_hours": round(one.late, 4),
                "km": round(one.kilometres, 3), "promised": one.promised,
            }
            for one in done.assignments
        ],
        "unplaced": [{"person": one.person, "reason": words(one.why)} for one in done.unplaced],
        "shortages": [
            {
                "what": one.what, "missing": one.missing, "zone": one.where, "class": one.kind, "since": clock.told(one.since),
                "opening_removes_it": list(one.opens), "text": words(one.text),
            }
            for one in done.shortages
        ],
        "trips": [{"trip": name, "class": kind, "site": site} for name, (kind, site) in done.trips.items()],
        "floors": [{"site": site, "floor": floor, "class": kind} for (site, floor), kind in done.floors.items()],
        "cost": _cost(done.cost), "greedy": _cost(done.greedy), "objective": round(done.objective, 4),
        "bound": round(done.bound, 4), "gap": round(done.gap, 6), "seconds": round(done.seconds, 2),
    }  # fmt: skip


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "unplaced": cost.unplaced, "late_hours": round(cost.late, 4), "km": round(cost.kilometres, 3),
        "late_by_priority": {str(priority): round(hours, 4) for priority, hours in cost.by_priority.items()},
    }  # fmt: skip


class _Source:
    """A JSON object, and where in it the reader is."""

    def __init__(self, whole: dict[str, Any]) -> None:
        self.whole = whole
        texts = [one for name, fields in (("people", ("ready", "deadline")), ("trips", ("departs",)))
                 for row in self._list(name) for field in fields if isinstance(one := row.get(field), str)]  # fmt: skip
        instants = [self._instant(text) for text in texts]
        if len({one.tzinfo is None for one in instants}) > 1:
            raise AllocationError("时刻应都带时区，或都不带。", "Give all times with a zone, or none.")
        self.clock = Clock(min(instants).replace(hour=0, minute=0, second=0, microsecond=0) if instants else None)

    def problem(self) -> tuple[Problem, Clock]:
        people = self._each("people", lambda row: Person(
            self._text(row, "name"), self._text(row, "zone"), self._text(row, "class"), self._time(row, "ready"),
            self._time(row, "deadline"),
            str(row.get("family") or ""), _features(row, "needs"), _features(row, "ride"), int(row.get("priority") or 1),
        ))  # fmt: skip
        rooms = self._each("rooms", lambda row: Room(
            self._text(row, "name"), self._text(row, "site"), str(row.get("floor") or ""), int(row.get("beds") or 1),
            _features(row, "features"),
        ))  # fmt: skip
        trips = self._each("trips", lambda row: Trip(
            self._text(row, "name"), self._text(row, "zone"), self._time(row, "departs"), int(row["seats"]), str(row.get("site") or ""),
            str(row.get("class") or ""), _features(row, "features"),
        ))  # fmt: skip
        sites = self._each(
            "sites",
            lambda row: Site(
                self._text(row, "name"), _place(row), str(row.get("district") or ""), row.get("open") is not False
            ),
        )
        promises = self._each(
            "promises", lambda row: Promise(*(self._text(row, field) for field in ("person", "trip", "room")))
        )
        floors = self._each(
            "floors", lambda row: ((self._text(row, "site"), str(row.get("floor") or "")), self._text(row, "class"))
        )
        zones = self._each("zones", lambda row: (self._text(row, "name"), _place(row)))
        speed, boarding = (
            float(self.whole.get(name, usual)) for name, usual in (("speed_kmh", 30), ("boarding_hours", 0.5))
        )
        return Problem(people, rooms, trips, sites, dict(zones), promises, dict(floors), speed, boarding), self.clock

    def _list(self, name: str) -> list[dict[str, Any]]:
        rows = self.whole.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise AllocationError(f"{name} 应是对象的列表。", f"{name} is to be a list of objects.")
        return rows

    def _each(self, name: str, read: Callable[[dict[str, Any]], Item]) -> tuple[Item, ...]:
        found = []
        for place, row in enumerate(self._list(name), 1):
            try:
                found.append(read(row))
            except (KeyError, TypeError, ValueError, IndexError) as fault:
                why = (
                    fault.text
                    if isinstance(fault, AllocationError)
                    else Text(f"缺少或不对：{fault}", f"missing or wrong: {fault}")
                )
                raise AllocationError(f"{name} 第 {place} 项：{why.zh}", f"{name}, item {place}: {why.en}") from None
        return tuple(found)

    def _text(self, row: dict[str, Any], field: str) -> str:
        text = str(row.get(field) if row.get(field) is not None else "").strip()
        if not text:
            raise AllocationError(f"缺少 {field}；请补上。", f"{field} is missing; add it.")
        return text

    def _time(self, row: dict[str, Any], field: str) -> float:
        value = row.get(field)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and self.clock.midnight is None:
            return float(value)
        if isinstance(value, str) and self.clock.midnight is not None:
            return (self._instant(value) - self.clock.midnight).total_seconds() / 3600
        raise AllocationError(
            f"{field} 缺少，或与其他时刻写法不同；请都写小时数或都写时刻。",
            f"{field} is missing or written unlike the others; write hours everywhere, or instants everywhere.",
        )

    def _instant(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise AllocationError(
                f"“{text}”不是时刻；请写 2026-03-04T09:30。", f"“{text}” is no time; write 2026-03-04T09:30."
            ) from None


def _features(row: dict[str, Any], field: str) -> frozenset[str]:
    value = row.get(field) or []
    if not isinstance(value, list):
        raise AllocationError(f"{field} 应是列表。", f"{field} is to be a list.")
    return frozenset(str(one) for one in value)


def _place(row: dict[str, Any]) -> tuple[float, float]:
    x, y = row["place"]
    return float(x), float(y)
