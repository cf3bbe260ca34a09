"""Tables as people really send them: every trap is either read right or refused with file, row and remedy."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from fangxian.standards.tables import Cell, Table, TableError, as_identifier, as_text, open_table, write_csv, write_xlsx


def written(folder: Path, data: bytes | str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def opened(folder: Path, data: bytes | str, name: str = "list.csv") -> tuple[Table, list[tuple[int, tuple[Cell, ...]]]]:
    table = open_table(written(folder, data, name))
    return table, [(row.number, row.cells) for row in table]


CHINESE = "编号,姓名,住址\nA1,张伟,武汉市江岸区\nA2,李娜,黄石市下陆区\n"
TRADITIONAL = "編號,姓名,住址\nA1,陳志強,臺北市信義區\nA2,林淑芬,高雄市鹽埕區\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_chinese_in_any_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    table, rows = opened(tmp_path, ("col," + CHINESE.replace("\n", "\nx,").rstrip("x,")).encode(encoding))
    assert table.columns == ("col", "编号", "姓名", "住址")
    assert rows == [(2, ("x", "A1", "张伟", "武汉市江岸区")), (3, ("x", "A2", "李娜", "黄石市下陆区"))]


def test_traditional_chinese_in_big5(tmp_path: Path) -> None:
    table, rows = opened(tmp_path, TRADITIONAL.encode("big5"))
    assert table.encoding == "big5"
    assert rows[0][1] == ("A1", "陳志強", "臺北市信義區")


def test_western_names_in_windows_1252(tmp_path: Path) -> None:
    table, rows = opened(tmp_path, "id,name\n1,José García\n2,Zoë Müller\n".encode("cp1252"))
    assert table.encoding == "cp1252"
    assert [cells[1] for _, cells in rows] == ["José García", "Zoë Müller"]


def test_a_guessed_encoding_is_said(tmp_path: Path) -> None:
    table, _ = opened(tmp_path, CHINESE.encode("gbk"))
    assert [note.en for note in table.notes] == ["read as gb18030"]


def test_two_encodings_in_one_file_are_refused_with_the_line(tmp_path: Path) -> None:
    lines = CHINESE.splitlines(keepends=True)
    mixed = (lines[0] + lines[1]).encode() + lines[2].encode("gbk")
    with pytest.raises(TableError) as caught:
        opened(tmp_path, mixed)
    assert caught.value.where.line == 3
    assert "utf-8" in caught.value.zh.lower()
    reverse = (lines[0] + lines[1]).encode("gbk") + lines[2].encode()
    with pytest.raises(TableError) as caught:
        opened(tmp_path, reverse)
    assert caught.value.where.line == 3


def test_a_named_encoding_that_does_not_fit_is_refused_with_the_line(tmp_path: Path) -> None:
    path = written(tmp_path, CHINESE.encode("gbk"))
    with pytest.raises(TableError) as caught:
        list(open_table(path, encoding="utf-8"))
    assert caught.value.where.line == 1
    with pytest.raises(TableError, match="no encoding called"):
        open_table(path, encoding="utf-99")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    text = "id,when,note\n1,2020-01-19,a b\n2,2020-01-20,c\n".replace(",", delimiter)
    table, rows = opened(tmp_path, text)
    assert table.delimiter == delimiter
    assert rows[0] == (2, ("1", "2020-01-19", "a b"))


def test_excels_own_delimiter_line(tmp_path: Path) -> None:
    table, rows = opened(tmp_path, "sep=;\nid;n\n1;2\n")
    assert (table.columns, table.first_row, rows) == (("id", "n"), 2, [(3, ("1", "2"))])


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    table, rows = opened(tmp_path, "id\nA\nB\n")
    assert (table.columns, rows) == (("id",), [(2, ("A",)), (3, ("B",))])


def test_quoted_line_breaks_blank_rows_and_nuls(tmp_path: Path) -> None:
    text = 'id,note\r\n1,"two\r\nlines, one ""cell"""\r\n\r\n,\r\n2,a\0b\r\n'
    _, rows = opened(tmp_path, text)
    assert rows == [(2, ("1", 'two\r\nlines, one "cell"')), (5, ("2", "ab"))]


def test_old_mac_line_ends(tmp_path: Path) -> None:
    assert opened(tmp_path, "id,n\r1,2\r3,4\r")[1] == [(2, ("1", "2")), (3, ("3", "4"))]


def test_a_short_row_is_filled_up_and_a_long_one_is_a_fault(tmp_path: Path) -> None:
    rows = list(open_table(written(tmp_path, "id,name,age\n1,Li\n2,Wu, Jr,30\n3,He,40,,\n")))
    assert rows[0].cells == ("1", "Li", None)
    assert rows[0].fault is None
    assert rows[1].fault is not None
    assert rows[1].fault.where.row == 3
    assert "4" in rows[1].fault.zh
    assert rows[2].fault is None


