"""The daily report on paper: one composition of it, written as HTML, PDF or Word from the same parts. Pure but for fonts.

The same report gives the same bytes: nothing here asks for the time, the machine or the reader.
"""

from collections.abc import Callable, Mapping

from fangxian.command.situation.paper.composing import Document, Report, compose
from fangxian.command.situation.paper.html import as_html
from fangxian.command.situation.paper.pdf import as_pdf
from fangxian.command.situation.paper.word import as_docx

#: How each form is written, and its media type.
FORMS: Mapping[str, tuple[Callable[[Document], bytes], str]] = {
    "html": (as_html, "text/html; charset=utf-8"),
    "pdf": (as_pdf, "application/pdf"),
    "docx": (as_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}

__all__ = ["FORMS", "Document", "Report", "compose"]
