"""The report as PDF, set by typst: text that can be searched and copied, tagged for screen readers, dated by the report itself."""

import json
import re
from datetime import UTC
from functools import cache
from importlib.resources import files
from typing import Any

import typst

from fangxian.command.situation.paper.composing import Block, Document, Picture, Table
from fangxian.command.situation.paper.fonts import families, fonts


def as_pdf(document: Document) -> bytes:
    """The report as bytes of a PDF. Raises NoFont where this machine cannot set its letters."""
    stamp = document.stamp.astimezone(UTC).replace(microsecond=0)
    fitting = families(document.texts)
    told = {
        "title": document.title, "lines": document.lines, "foot": document.foot, "mark": document.mark, "fonts": fitting,
        "lang": document.language[:2], "region": "CN" if document.chinese else "GB",
        "stamp": [stamp.year, stamp.month, stamp.day, stamp.hour, stamp.minute, stamp.second],
        "sections": [
            {"heading": section.heading, "blocks": [_plain(block, fitting) for block in section.blocks]}
            for section in document.sections
        ],
    }  # fmt: skip
    made: Any = typst.compile(
        _template(), font_paths=fonts(), sys_inputs={"document": json.dumps(told, ensure_ascii=False)}, format="pdf", timestamp=stamp
    )  # fmt: skip
    return bytes(made)


def as_png(svg: str, alt: str, width: int = 720) -> bytes:
    """A drawing as PNG, three dots to each of its own."""
    fitting = families(svg)
    page = (
        f"#set page(width: {width}pt, height: auto, margin: 0pt)\n"
        '#image(bytes(sys.inputs.svg), format: "svg", width: 100%, alt: sys.inputs.alt)\n'
    )
    made: Any = typst.compile(
        page.encode(), font_paths=fonts(), sys_inputs={"svg": _in_fonts(svg, fitting), "alt": alt}, format="png", ppi=216
    )  # fmt: skip
    return bytes(made)


def _plain(block: Block, fitting: list[str]) -> dict[str, Any]:
    if isinstance(block, Table):
        return {
            "kind": "table", "head": block.head, "rows": block.rows, "words": block.words, "anchored": block.anchored,
        }  # fmt: skip
    if isinstance(block, Picture):
        return {"kind": "picture", "svg": _in_fonts(block.svg, fitting), "caption": block.caption, "alt": block.alt}
    return {"kind": "text", "runs": [{"text": run.text, "ref": run.ref} for run in block]}


def _in_fonts(svg: str, fitting: list[str]) -> str:
    """The drawing in the fonts of the document."""
    return re.sub(r'font-family="[^"]*"', f'font-family="{", ".join(fitting)}"', svg, count=1)


@cache
def _template() -> bytes:
    return files(__package__).joinpath("report.typ").read_bytes()