def test_an_unclosed_quotation_mark_spoils_its_own_row_only(tmp_path: Path) -> None:
    lines = ["id,name", '1,"Li', *(f"{number},x" for number in range(2, 1000))]
    rows = list(open_table(written(tmp_path, "\n".join(lines))))
    assert len(rows) == 999
    assert [row.number for row in rows if row.fault] == [2]
    assert rows[-1].cells == ("999", "x")


def test_a_quotation_mark_inside_a_cell_is_a_character(tmp_path: Path) -> None:
    assert opened(tmp_path, 'id,size\n1,5" pipe\n2,6" pipe\n')[1] == [(2, ("1", '5" pipe')), (3, ("2", '6" pipe'))]


def test_headers_that_are_missing_or_repeated_get_names(tmp_path: Path) -> None:
    table, _ = opened(tmp_path, "id,,date,date, spaced  out \n1,2,3,4,5\n")
    assert table.columns == ("id", "column 2", "date", "date (2)", "spaced out")
    assert len(table.notes) == 2
    assert (table.index("DATE (2)"), table.index("nothing")) == (3, None)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(TableError) as caught:
        opened(tmp_path, data)
    assert caught.value.where.file == "list.csv"


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7 ...",
        b"\x89PNG\r\n\x1a\n",
        b"<html><table></table></html>",
        b"<?xml version='1.0'?>",
        bytes(range(128, 256)) * 9,
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(TableError):
        opened(tmp_path, data, "list.xls")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(TableError):
            open_table(path)


def workbook(path: Path, *, date1904: bool = False) -> Path:
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd", "date_1904": date1904})
    page = book.add_worksheet("病例")
    lines: list[list[Cell]] = [
        ["编号", "发病", "序列", "身份证号", "数量"],
        [1000000001, dt.date(2020, 1, 19), 43849, "11010519491231002X", 2.5],
        [None] * 5,
        [1000000002, dt.datetime(2020, 1, 20, 14, 30), 43850, "=1+1", -3],
    ]
    for row, cells in enumerate(lines):
        for column, cell in enumerate(cells):
            if isinstance(cell, dt.date):
                page.write_datetime(
                    row, column, dt.datetime.combine(cell, dt.time.min) if type(cell) is dt.date else cell
                )
            elif isinstance(cell, str):
                page.write_string(row, column, cell)
            elif cell is not None:
                page.write(row, column, cell)
    book.close()
    return path


@pytest.mark.parametrize("date1904", [False, True])
def test_workbooks_keep_types_and_row_numbers(tmp_path: Path, date1904: bool) -> None:
    table = open_table(workbook(tmp_path / "list.xlsx", date1904=date1904))
    assert (table.sheet, table.date1904) == ("病例", date1904)
    rows = [(row.number, row.cells) for row in table]
    assert rows == [
        (2, (1000000001, dt.date(2020, 1, 19), 43849, "11010519491231002X", 2.5)),
        (4, (1000000002, dt.datetime(2020, 1, 20, 14, 30), 43850, "=1+1", -3)),
    ]


def test_a_wrong_extension_is_said_and_the_content_read(tmp_path: Path) -> None:
    table = open_table(workbook(tmp_path / "list.csv"))
    assert table.format == "workbook"
    assert any("extension" in note.en for note in table.notes)
    table, rows = opened(tmp_path, "id,n\n1,2\n", "list.xlsx")
    assert rows
    assert any("extension" in note.en for note in table.notes)


def test_merged_cells_mean_every_cell_of_the_block(tmp_path: Path) -> None:
    path = tmp_path / "merged.xlsx"
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet()
    page.write_row(0, 0, ["家庭", "编号"])
    page.merge_range(1, 0, 3, 0, "张家")
    for row, number in enumerate(["A", "B", "C", "D"], start=1):
        page.write(row, 1, number)
    page.write(4, 0, "李家")
    book.close()
    table = open_table(path)
    assert [row.cells for row in table] == [("张家", "A"), ("张家", "B"), ("张家", "C"), ("李家", "D")]
    assert any("merged" in note.en for note in table.notes)


def test_a_title_above_the_header_can_be_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "titled.xlsx"
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet()
    page.merge_range(0, 0, 0, 1, "某市病例一览表")
    page.write_row(2, 0, ["编号", "姓名"])
    page.write_row(3, 0, ["A", "张伟"])
    book.close()
    table = open_table(path, header_row=2)
    assert (table.columns, table.first_row) == (("编号", "姓名"), 3)
    assert [(row.number, row.cells) for row in table] == [(4, ("A", "张伟"))]


