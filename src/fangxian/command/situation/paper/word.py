"""The report as a Word file (DOCX): headings, real tables, the curve as a picture with its description."""

import io
import zipfile
from datetime import UTC
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from fangxian.command.situation.paper.composing import Block, Document, Picture, Table
from fangxian.command.situation.paper.pdf import as_png

_HAN, _LATIN = "微软雅黑", "Calibri"
#: The date of everything inside the file: a zip cannot tell an earlier one.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def as_docx(document: Document) -> bytes:
    """The report as bytes of a DOCX. Raises NoFont where this machine cannot draw the letters of the curve."""
    made: Any = docx.Document()
    _settle(made, document)
    if document.mark:
        _coloured(made.add_paragraph(), document.mark, RGBColor(0xAE, 0x21, 0x1A), bold=True)
    title = made.add_heading(document.title, level=0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for line in document.lines:
        row = made.add_paragraph()
        row.alignment = WD_ALIGN_PARAGRAPH.CENTER
        row.paragraph_format.space_after = Pt(0)
        _coloured(row, line, RGBColor(0x47, 0x54, 0x62))
    for section in document.sections:
        made.add_heading(section.heading, level=1)
        for block in section.blocks:
            _write(made, block)
    made.sections[0].footer.paragraphs[0].text = document.foot
    return _fixed(made)


def _settle(made: Any, document: Document) -> None:
    """Page, fonts in both scripts, language, and properties that depend on the report alone."""
    page = made.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(20)
    for name in ("Normal", "Heading 1", "Title"):
        style = made.styles[name]
        style.font.name = _LATIN
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), _HAN)
    made.styles["Normal"].font.size = Pt(10.5)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    language.set(qn("w:eastAsia"), "zh-CN")
    made.styles["Normal"].element.get_or_add_rPr().append(language)
    told = made.core_properties
    stamp = document.stamp.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    told.title, told.author, told.last_modified_by = document.title, "Fangxian", "Fangxian"
    told.created = told.modified = stamp
    told.language, told.comments, told.revision = document.language, document.foot, 1


def _write(made: Any, block: Block) -> None:
    if isinstance(block, Table):
        _table(made, block)
    elif isinstance(block, Picture):
        caption = made.add_paragraph()
        caption.add_run(block.caption).bold = True
        caption.paragraph_format.keep_with_next = True
        shape = made.add_picture(io.BytesIO(as_png(block.svg, block.alt)), width=Mm(170))
        shape._inline.docPr.set("descr", block.alt)
    else:
        paragraph = made.add_paragraph()
        for run in block:
            paragraph.add_run(run.text)
            if run.ref:
                _reference(paragraph, run.ref)


def _table(made: Any, block: Table) -> None:
    table = made.add_table(rows=1, cols=len(block.head), style="Table Grid")
    header = table.rows[0]
    repeat = OxmlElement("w:tblHeader")
    header._tr.get_or_add_trPr().append(repeat)
    for cell, name in zip(header.cells, block.head, strict=True):
        cell.paragraphs[0].add_run(name).bold = True
    for number, row in enumerate(block.rows, 1):
        cells = table.add_row().cells
        for place, (cell, text) in enumerate(zip(cells, row, strict=True)):
            paragraph = cell.paragraphs[0]
            paragraph.add_run(text)
            if place not in block.words:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if block.anchored:
            _anchor(cells[0].paragraphs[0], number)
    for row in table.rows:
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                for run in paragraph.runs:
                    run.font.size = Pt(7.5 if block.anchored else 9)


def _reference(paragraph: Any, ref: int) -> None:
    """A raised number that leads to its row in the appendix."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("w:anchor"), f"figure_{ref}")
    run = paragraph.add_run(f"[{ref}]")
    run.font.superscript = True
    link.append(run._r)
    paragraph._p.append(link)


def _anchor(paragraph: Any, number: int) -> None:
    begin, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for mark in (begin, end):
        mark.set(qn("w:id"), str(number))
    begin.set(qn("w:name"), f"figure_{number}")
    paragraph._p.insert(0, begin)
    paragraph._p.append(end)


def _coloured(paragraph: Any, text: str, colour: RGBColor, *, bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.color.rgb, run.bold = colour, bold


def _fixed(made: Any) -> bytes:
    """The file with its parts in the order of their names and without the time at which it was written."""
    written, fixed = io.BytesIO(), io.BytesIO()
    made.save(written)
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as new:
        first = "[Content_Types].xml"
        for name in [first, *sorted(set(old.namelist()) - {first})]:
            part = zipfile.ZipInfo(name, date_time=_EPOCH)
            part.compress_type, part.create_system, part.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
            new.writestr(part, old.read(name))
    return fixed.getvalue()
