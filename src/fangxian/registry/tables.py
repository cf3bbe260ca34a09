"""Tables of organisations and places (机构、场所台账) as people keep them: which column is which, which word means which kind."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid
from fangxian.registry.vocabulary import terms
from fangxian.standards.errors import InputError, Where
from fangxian.standards.tables import Table, as_text, open_table
from fangxian.text import Text

#: What the columns are called in tables that people have.
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "kind": ("kind", "类别", "种类", "类型"),
    "name_zh": ("name", "name_zh", "名称", "单位名称", "机构名称", "场所名称"),
    "name_en": ("name_en", "英文名称"),
    "area": ("area", "code", "区划代码", "辖区代码", "所在区划", "代码"),
    "phone": ("phone", "telephone", "电话", "联系电话"),
    "address": ("address", "地址", "详细地址"),
    "lon": ("lon", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
    "capacity": ("capacity", "容量", "容纳人数"),
}
_NEEDED = ("kind", "name_zh", "area")
_PARTS = re.compile(r"[、,，/]| or ")


#: A file, or its rows as text by field.
Source = Path | Iterable[Mapping[str, str]]


def read(source: Source) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows that hold anything: number, and text by field. Raises InputError where it is no table or lacks a column."""
    if not isinstance(source, Path):
        yield from enumerate(source, start=1)
        return
    table = open_table(source)
    places = columns(table, _HEADERS, _NEEDED, source.name)
    for row in table:
        cells = {field: as_text(row.cells[place]) for field, place in places.items()}
        if any(cells.values()):
            yield row.number, cells


def columns(table: Table, headers: Mapping[str, Sequence[str]], needed: Sequence[str], file: str) -> dict[str, int]:
    """Where each field stands in a table, by what people call its column. Raises InputError where one that is needed is missing."""
    places: dict[str, int] = {}
    for field, names in headers.items():
        for place in map(table.index, names):
            if place is not None:
                places.setdefault(field, place)
    if missing := [headers[field] for field in needed if field not in places]:
        chinese = next(name for name in missing[0] if not name.isascii())
        raise InputError(
            Text(f"缺少列“{chinese}”", f"the column “{missing[0][0]}” is missing"),
            Text("请加上表头", "Add it to the header"),
            Where(file, table.first_row),
        )
    return places


def header(field: str) -> Text:
    """What the column of a field is called."""
    names = _HEADERS.get(field, (field,))
    return Text(next((name for name in names if not name.isascii()), names[0]), names[0])


def kind_of(section: str, text: str) -> str:
    """The key of a closed list that a word means: the key itself, its name or a part of it (学校 of 学校、托幼机构). Raises Invalid."""
    word = text.strip().casefold()
    for key, term in terms(section).items():
        if word in {key, term.zh, term.en.casefold(), *_PARTS.split(term.zh), *_PARTS.split(term.en.casefold())}:
            return key
    raise Invalid(
        _("“%(value)s” is not known here.") % {"value": text.strip()},
        remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(term.name for term in terms(section).values())},
        field="kind",
    )
