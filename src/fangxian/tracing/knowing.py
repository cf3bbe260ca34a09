"""Exposures as settling sees them, and what several of them make of a contact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from fangxian.tracing import judging, sources
from fangxian.tracing.judging import Judgement
from fangxian.tracing.models import Contact, Exposure


@dataclass(slots=True)
class Known:
    """An exposure as settling sees it: on record already, or about to be (`fresh`). `contact_id` is what settling decides."""

    id: int
    person_id: int
    judgement: Judgement
    from_at: datetime | None
    to_at: datetime | None
    pack: str
    #: Where its source is investigated, and where the contact is to be looked after if the form said so.
    investigated_in: str
    area: str = ""
    contact_id: int | None = None
    fresh: bool = False

    @property
    def begins(self) -> datetime | None:
        return self.from_at or self.to_at

    @property
    def ends(self) -> datetime | None:
        return self.to_at or self.from_at


def on_record(outbreak_id: int, human_of: Mapping[int, int]) -> list[Known]:
    """Exposures that are still a matter of watching: without a contact, of an open one, or of one that became a case."""
    alive = Q(contact__isnull=True) | Q(contact__state__in=(Contact.UNDER_WATCH, Contact.BECAME_CASE))
    rows = Exposure.objects.filter(alive, outbreak_id=outbreak_id, person_id__in=list(human_of)).order_by("id")
    return [known(row) for row in rows.select_related("case", "contact_of", "contact")]


def known(row: Exposure) -> Known:
    """An exposure on record; needs its `case`, `contact_of` and `contact`."""
    source = row.case or row.contact_of
    assert source is not None, "an exposure is to somebody"
    rank = judging.rank(row.classified_by, row.category)
    ring = 2 if row.case is None else 1
    judgement = Judgement(row.category, rank, ring, row.classified_by, sources.NO_WORDS, facts=row.facts)
    watched = row.contact if row.contact and row.contact.state == Contact.UNDER_WATCH else None
    known = Known(row.pk, row.person_id, judgement, row.from_at, row.to_at, source.pack, source.area)
    known.contact_id = watched.pk if watched else None
    return known


def values(counting: Sequence[Known], identified_at: datetime) -> dict[str, Any]:
    """What a contact's exposures make of it. An exposure whose time nobody knows counts as being now: the cautious answer."""
    deciding = min(counting, key=lambda one: (one.judgement.rank, one.id))
    judgement = deciding.judgement
    return {
        "category": judgement.category,
        "classified_by": judgement.basis,
        "facts": dict(judgement.facts),
        "ring": judgement.ring,
        "first_exposure_at": min(one.begins or identified_at for one in counting),
        "last_exposure_at": max(one.ends or identified_at for one in counting),
    }


def place(counting: Sequence[Known], home: str) -> str:
    """Where the contact is looked after: where the form said, else where the person lives, else where the case is."""
    return next((one.area for one in counting if one.area), "") or home or counting[0].investigated_in