def test_the_first_visible_sheet_that_is_not_empty_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sheets.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("empty").hide()
    book.add_worksheet("说明").activate()
    for name in ("数据", "more"):
        book.add_worksheet(name).write_row(0, 0, ["id", name])
    book.close()
    assert open_table(path).sheet == "数据"
    assert open_table(path, sheet="more").columns == ("id", "more")
    with pytest.raises(TableError, match="数据"):
        open_table(path, sheet="none")


def test_a_truncated_workbook_is_refused(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "list.xlsx").read_bytes()
    for length in (10, 100, len(whole) // 2, len(whole) - 30):
        path = written(tmp_path, whole[:length], f"cut{length}.xlsx")
        with pytest.raises(TableError) as caught:
            list(open_table(path))
        assert caught.value.where.file == path.name


def test_a_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "no workbook")
    with pytest.raises(TableError):
        open_table(path)


def test_a_stray_cell_in_the_last_corner_does_not_ask_for_all_memory(tmp_path: Path) -> None:
    path = tmp_path / "stray.xlsx"
    for row, column, count in ((99_999, 1, 1), (1_048_575, 16_383, None), (9_999, 16_383, None)):
        book = xlsxwriter.Workbook(path)
        page = book.add_worksheet()
        page.write_row(0, 0, ["id", "n"])
        page.write_row(1, 0, ["A", 1])
        page.write_string(row, column, " ")
        book.close()
        if count is None:
            with pytest.raises(TableError, match=f"row {row + 1} and column XFD"):
                open_table(path)
        else:
            assert len(list(open_table(path))) == count


def test_a_package_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fangxian.standards.tables.package.MOST_BYTES", 1000)
    with pytest.raises(TableError, match="unpacks"):
        open_table(workbook(tmp_path / "list.xlsx"))


def test_a_password_is_named_as_such(tmp_path: Path) -> None:
    """An encrypted workbook is an OLE file whose directory lists the stream “EncryptedPackage”."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)
    with pytest.raises(TableError, match="password"):
        open_table(written(tmp_path, header, "secret.xlsx"))


def test_an_open_document_spreadsheet(tmp_path: Path) -> None:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in ("编号", "姓名")
    )
    body = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in ("A1", "张伟")
    )
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="s"><table:table-row>{cells}</table:table-row>'
        f"<table:table-row>{body}</table:table-row></table:table>"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    path = tmp_path / "list.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    table = open_table(path)
    assert table.columns == ("编号", "姓名")
    assert [row.cells for row in table] == [("A1", "张伟")]


def test_identifiers_survive_a_detour_through_a_spreadsheet() -> None:
    assert as_identifier("1000000001.0") == "1000000001"
    assert as_identifier(1000000001.0) == "1000000001"
    assert as_identifier("007") == "007"
    assert as_identifier("1.50") == "1.50"
    assert as_text(dt.datetime(2020, 1, 19)) == "2020-01-19"
    assert as_text(2.5) == "2.5"
    assert as_text("\u3000 a\u00a0") == "a"


DANGEROUS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "'=1+1", "''=x", "=cmd|' /C calc'!A0", "-"]
HARMLESS = ["-13.21", "'quoted'", "a=b", "2020-01-01", "-", "x\ny"]


def test_formulas_are_neutralised_and_come_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    values = DANGEROUS + HARMLESS
    assert write_csv(path, ["=id", "n"], [[value, 1] for value in values]) == len(values)
    text = path.read_bytes().decode("utf-8-sig")
    for value in DANGEROUS:
        assert f'"\'{value.replace(chr(34), chr(34) * 2)}"' in text
    assert '"-13.21"' in text
    table = open_table(path)
    assert table.columns == ("=id", "n")
    assert [row.cells[0] for row in table] == values


def test_a_workbook_stores_formulas_as_text(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    rows: list[list[Cell]] = [[value, 1, dt.date(2020, 1, 19), True] for value in DANGEROUS]
    write_xlsx(path, ["text", "n", "day", "flag"], rows)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert 'quotePrefix="1"' in archive.read("xl/styles.xml").decode()
    assert [list(row.cells) for row in open_table(path)] == rows


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    def rows() -> object:
        yield ["1"]
        raise RuntimeError("the connection was lost")

    with pytest.raises(RuntimeError):
        write_csv(path, ["id"], rows())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_more_text_than_a_workbook_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        write_xlsx(tmp_path / "out.xlsx", ["id", "note"], [["1", "x" * 32_768]])
    assert (caught.value.where.row, caught.value.where.column) == (2, "note")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cannot be written"):
        write_csv(tmp_path / "nowhere" / "out.csv", ["id"], [["1"]])
