"""A list taken away as a file: exactly as it is seen, for a purpose where it says something of persons."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import PURPOSES, Actor, purpose_name
from fangxian.core.errors import Invalid
from fangxian.web.lists.tables import Table

#: What a list may be taken away for: looking at one person has purposes of its own.
EXPORTED_FOR = tuple(key for key in PURPOSES if key not in ("own_request", "matching", "care"))


def purposes() -> list[tuple[str, str]]:
    """What may be chosen: key and name."""
    return [(key, purpose_name(key)) for key in EXPORTED_FOR]


def taken(
    request: HttpRequest, by: Actor, table: Table, called: str, write: Callable[[Actor, Path], int]
) -> FileResponse:
    """The file that `write` makes of a table, under a name of today. Raises NotAllowed, or Invalid where a purpose is missing."""
    by.must("exports.make")
    if table.personal:
        by = by.with_purpose(_purpose(request.POST.get("purpose", "")))
    kind = "xlsx" if request.POST.get("kind") == "xlsx" else "csv"
    name = f"fangxian-{called}-{clock.today():%Y%m%d}.{kind}"
    with tempfile.TemporaryDirectory(prefix="fangxian-export-") as folder:
        path = Path(folder) / name
        write(by, path)
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)


def _purpose(given: str) -> str:
    if given not in EXPORTED_FOR:
        raise Invalid(
            _("These columns are about persons: say what the file is for."),
            remedy=_("Choose a purpose; it stays on record. Or leave out the columns name, sex and age."),
            field="purpose",
        )
    return given
