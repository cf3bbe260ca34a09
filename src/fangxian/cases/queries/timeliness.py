"""Outbreaks, and how fast they were found and answered (7-1-7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.cases.models import Case, Outbreak
from fangxian.cases.schemas import Interval, SevenOneSeven
from fangxian.core import clock, ids
from fangxian.core.access import Actor, within
from fangxian.core.asking import Question
from fangxian.core.errors import NotFound
from fangxian.duties import packs
from fangxian.registry.levels import upwards

#: The date of an outbreak that each clock anchor of a 7-1-7 target stands for.
_DATES = {
    "emerged_at": "emerged_on",
    "detected_at": "detected_on",
    "notified_at": "notified_on",
    "responded_at": "responded_on",
}


@dataclass(frozen=True, slots=True)
class OutbreakView:
    """An outbreak as it is shown. `cases` counts those not discarded, wherever they are; None where nobody asked (`counted`)."""

    id: int
    code: str
    name_zh: str
    name_en: str
    pack: str
    area: str
    opened_at: datetime
    closed_at: datetime | None
    cases: int | None = None
    #: The alert of which it was noticed.
    alert: str = ""

    @property
    def name(self) -> str:
        """In the reader's language."""
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en


def outbreaks(by: Actor, *, open_only: bool = False) -> list[OutbreakView]:
    """The outbreaks that touch the actor's jurisdictions, newest first."""
    found = Outbreak.objects.filter(_touching(by.areas("cases.view")))
    if open_only:
        found = found.filter(closed_at__isnull=True)
    return [_view(row) for row in found.order_by("-opened_at", "-pk")]


def outbreak(by: Actor, code: str) -> OutbreakView:
    """One outbreak. Raises NotFound where it does not touch the actor's jurisdictions."""
    return _view(must_see(by, code))


def counted(found: Sequence[OutbreakView]) -> list[OutbreakView]:
    """The same with their cases counted; one query, which reads every case of theirs."""
    rows = Case.objects.filter(outbreak__in=[one.id for one in found]).exclude(classification=Case.DISCARDED)
    number = dict(rows.order_by().values_list("outbreak_id").annotate(Count("pk")))
    return [replace(one, cases=number.get(one.id, 0)) for one in found]


@dataclass(frozen=True, slots=True)
class OutbreakName:
    """An outbreak by name, which is no secret."""

    id: int
    code: str
    name: str


def outbreak_name(by: Actor, code: str) -> OutbreakName:
    """One outbreak by name, its cases not counted. Raises NotFound where it does not touch the actor's jurisdictions."""
    row = must_see(by, code)
    chinese = (get_language() or "zh").startswith("zh")
    return OutbreakName(row.pk, row.code, row.name_zh if chinese else row.name_en or row.name_zh)


def outbreak_names(by: Actor, rows: QuerySet[Any]) -> list[OutbreakName]:
    """The outbreaks that touch the actor's cases, or that any of these rows (of a stage above, with an `outbreak`) belongs to.

    Newest first; one query.
    """
    chinese = (get_language() or "zh").startswith("zh")
    areas = by.areas("cases.view")
    mine = Q(Exists(rows.order_by().filter(outbreak_id=OuterRef("pk"))))
    found = Outbreak.objects.filter(Q() if "" in areas else _touching(areas) | mine)
    told = found.order_by("-opened_at", "-pk").values_list("pk", "code", "name_zh", "name_en")
    return [OutbreakName(pk, code, zh if chinese else en or zh) for pk, code, zh, en in told]


def must_see(by: Actor, code: str) -> Outbreak:
    """The row of an outbreak, for the queries of this stage."""
    row = Outbreak.objects.filter(_touching(by.areas("cases.view")), code=ids.normalise_code(code)).first()
    if row is None:
        raise NotFound(_("There is no such outbreak."))
    return row


def seven_one_seven(by: Actor, code: str) -> SevenOneSeven:
    """7-1-7 of an outbreak against the targets of its pack: detected in 7 days, notified in 1, responded to in 7.

    Proposed where nothing is recorded: emergence is the earliest onset, detection the first diagnosis (or report), and
    notification the first report. When the response was complete nobody can tell from cases. An interval counts from
    recorded dates only; one that is still running is missed as soon as it is longer than its target.
    """
    row = must_see(by, code)
    recorded = {name: day for name in _DATES.values() if (day := getattr(row, name)) is not None}
    proposed = {name: day for name, day in _proposed(row).items() if name not in recorded}
    return SevenOneSeven(recorded, proposed, _intervals(row.pack, row.area, recorded, clock.today()))


def intervals(outbreak: int, today: date) -> Question[tuple[Interval, ...]]:
    """The intervals alone, as they stood on a day; for stages that have checked the right."""
    names = tuple(_DATES.values())
    ((told,),) = yield [Outbreak.objects.filter(pk=outbreak).values_list("pack", "area", *names)]
    pack, area, *days = told
    return _intervals(pack, area, {name: day for name, day in zip(names, days, strict=True) if day is not None}, today)


def _intervals(pack: str, area: str, recorded: Mapping[str, date], today: date) -> tuple[Interval, ...]:
    found = []
    for target in packs.pack(pack, area).targets:
        first, last = recorded.get(_DATES.get(target.from_, "")), recorded.get(_DATES.get(target.to, ""))
        allowed = target.within.delta.days
        took = (last - first).days if first and last else None
        met = took <= allowed if took is not None else False if first and (today - first).days > allowed else None
        name = {"zh": target.name.zh, "en": target.name.en}
        found.append(Interval(target.key, name, first, last, took, allowed, met))
    return tuple(found)


def _proposed(row: Outbreak) -> dict[str, date]:
    cases = Case.objects.filter(outbreak=row).exclude(classification=Case.DISCARDED)
    first = cases.aggregate(onset=Min("onset_on"), diagnosed=Min("diagnosed_at"), reported=Min("reported_at"))
    found: dict[str, date] = {}
    if first["onset"]:
        found["emerged_on"] = first["onset"]
    if first["reported"]:
        found["notified_on"] = _day(first["reported"])
        found["detected_on"] = _day(min(moment for moment in (first["diagnosed"], first["reported"]) if moment))
    return found


def _day(moment: datetime) -> date:
    return moment.astimezone(clock.zone()).date()


def _touching(areas: Iterable[str]) -> Q:
    """Outbreaks handled within the areas, or by a jurisdiction above one of them."""
    found = Q(pk__in=())
    for area in areas:
        if not area:
            return Q()
        found |= within(area) | Q(area__in=["", *upwards(area)])
    return found


def _view(row: Outbreak) -> OutbreakView:
    return OutbreakView(
        row.pk, row.code, row.name_zh, row.name_en, row.pack, row.area, row.opened_at, row.closed_at, alert=row.alert
    )  # fmt: skip
