"""Laws of tables and identifiers: no bytes break the reader, what we write we read, one digit wrong is noticed."""

from __future__ import annotations

import datetime as dt
import string
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fangxian.standards import cn_ids
from fangxian.standards.errors import InputError
from fangxian.standards.tables import Cell, TableError, open_table, write_csv, write_xlsx

# Characters that XML and CSV can carry; a lone carriage return in XML is a line feed when read back (XML 1.0, 2.11).
plain_text = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), include_characters="\n\t"))
texts = plain_text | st.sampled_from(["=1+1", "'=1", "''=", "+x", "-x", "@x", "\t=", "-1.5", "'", "''", "'a"])
tables = st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[texts] * width), min_size=1, max_size=6))


@cache
def parts_of_a_workbook() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whole.xlsx"
        write_xlsx(path, ["编号", "日期", "数"], [("A1", dt.date(2020, 1, 19), 1.5), ("A2", dt.date(2020, 1, 20), -3)])
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


@given(
    part=st.sampled_from(
        ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"]
    ),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.binary(max_size=8)), min_size=1, max_size=3),
)
def test_a_damaged_workbook_is_a_table_or_a_clear_error(part: str, cuts: list[tuple[float, int, bytes]]) -> None:
    parts = dict(parts_of_a_workbook())
    for place, length, instead in cuts:
        start = int(place * len(parts[part]))
        parts[part] = parts[part][:start] + instead + parts[part][start + length :]
    fault = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        try:
            for row in open_table(path):
                assert row.number > 1
        except TableError as error:
            fault = error
    assert fault is None or speaks_both_languages(fault)


def speaks_both_languages(error: InputError) -> bool:
    return all((error.what.zh, error.what.en, error.remedy.zh, error.remedy.en))


