"""Writers of jurisdictions: the divisions table, the codes that end, and the headquarters that each of them has."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import bulk, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import checking, divisions, romanised
from fangxian.registry.events import DivisionAbolished
from fangxian.registry.levels import level_of
from fangxian.registry.models import Jurisdiction, Organisation
from fangxian.registry.schemas import Division, DivisionsImport
from fangxian.registry.vocabulary import terms
from fangxian.standards.errors import InputError

_COLUMNS = "code level name_zh name_en population lon lat valid_from valid_until successor".split()


@action
def install(by: Actor) -> None:
    """Make the house ready for its first record: a headquarters of the whole, to which everything falls back.

    May be called again at any time. Raises Invalid where the database orders text other than by its characters' codes.
    """
    by.must("registry.install", "")
    divisions.must_order_by_code()
    if not Organisation.objects.filter(kind="headquarters", area="").exists():
        _headquarters(by, [("", "", "")])


@action
def import_divisions(by: Actor, source: Path | Iterable[Division | Mapping[str, Any]]) -> DivisionsImport:
    """Enter a table of divisions (区划代码表): a file with a header, or its rows. Good rows are kept, bad ones told.

    Columns: code and name; if wanted name_en, population, lon, lat (degrees, WGS 84), valid_from, valid_until (dates) and
    successor. The level follows from the length of the code; the one above must exist or be in the table, but for the
    summary codes of GB/T 2260 (市辖区, 县, 直辖县), which are made. The same table twice changes nothing the second time.
    """
    by.must("registry.divisions")
    file = source.name if isinstance(source, Path) else ""
    try:
        rows, faults = divisions.read(source)
    except InputError as fault:
        raise checking.invalid(fault, "file") from None
    known = {
        row["code"]: row for row in Jurisdiction.objects.filter(code__in=divisions.concerned(rows)).values(*_COLUMNS)
    }
    rows, more = divisions.placed(rows, known, file)
    faults += more
    fresh: list[Division] = []
    changed: list[Division] = []
    for row in rows:
        if not by.may("registry.divisions", row.code):
            faults.append(divisions.outside(row, file))
        elif row.code not in known:
            fresh.append(row)
        elif divisions.differs(row, known[row.code]):
            changed.append(row)
    bulk.insert(Jurisdiction, _COLUMNS, (_values(row) for row in fresh))
    _headquarters(
        by, [(row.code, row.name, row.name_en) for row in fresh], active={r.code for r in fresh if not r.valid_until}
    )
    for row in changed:
        _change(by, row, known[row.code])
    if fresh or changed:
        digest = hashlib.sha256("\n".join(repr(_values(row)) for row in rows).encode()).hexdigest()
        record(
            by, "divisions.imported", ("area", 0),
            data={"created": len(fresh), "changed": len(changed), "left_out": len(faults), "sha256": digest},
        )  # fmt: skip
    faults.sort(key=lambda fault: fault.where.row or 0)
    return DivisionsImport(len(fresh), len(changed), len(rows) - len(fresh) - len(changed), tuple(faults))


@action
def rename_division(by: Actor, code: str, name: str, name_en: str = "") -> None:
    """Give a jurisdiction another name; its code and everything counted under it stay."""
    found = _jurisdiction(by, code)
    name = checking.clean(name)
    if not name:
        raise Invalid(_("A name is needed."), field="name")
    Jurisdiction.objects.filter(pk=found.pk).update(name_zh=name, name_en=checking.clean(name_en))
    _rename_headquarters(found.pk, name, name_en)
    record(
        by, "division.renamed", ("area", int(found.pk)), area=found.pk,
        data={"from": [found.name_zh, found.name_en], "to": [name, name_en]},
    )  # fmt: skip


@action
def abolish_division(by: Actor, code: str, on: date, successor: str = "") -> None:
    """End a code on a day (撤销). It stays in the register; its past is counted with `successor` from now on."""
    found = _jurisdiction(by, code)
    if successor:
        successor = checking.area(successor)
        if not Jurisdiction.objects.filter(pk=successor).exists():
            raise Invalid(_("There is no jurisdiction %(code)s.") % {"code": successor}, field="successor")
        if found.pk in divisions.successors_from(successor):
            raise Invalid(
                _("%(a)s would succeed itself by way of %(b)s.") % {"a": found.pk, "b": successor},
                remedy=_("Name the jurisdiction that is there today."),
                field="successor",
            )
    Jurisdiction.objects.filter(pk=found.pk).update(valid_until=on, successor=successor)
    _close_headquarters(by, found.pk, successor)
    record(
        by,
        "division.abolished",
        ("area", int(found.pk)),
        area=found.pk,
        data={"on": on.isoformat(), "successor": successor},
    )


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _jurisdiction(by: Actor, code: str) -> Jurisdiction:
    found = Jurisdiction.objects.select_for_update().filter(pk=checking.area(code)).first()
    if found is None:
        raise NotFound(_("There is no jurisdiction %(code)s.") % {"code": code})
    by.must("registry.divisions", found.pk)
    return found


def _values(row: Division) -> tuple[Any, ...]:
    return (row.code, level_of(row.code), row.name, row.name_en, row.population, row.lon, row.lat) + (
        row.valid_from, row.valid_until, row.successor
    )  # fmt: skip


def _change(by: Actor, row: Division, before: Mapping[str, Any]) -> None:
    """A row that says something new about a code already there. An empty cell says nothing."""
    told = {
        name: value
        for name, value in divisions.columns(row).items()
        if value not in (None, "") and value != before[name]
    }
    Jurisdiction.objects.filter(pk=row.code).update(**told)
    if "name_zh" in told or "name_en" in told:
        _rename_headquarters(row.code, row.name, row.name_en or before["name_en"])
    if "valid_until" in told:
        _close_headquarters(by, row.code, row.successor)
    shown = {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}
    record(by, "division.changed", ("area", int(row.code)), area=row.code, data=shown)


def _headquarters(by: Actor, areas: Sequence[tuple[str, str, str]], active: set[str] | None = None) -> None:
    """A headquarters (指挥部) for each new jurisdiction: (code, name, English name)."""
    kind = terms("organisation_kinds")["headquarters"]
    rows = [
        (code, "headquarters", f"{zh}{kind.zh}", _headquarters_en(zh, en), area, "", active is None or area in active)
        for code, (area, zh, en) in zip(ids.new_codes(len(areas)), areas, strict=True)
    ]
    bulk.insert(Organisation, "code kind name_zh name_en area phone is_active".split(), rows)
    if "" in {area for area, _zh, _en in areas}:
        record(by, "registry.installed", ("area", 0))


def _headquarters_en(zh: str, en: str) -> str:
    title = terms("organisation_kinds")["headquarters"].en
    return f"{en or romanised.division(zh)}: {title}" if zh else title[0].upper() + title[1:]


def _rename_headquarters(area: str, zh: str, en: str) -> None:
    title = terms("organisation_kinds")["headquarters"].zh
    Organisation.objects.filter(kind="headquarters", area=area).update(
        name_zh=f"{zh}{title}", name_en=_headquarters_en(zh, en)
    )


def _close_headquarters(by: Actor, area: str, successor: str) -> None:
    Organisation.objects.filter(kind="headquarters", area=area).update(is_active=False)
    emit(DivisionAbolished(area, successor))
