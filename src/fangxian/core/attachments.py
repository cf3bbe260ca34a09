"""Photographs that belong to a record: sealed on the disk under a name that stands for their content, deleted when their time is up.

Like the journal and the outbox this knows nothing of what it is attached to: the stage that keeps the record has checked who may
add and who may look, and every look leaves its line in the journal.
"""

import hashlib
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from fangxian.core import clock, ids, pictures, secrets
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.core.models import Attachment as Attachment  # part of what this module offers

#: A subject as the journal names it: kind and primary key.
About = tuple[str, int]
#: Photographs of one record; nobody needs more to show that a door was closed.
MOST = 5


@action
def keep(by: Actor, about: About, content: bytes, *, area: str) -> Attachment:
    """Keep a photograph of a record. The caller has checked the right to add to it; raises Invalid as `pictures.cleaned` does."""
    picture = pictures.cleaned(content)
    fingerprint = secrets.blind_index("attachment", hashlib.sha256(picture.content).hexdigest())
    mine = Attachment.objects.filter(about_kind=about[0], about_id=about[1])
    if (known := mine.filter(fingerprint=fingerprint).first()) is not None:
        return known  # sent twice
    if mine.count() >= MOST:
        raise Invalid(
            _("There are already %(n)s photos.") % {"n": MOST}, remedy=_("Choose among those."), field="photo"
        )
    _write(fingerprint, secrets.seal_bytes(picture.content))
    kept = Attachment.objects.create(
        code=ids.new_code(), about_kind=about[0], about_id=about[1], area=area, fingerprint=fingerprint,
        size=len(picture.content), width=picture.width, height=picture.height, at=clock.now(), by_id=by.account_id,
    )  # fmt: skip
    record(by, "attachment.kept", about, area=area, data={"attachment": kept.code, "size": kept.size})
    return kept


@action
def look(by: Actor, about: About, code: str) -> bytes:
    """The photograph (JPEG). The caller has checked the right to see the record; the look is on record from now on."""
    found = of(about, code)
    opened = secrets.unseal_bytes(_path(found.fingerprint).read_bytes())
    record(by, "attachment.viewed", about, area=found.area, data={"attachment": found.code})
    return opened


def of(about: About, code: str) -> Attachment:
    """An attachment of a record by its code. Raises NotFound."""
    found = by_code(about[0], code)
    if found.about_id != about[1]:
        raise none_such()
    return found


def by_code(kind: str, code: str) -> Attachment:
    """An attachment of some record of a kind by its code. Raises NotFound."""
    found = Attachment.objects.filter(code=ids.normalise_code(code), about_kind=kind).first()
    if found is None:
        raise none_such()
    return found


def none_such() -> NotFound:
    """What is said of an attachment that is not there, or not for the reader to know of."""
    return NotFound(
        _("There is no such photo here."), remedy=_("It may have been deleted when its time was over."), field="photo"
    )


@action
def delete(by: Actor, codes: Iterable[str], reason: str) -> int:
    """Delete attachments; of each a line stays that says when and why. The bytes go when the transaction commits."""
    rows = list(Attachment.objects.select_for_update().filter(code__in=list(codes)))
    for row in rows:
        record(
            by, "attachment.deleted", (row.about_kind, row.about_id), area=row.area,
            data={"attachment": row.code, "reason": reason},
        )  # fmt: skip
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    gone = {row.fingerprint for row in rows}
    transaction.on_commit(lambda: _remove(gone))
    return len(rows)


def kept_since(kind: str, after: int = 0, limit: int = 500) -> list[Attachment]:
    """Attachments of a kind of record in the order they came, from a key on: for whoever knows how long they are kept."""
    return list(Attachment.objects.filter(about_kind=kind, pk__gt=after).order_by("pk")[:limit])


def remove_strays(before: datetime) -> int:
    """Delete files that no row names, left by a transaction that failed after its file was written; how many there were."""
    old = [path for path in _folder().glob("??/*") if path.stat().st_mtime < before.timestamp()]
    strays = {path.name for path in old} - _used({path.name for path in old})
    for path in old:
        if path.name in strays:
            path.unlink(missing_ok=True)
    return len(strays)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _used(fingerprints: set[str]) -> set[str]:
    return set(Attachment.objects.filter(fingerprint__in=fingerprints).values_list("fingerprint", flat=True))


def _remove(fingerprints: set[str]) -> None:
    for fingerprint in fingerprints - _used(fingerprints):
        _path(fingerprint).unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "attachments"


def _path(fingerprint: str) -> Path:
    return _folder() / fingerprint[:2] / fingerprint


def _write(fingerprint: str, sealed: bytes) -> None:
    """Whole or not at all: a file under its name is complete. The database commits after it, never before."""
    path = _path(fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
