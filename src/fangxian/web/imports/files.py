"""Tables sent to the browser: written so that no spreadsheet takes them for formulas, and gone once they are sent."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.http import FileResponse

from fangxian.standards.tables import Cell, write_csv


def sent(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> FileResponse:
    """A CSV as a download."""
    with tempfile.TemporaryDirectory(prefix="fangxian-import-") as folder:
        path = Path(folder) / name
        write_csv(path, columns, rows)
        answer = FileResponse(path.open("rb"), as_attachment=True, filename=name)
    answer["Cache-Control"] = "no-store"
    return answer
