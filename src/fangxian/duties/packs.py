"""The packs in force here: loaded once, with the overlays of the jurisdiction, and kept by version for ever.

A duty is judged by the edition it was opened under. So every version that ever opened one is stored and can be read again
after the pack on disk has moved on.
"""

import json
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from fangxian import protocols
from fangxian.core.errors import NotFound
from fangxian.duties.models import PackVersion
from fangxian.protocols import Pack

#: What an overlay of the whole country names as its jurisdiction.
_COUNTRY = "CN"


def in_force(area: str = "") -> list[Pack]:
    """The packs of this deployment as they hold in a jurisdiction, the default of new reports first."""
    return [pack(name, area) for name in settings.PACKS]


def pack(name: str, area: str = "") -> Pack:
    """A pack by its id, with the overlays that cover the area. Raises PackError for an unknown id."""
    overlays = tuple(ref for ref in settings.OVERLAYS if _applies(_covers(ref, name), area))
    return _load(name, overlays)


def reference(found: Pack) -> str:
    """How a duty names the pack and version that opened it; the version is kept from then on."""
    ref = f"{found.id}@{found.version}"
    _keep(ref, found)
    return ref


@lru_cache(maxsize=256)
def by_reference(ref: str) -> Pack:
    """The pack of a reference, in the very version, whether it is still on disk or not."""
    kept = PackVersion.objects.filter(ref=ref).first()
    if kept is None:
        raise NotFound(_("The protocol %(ref)s is not known here.") % {"ref": ref})
    return protocols.restore(json.loads(kept.content))


@cache
def _load(name: str, overlays: tuple[str, ...]) -> Pack:
    return protocols.load(name, *overlays)


@cache
def _covers(overlay: str, base: str) -> tuple[str, ...]:
    """The jurisdictions for which an overlay changes this pack; none where it lies over another."""
    laid = protocols.load(overlay)
    return laid.jurisdictions if laid.id == base else ()


def _applies(codes: tuple[str, ...], area: str) -> bool:
    return any(code == _COUNTRY or area.startswith(code) for code in codes)


class _Kept:
    """Runs when the transaction commits in which a version was written; while it waits there, the version need not be looked up."""

    def __init__(self, ref: str) -> None:
        self.ref = ref

    def __call__(self) -> None:
        _kept.add(self.ref)


_kept: set[str] = set()


def _keep(ref: str, found: Pack) -> None:
    waiting: Iterator[Any] = (entry[1] for entry in connection.run_on_commit)
    if ref in _kept or any(isinstance(act, _Kept) and act.ref == ref for act in waiting):
        return
    if not PackVersion.objects.filter(ref=ref).exists():
        PackVersion.objects.get_or_create(
            ref=ref, defaults={"content": json.dumps(protocols.dump(found), ensure_ascii=False)}
        )
    transaction.on_commit(_Kept(ref))  # not before: the row may yet be rolled back
