"""The files of a daily report: made from its frozen content, kept under the digest of their bytes, made again to the byte.

A draft is written anew each time it is asked for. Of a signed report the first file that is asked for is kept; from then on it
is what everybody gets, whatever later versions of this program would write.
"""

import hashlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.utils.translation import gettext as _

from fangxian.command.situation import queries
from fangxian.command.situation.models import Produced, Sitrep
from fangxian.command.situation.paper import FORMS, Report, compose
from fangxian.command.situation.schemas import SitrepView
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, Refusal
from fangxian.text import Text

LANGUAGES = ("zh", "en")


class Lost(Refusal):
    """A file that was produced is gone, and what is written now is not the same."""

    status, code = 500, "not_reproduced"


def produce(by: Actor, code: str, language: str, form: str) -> bytes:
    """The report as a file. Raises NotFound, Invalid for a language or form that there is not, NoFont (`paper.fonts`).

    The bytes of a signed report are always the same. Raises Lost where a file that was kept is gone and cannot be made again.
    """
    if language not in LANGUAGES or form not in FORMS:
        raise Invalid(
            _("A report is not written like this."),
            remedy=_("Choose zh or en, and pdf, docx or html."), field="form" if language in LANGUAGES else "language",
        )  # fmt: skip
    view = queries.sitrep(by, code)
    if view.row.signed_at is None:
        return write(view, language, form)
    row = Sitrep.objects.get(code=view.row.code)
    kept = Produced.objects.filter(sitrep=row, language=language, form=form).first()
    if kept is None:
        made = write(view, language, form)
        _keep(SYSTEM, row, language, form, made)
        return made
    path = _path(kept.digest, form)
    found = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(found).hexdigest() != kept.digest:
        found = write(view, language, form)
        if hashlib.sha256(found).hexdigest() != kept.digest:
            raise Lost(
                _("The file of this report is gone, and this version of the program writes it differently."),
                remedy=_("Bring the folder “files” back from the backup; its digest is %(digest)s.")
                % {"digest": kept.digest},
            )
        _store(path, found)
    return found


def write(view: SitrepView, language: str, form: str) -> bytes:
    """The bytes of a report: nothing but its content decides on them."""
    row = view.row
    report = Report(
        row.code, view.situation, row.version, row.reason, view.differs, Text(view.remarks_zh, view.remarks_en), row.drafted_at,
        row.signed_at, row.signed_by, row.digest,
    )  # fmt: skip
    return FORMS[form][0](compose(report, language))


@action
def _keep(by: Actor, row: Sitrep, language: str, form: str, made: bytes) -> None:
    """Put the file into the store and on record. Two who ask at once have made the same bytes."""
    digest = hashlib.sha256(made).hexdigest()
    _store(_path(digest, form), made)
    _one, new = Produced.objects.get_or_create(
        sitrep=row, language=language, form=form, defaults={"digest": digest, "size": len(made), "at": clock.now()}
    )
    if new:
        record(
            by, "sitrep.produced", ("sitrep", row.pk), area=row.area, data={"language": language, "form": form, "digest": digest}
        )  # fmt: skip


def _path(digest: str, form: str) -> Path:
    return Path(settings.MEDIA_ROOT) / "sitreps" / digest[:2] / f"{digest}.{form}"


def _store(path: Path, made: bytes) -> None:
    """Write all of it, or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(made)
    os.replace(file.name, path)
