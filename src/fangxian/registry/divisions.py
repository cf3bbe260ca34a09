"""Reading tables of divisions (行政区划代码): rows in, sound rows and faults out; and the history of codes.

A code, once given, means one piece of land for ever. When it ends its row stays, with the day and the code that follows it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from fangxian.core.access import after
from fangxian.core.errors import Invalid
from fangxian.registry import tables
from fangxian.registry.models import Jurisdiction
from fangxian.registry.schemas import Division
from fangxian.standards import cn_ids
from fangxian.standards.errors import InputError, Where
from fangxian.standards.tables import as_identifier, as_text, open_table
from fangxian.text import Text

#: What the columns are called in tables that people have.
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "code": ("code", "代码", "区划代码", "行政区划代码"),
    "name": ("name", "名称", "单位名称", "name_zh"),
    "name_en": ("name_en", "英文名称"),
    "population": ("population", "人口"),
    "lon": ("lon", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
    "valid_from": ("valid_from", "启用日期"),
    "valid_until": ("valid_until", "停用日期"),
    "successor": ("successor", "变更后代码"),
}
#: Third and fourth digit of a code that only sums up (汇总码, GB/T 2260): what hangs directly under a province, by kind.
_SUMMARY = {
    "01": ("市辖区", "Districts"),
    "02": ("县", "Counties"),
    "90": ("直辖县级行政区划", "Counties under the province"),
}
SUMMARY_NAMES = frozenset(name for pair in _SUMMARY.values() for name in pair)
_SAY_AGAIN = Text("请更正后再导入", "Correct it and import again")


def read(source: Path | Iterable[Division | Mapping[str, Any]]) -> tuple[list[Division], list[InputError]]:
    """The rows of a table, each code once, in its shortest form; and what is wrong with the others."""
    file = source.name if isinstance(source, Path) else ""
    rows: dict[str, Division] = {}
    faults: list[InputError] = []
    for number, given in _given(source):
        try:
            row = given if isinstance(given, Division) else _row(given, number, file)
            row = replace(row, code=_code(row.code, number, "code", file), row=number)
            if row.successor:
                row = replace(row, successor=_code(row.successor, number, "successor", file))
            before = rows.setdefault(row.code, row)
            if replace(before, row=0) != replace(row, row=0):
                what = Text(
                    f"代码 {row.code} 在第 {before.row} 行已有不同内容",
                    f"row {before.row} says something else of {row.code}",
                )
                raise InputError(what, _SAY_AGAIN, Where(file, number, "code"))
        except InputError as fault:
            faults.append(fault)
    return list(rows.values()), faults


def concerned(rows: Sequence[Division]) -> set[str]:
    """Every code whose row must be looked up to judge these: their own, those above, those that follow."""
    codes = {row.code for row in rows} | {row.successor for row in rows if row.successor}
    edge = codes
    while edge := {above for code in edge if (above := _above(code))} - codes:
        codes = codes | edge
    return codes


def placed(
    rows: Sequence[Division], known: Mapping[str, Any], file: str = ""
) -> tuple[list[Division], list[InputError]]:
    """The rows that have a place in the tree, from the top down, with the summary codes they need; and faults for the rest."""
    there = set(known)
    good: list[Division] = []
    faults: list[InputError] = []
    for row in sorted(rows, key=lambda row: (len(row.code), row.code)):
        above = _above(row.code)
        if above and above not in there and (summary := _summary(above, there)):
            good.append(summary)
            there.add(above)
        if above and above not in there:
            what = Text(f"{row.code} 的上级 {above} 不存在", f"{above}, which is above {row.code}, is not there")
            faults.append(
                InputError(
                    what, Text("请先导入上级", "Import that one first, or with it"), Where(file, row.row, "code")
                )
            )
        else:
            good.append(row)
            there.add(row.code)
    for row in [row for row in good if row.successor and row.successor not in there]:
        what = Text(f"变更后代码 {row.successor} 不存在", f"there is no successor {row.successor}")
        faults.append(InputError(what, _SAY_AGAIN, Where(file, row.row, "successor")))
        good[good.index(row)] = replace(row, successor="")
    return good, faults


def outside(row: Division, file: str) -> InputError:
    return InputError(
        Text(f"{row.code} 不在您的辖区内", f"{row.code} is outside your jurisdiction"),
        Text("请由该地的台账管理员导入", "Leave it to the registrar of that place"),
        Where(file, row.row, "code"),
    )


def columns(row: Division) -> dict[str, Any]:
    """A row as the table of jurisdictions names its columns."""
    names = ("name_en", "population", "lon", "lat", "valid_from", "valid_until", "successor")
    return {"name_zh": row.name} | {name: getattr(row, name) for name in names}


def differs(row: Division, before: Mapping[str, Any]) -> bool:
    """Whether a row says something new. An empty cell says nothing."""
    return any(value not in (None, "") and value != before[name] for name, value in columns(row).items())


def history(revisions: Mapping[date, Mapping[str, str]]) -> list[Division]:
    """Full lists of codes on several days (code → name), as one table with the days between which each code was there.

    `valid_from` is the first list that has a code (empty for the oldest list), `valid_until` the first one that lacks it. Its
    successor is the code that the same name in the same province has from then on, where there is exactly one: a list of
    codes does not say what became of the land, so the rest is for a person to fill in. A code that was left out of some
    lists and came back counts as having been there all along.
    """
    days = sorted(revisions)
    short = {day: {cn_ids.area_code(code): name for code, name in revisions[day].items()} for day in days}
    rows: dict[str, Division] = {}
    for place, day in enumerate(days):
        for code, name in short[day].items():
            last = place + 1 == len(days) or all(code not in short[later] for later in days[place + 1 :])
            ended = days[place + 1] if last and place + 1 < len(days) else None
            begun = rows[code].valid_from if code in rows else day if place else None
            heirs = [] if ended is None else [
                other for other, called in short[ended].items()
                if called == name and other[:2] == code[:2] and len(other) == len(code) and other not in short[day]
            ]  # fmt: skip
            rows[code] = Division(
                code=code, name=name, valid_from=begun, valid_until=ended, successor=heirs[0] if len(heirs) == 1 else ""
            )
    return [rows[code] for code in sorted(rows, key=lambda code: (len(code), code))]


def successors_from(code: str) -> list[str]:
    """The code and those that follow it, up to the one in force."""
    chain = [code]
    while following := Jurisdiction.objects.filter(pk=chain[-1]).values_list("successor", flat=True).first():
        if following in chain:
            break
        chain.append(following)
    return chain


def must_order_by_code() -> None:
    """Jurisdictions are ranges of codes, so the database must order text by its characters' codes (LC_COLLATE C)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN %s < %s AND %s < %s THEN 1 ELSE 0 END", ["330106", after("3301"), "Z", "a"])
        if not cursor.fetchone()[0]:
            raise Invalid(
                _("This database orders text by the rules of a language; Fangxian needs the order of the characters."),
                remedy=_(
                    "Create it anew: CREATE DATABASE fangxian TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'."
                ),
                code="collation",
            )


