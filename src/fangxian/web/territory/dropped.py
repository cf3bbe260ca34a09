"""Tables that are dropped on these pages: taken row by row, what was left out told with row, column and remedy."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid
from fangxian.registry.schemas import DivisionsImport, TableTaken

MOST_BYTES = 10 * 1024 * 1024
#: Rows left out that are shown; the rest is counted.
SHOWN = 200


def taken(request: HttpRequest, take: Callable[[Path], TableTaken | DivisionsImport]) -> dict[str, Any]:
    """What the table that came with the request did. Raises Invalid where there is none, or it is no table."""
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or not file.size:
        raise Invalid(_("There is no file."), remedy=_("Choose one."), field="file")
    if file.size > MOST_BYTES:
        raise Invalid(
            _("This file is larger than 10 MB."), remedy=_("Send it in parts, or use the command line."), field="file"
        )
    with tempfile.TemporaryDirectory(prefix="fangxian-table-") as folder:
        path = Path(folder) / (Path(file.name or "").name or "table")
        with path.open("wb") as kept:
            kept.writelines(file.chunks())
        done = take(path)
    return {"done": done, "left": done.left[:SHOWN], "left_number": len(done.left)}
