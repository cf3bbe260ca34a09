"""Protocol packs: which there are, what each orders, how two differ. What a pack says is public."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _
from ninja import Router

from fangxian import protocols
from fangxian.api.offering import offer
from fangxian.api.shapes import Shown, shown
from fangxian.core.errors import NotFound
from fangxian.duties import packs
from fangxian.protocols import Difference, Text

router = Router(tags=["protocols"])


class PackRow(Shown):
    """A pack or overlay. `grades` counts its cited values by grade, `needs_primary` those to be looked up in the original."""

    id: str
    name: shown(Text)  # type: ignore[valid-type]
    edition: str
    status: str
    issued: str | None
    superseded_by: str | None
    base: str | None
    duties: int
    grades: dict[str, int]
    needs_primary: int


class PackContent(Shown):
    """A pack as it is written, overlays included, with the version by which duties name it."""

    id: str
    version: str
    content: dict[str, Any]


def packs_there_are() -> list[Any]:
    """The packs and overlays that come with the product, the packs first."""
    return protocols.available()


def in_force(area: str = "") -> list[dict[str, Any]]:
    """The packs in force in a jurisdiction, as they hold there; the first is the default of new reports."""
    return [_content(pack) for pack in packs.in_force(area)]


def pack(name: str, overlay: Collection[str] = ()) -> dict[str, Any]:
    """A pack with overlays laid over it in this order: every value with its clause, source, date and grade."""
    return _content(protocols.load(_known(name), *map(_known, overlay)))


def compare(name: str, other: str) -> list[Difference]:
    """What differs between two packs, value by value."""
    return protocols.diff(protocols.load(_known(name)), protocols.load(_known(other)))


def _known(name: str) -> str:
    """The name of a pack that comes with the product: never a path of this machine."""
    if name not in {one.id for one in protocols.available()}:
        raise NotFound(_("There is no protocol pack “%(name)s”.") % {"name": name}, field="name")
    return name


def _content(found: protocols.Pack) -> dict[str, Any]:
    return {"id": found.id, "version": found.version, "content": protocols.dump(found)}


offer(router, "GET", "/protocols", packs_there_are, PackRow)
offer(router, "GET", "/protocols/in-force", in_force, PackContent)
offer(router, "GET", "/protocols/{name}", pack, PackContent)
offer(router, "GET", "/protocols/{name}/difference/{other}", compare)