_above = lru_cache(100_000)(cn_ids.parent)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _given(source: Path | Iterable[Division | Mapping[str, Any]]) -> Iterator[tuple[int, Division | Mapping[str, Any]]]:
    if not isinstance(source, Path):
        yield from enumerate(source, start=1)
        return
    table = open_table(source)
    places = tables.columns(table, _HEADERS, ("code", "name"), source.name)
    for row in table:
        yield row.number, {field: row.cells[place] for field, place in places.items()}


def _row(cells: Mapping[str, Any], number: int, file: str) -> Division:
    """A row of a table as a division. Raises InputError, naming the column."""

    def fault(column: str, zh: str, en: str) -> InputError:
        return InputError(Text(zh, en), _SAY_AGAIN, Where(file, number, column))

    def day(column: str) -> date | None:
        text = as_text(cells.get(column))
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise fault(column, f"“{text}”不是日期（年-月-日）", f"“{text}” is not a date (year-month-day)") from None

    def real(column: str, limit: float) -> float | None:
        text = as_text(cells.get(column))
        try:
            value = float(text) if text else None
        except ValueError:
            value = limit + 1
        if value is not None and not -limit <= value <= limit:
            raise fault(column, f"“{text}”不是 ±{limit:g} 之间的数", f"“{text}” is not a number between ±{limit:g}")
        return value

    people = as_identifier(cells.get("population"))
    if people and not (people.isascii() and people.isdigit() and len(people) < 10):
        raise fault("population", f"“{people}”不是人数", f"“{people}” is not a number of people")
    name = as_text(cells.get("name"))
    if not name or len(name) > 80:
        raise fault("name", "名称为空或过长", "the name is empty or too long")
    begun, ended = day("valid_from"), day("valid_until")
    if begun and ended and ended < begun:
        raise fault("valid_until", "停用早于启用", "it ends before it begins")
    return Division(
        code=as_identifier(cells.get("code")), name=name, name_en=as_text(cells.get("name_en"))[:80],
        population=int(people) if people else None, lon=real("lon", 180), lat=real("lat", 90),
        valid_from=begun, valid_until=ended, successor=as_identifier(cells.get("successor")), row=number,
    )  # fmt: skip


def _code(text: str, number: int, column: str, file: str) -> str:
    try:
        return cn_ids.area_code(text)
    except InputError as fault:
        raise InputError(fault.what, fault.remedy, Where(file, number, column)) from None


def _summary(code: str, there: set[str]) -> Division | None:
    """The row of a summary code that a table leaves out, as most do."""
    if len(code) != 4 or code[2:] not in _SUMMARY or code[:2] not in there:
        return None
    zh, en = _SUMMARY[code[2:]]
    return Division(code=code, name=zh, name_en=en)
