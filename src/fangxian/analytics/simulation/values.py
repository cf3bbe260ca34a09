"""What the fields of measures may hold, said once: for the classes, for scenarios in YAML, and for the words when it is otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, field, fields, is_dataclass
from functools import partial
from math import inf
from typing import Any

from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.population import LAYERS

#: Later than any day.
FOREVER = 1 << 14
#: A value and where it stands → the value as the class holds it. Raises SimulationError.
Check = Callable[[Any, str], Any]


def wrong(where: str, zh: str, en: str) -> SimulationError:
    """What is wrong with a field of a scenario or a measure."""
    return SimulationError(f"{where}：{zh}。", f"{where}: {en}.")


def number(value: Any, where: str, low: float, high: float, *, whole: bool = False) -> Any:
    """A number between two bounds. Raises SimulationError."""
    fine = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not fine or (whole and value != int(value)):
        kind = ("整数", "a whole number") if whole else ("数", "a number")
        if high == inf:
            raise wrong(
                where, f"应为不小于 {low:g} 的{kind[0]}，得到 {value}", f"is {kind[1]} of at least {low:g}, not {value}"
            )
        raise wrong(
            where,
            f"应为 {low:g} 至 {high:g} 的{kind[0]}，得到 {value}",
            f"is {kind[1]} from {low:g} to {high:g}, not {value}",
        )  # fmt: skip
    return int(value) if whole else float(value)


def known(raw: Any, where: str, names: Any) -> dict[str, Any]:
    """A mapping that has no other names than these. Raises SimulationError."""
    if not isinstance(raw, dict):
        raise wrong(
            where or "scenario",
            f"应为“名称: 值”，名称有 {'、'.join(names)}",
            f"is to have “name: value”, of {', '.join(names)}",
        )
    for name in raw:
        if name not in names:
            at = f"{where}.{name}" if where else str(name)
            raise wrong(
                at, f"没有这一项；有 {'、'.join(names)}", f"there is no such field; there are {', '.join(names)}"
            )
    return dict(raw)


def _by_layer(value: Any, where: str, high: float, whole: bool) -> Any:
    if not isinstance(value, dict):
        if not isinstance(value, list | tuple) or len(value) != len(LAYERS):
            raise wrong(where, f"按 {'、'.join(LAYERS)} 分别填写", f"give a value for each of {', '.join(LAYERS)}")
        value = dict(zip(LAYERS, value, strict=True))
    by = known(value, where, LAYERS)
    return tuple(number(by.get(one, 0), f"{where}.{one}", 0, high, whole=whole) for one in LAYERS)


def _several(value: Any, where: str, most: int) -> Any:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= most:
        raise wrong(where, f"应为 1 至 {most} 个 0 至 1 的数", f"is a list of 1 to {most} numbers from 0 to 1")
    return tuple(number(one, f"{where}[{at}]", 0, 1) for at, one in enumerate(value, 1))


def by_decade(value: Any, where: str, high: float = 1) -> Any:
    """A number for each decade of age, or one for all. Raises SimulationError."""
    if isinstance(value, int | float):
        value = (value,) * 10
    if not isinstance(value, list | tuple) or len(value) != 10:
        raise wrong(where, "应为一个数，或 10 个年龄组各一个数", "is one number, or one for each of ten decades of age")
    return tuple(number(one, f"{where}[{at}]", 0, high) for at, one in enumerate(value, 1))


def _one_of(value: Any, where: str, names: tuple[str, ...]) -> Any:
    if value not in names:
        raise wrong(where, f"应为 {'、'.join(names)} 之一", f"one of {', '.join(names)} is meant")
    return value


def _holds(check: Check, default: Any) -> Any:
    return field(default=default, metadata={"check": check})


def share(default: Any = MISSING) -> Any:
    """A field from 0 to 1."""
    return _holds(partial(number, low=0, high=1), default)


def days(default: Any = MISSING) -> Any:
    """A field of whole days."""
    return _holds(partial(number, low=0, high=FOREVER, whole=True), default)


def day(default: Any = MISSING) -> Any:
    """A day, which may lie before the first."""
    return _holds(partial(number, low=-3650, high=FOREVER, whole=True), default)


def count(default: Any = MISSING) -> Any:
    """A whole number of at least 1."""
    return _holds(partial(number, low=1, high=FOREVER, whole=True), default)


def amount(default: Any = MISSING) -> Any:
    """A number of at least 0, which may be infinite: no bound."""
    return _holds(partial(number, low=0, high=inf), default)


def layer_shares(default: Any = MISSING) -> Any:
    """A share for each layer."""
    return _holds(partial(_by_layer, high=1, whole=False), default)


def layer_days(default: Any = MISSING) -> Any:
    """Whole days for each layer."""
    return _holds(partial(_by_layer, high=365, whole=True), default)


def shares(most: int, default: Any = MISSING) -> Any:
    """One share or several in a row."""
    return _holds(partial(_several, most=most), default)


def decade_shares(default: Any = MISSING) -> Any:
    """A share for each decade of age, or one for all."""
    return _holds(by_decade, default)


def choice(*names: str, default: Any = MISSING) -> Any:
    """One of some names."""
    return _holds(partial(_one_of, names=names), default)


def checked(kind: Any, given: Any, where: str) -> Any:
    """An object of a class of measures from what was written. Raises SimulationError that names the field."""
    declared = {one.name: one for one in fields(kind)}
    values = known(given, where, list(declared))
    for name, value in values.items():
        values[name] = declared[name].metadata["check"](value, f"{where}.{name}")
    for name, one in declared.items():
        if one.default is MISSING and name not in values:
            raise wrong(f"{where}.{name}", "此项必填", "this is needed")
    return kind(**values)


def check(measure: Any) -> None:
    """Whether the fields of a measure hold what they may. Raises SimulationError."""
    for one in fields(measure) if is_dataclass(measure) else ():
        if "check" in one.metadata:
            one.metadata["check"](getattr(measure, one.name), f"{type(measure).__name__}.{one.name}")
