"""Imports of the import page: where their files lie, and whose they are."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.tracing.models import Import

RIGHT = "imports.make"


def folder(code: str) -> Path:
    """Where the files of an import lie."""
    place: Path = settings.DATA_DIR / "imports" / code
    return place


def owned(by: Actor, code: str, *, lock: bool = False) -> Import:
    """One's own import. Raises NotFound; others' files are nobody's business."""
    by.must(RIGHT)
    rows = Import.objects.select_for_update(of=("self",)) if lock else Import.objects.all()
    row = (
        rows.select_related("outbreak", "job", "undo_job")
        .filter(code=ids.normalise_code(code), owner_id=by.account_id or 0)
        .first()
    )
    if row is None:
        raise NotFound(_("There is no such import."), remedy=_("Only whoever dropped the files sees it."))
    return row