@given(data=st.binary(max_size=400), suffix=st.sampled_from([".csv", ".xlsx", ".xls", ".ods"]))
@example(data=b'a,b\n"', suffix=".csv")
@example(data=b"PK\x03\x04" + bytes(60), suffix=".xlsx")
@example(data=b"\xff\xfea", suffix=".csv")
@example(data=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), suffix=".xls")
def test_any_bytes_are_a_table_or_a_clear_error(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"list{suffix}"
        path.write_bytes(data)
        fault = None
        try:
            table = open_table(path)
            for row in table:
                assert len(row.cells) == len(table.columns)
        except TableError as error:
            fault = error
    assert fault is None or (path.name in fault.zh and speaks_both_languages(fault))


@given(rows=tables)
def test_csv_comes_back_as_it_was_written(rows: list[tuple[str, ...]]) -> None:
    assume(all(any(cell.strip() for cell in row) for row in rows))  # blank rows are not rows
    columns = [f"c{number}" for number in range(len(rows[0]))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.csv"
        write_csv(path, columns, rows)
        table = open_table(path)
        assert table.columns == tuple(columns)
        assert [tuple(cell or "" for cell in row.cells) for row in table] == rows


cells: st.SearchStrategy[Cell] = (
    texts.filter(lambda text: not text.isspace())
    | st.integers(-(10**14), 10**14)
    | st.floats(-1e14, 1e14, allow_subnormal=False)
    | st.booleans()
    | st.dates(dt.date(1900, 3, 1), dt.date(2100, 1, 1))
)


@given(rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=5))
def test_workbooks_come_back_as_they_were_written(rows: list[tuple[Cell, Cell]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.xlsx"
        write_xlsx(path, ["key", "a", "b"], [(f"k{number}", *row) for number, row in enumerate(rows)])
        found = [row.cells[1:] for row in open_table(path)]
    assert len(found) == len(rows)
    for got, wanted in zip(found, rows, strict=True):
        for one, other in zip(got, wanted, strict=True):
            if isinstance(other, float):
                assert one == pytest.approx(other, rel=1e-12)
            else:
                assert (one or "") == (other or "")


names = st.text(
    st.sampled_from("张王李赵刘陈杨黄周吴徐孙马朱胡林郭何高罗武汉市江岸区湖北省黄石发热咳嗽"), min_size=1, max_size=8
)


@given(rows=st.lists(st.tuples(names, names), min_size=1, max_size=20))
def test_gbk_and_utf8_tables_are_equal(rows: list[tuple[str, str]]) -> None:
    text = "".join(f"{a},{b}\r\n" for a, b in [("姓名", "住址"), *rows])
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for encoding in ("utf-8", "gbk", "gb18030", "utf-8-sig", "utf-16"):
            path = Path(folder) / f"{encoding}.csv"
            path.write_bytes(text.encode(encoding))
            table = open_table(path)
            found.append((table.columns, [row.cells for row in table]))
    assert all(each == found[0] for each in found)
    assert found[0] == (("姓名", "住址"), rows)


births = st.dates(dt.date(1900, 1, 1), dt.date(2020, 1, 1))


@given(area=st.sampled_from(["110105", "420102", "830000"]), birth=births, order=st.integers(0, 999))
def test_a_citizen_number_says_what_it_was_made_of(area: str, birth: dt.date, order: int) -> None:
    first17 = f"{area}{birth:%Y%m%d}{order:03}"
    citizen = cn_ids.parse_citizen_id(first17 + cn_ids.citizen_check_digit(first17))
    assert (citizen.area, citizen.birth_date) == (area, birth)
    assert citizen.sex == ("male" if order % 2 else "female")


@given(birth=births, order=st.integers(0, 999), position=st.integers(0, 16), change=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(birth: dt.date, order: int, position: int, change: int) -> None:
    first17 = f"420102{birth:%Y%m%d}{order:03}"
    number = first17 + cn_ids.citizen_check_digit(first17)
    wrong = str((int(number[position]) + change) % 10)
    with pytest.raises(cn_ids.IdError):
        cn_ids.parse_citizen_id(number[:position] + wrong + number[position + 1 :])


@given(birth=births, order=st.integers(0, 999), position=st.integers(0, 15))
def test_two_swapped_neighbours_are_always_noticed(birth: dt.date, order: int, position: int) -> None:
    first17 = f"420102{birth:%Y%m%d}{order:03}"
    number = first17 + cn_ids.citizen_check_digit(first17)
    assume(number[position] != number[position + 1])
    swapped = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
    with pytest.raises(cn_ids.IdError):
        cn_ids.parse_citizen_id(swapped)


@given(text=st.text(string.printable + "０１２Ｘ年省", max_size=20))
def test_any_text_is_an_identifier_or_an_error_in_both_languages(text: str) -> None:
    parsers = (
        cn_ids.parse_citizen_id,
        cn_ids.parse_document,
        cn_ids.parse_credit_code,
        cn_ids.parse_phone,
        cn_ids.area_code,
    )
    for parse in parsers:
        fault = None
        try:
            parse(text)
        except cn_ids.IdError as error:
            fault = error
        assert fault is None or speaks_both_languages(fault)


digits = st.text("123456789", min_size=18, max_size=18)


@given(whole=digits, length=st.sampled_from(sorted(cn_ids.AREA_LENGTHS)))
def test_an_area_lies_in_all_its_ancestors_and_in_no_other(whole: str, length: int) -> None:
    code = whole[:length]
    lineage = (code, *cn_ids.ancestors(code))
    assert len(lineage) == list(cn_ids.AREA_LENGTHS).index(length) + 1
    assert all(cn_ids.is_within(code, above) for above in lineage)
    for shorter in cn_ids.AREA_LENGTHS:
        if shorter < length:
            assert whole[:shorter] in lineage
            other = whole[: shorter - 1] + ("1" if whole[shorter - 1] != "1" else "2")
            assert not cn_ids.is_within(code, other)
    assert cn_ids.area_code(code.ljust(18, "0")) == code
