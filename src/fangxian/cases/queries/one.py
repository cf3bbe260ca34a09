"""One case: everything its page shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.cases.judgement import known_facts
from fangxian.cases.models import Case
from fangxian.cases.progress import Progress, progress
from fangxian.cases.queries.linelist import rows
from fangxian.cases.schemas import CaseRow
from fangxian.cases.subject import KIND, anchors_of
from fangxian.core import clock, ids, journal
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.duties import packs
from fangxian.protocols import Window
from fangxian.registry import levels


@dataclass(frozen=True, slots=True)
class Judged:
    """What a case was held to be from an instant on, and by which definition."""

    classification: str
    basis: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A decision of one level."""

    level: str
    decision: str
    reason: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the case's history. `changes`: field → (old, new); `seq`: the number of the journal's line."""

    seq: int
    at: datetime
    who: str
    action: str
    reason: str
    basis: str
    changes: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case with all that is known of it. `person_id` is for asking the registry, which masks.

    `turn` is the review step whose turn it is (None: none is), and `may` what the actor may do here and now: edit,
    correct, review, discard.
    """

    row: CaseRow
    outbreak_id: int
    person_id: int
    organisation_id: int
    hospital_id: int | None
    pack: str
    classified_by: str
    facts: Mapping[str, Any]
    sampled_at: datetime | None
    isolated_at: datetime | None
    last_negative_at: datetime | None
    admitted_at: datetime | None
    dates: Mapping[str, datetime]
    note: str
    infectious: Window | None
    judgements: tuple[Judged, ...]
    reviews: tuple[Reviewed, ...]
    turn: str | None
    may: frozenset[str]
    history: tuple[Event, ...]

    @property
    def version(self) -> int:
        """The version that a change of the case must name."""
        return self.row.version


def case(by: Actor, code: str) -> CaseDetail:
    """One case in full, the person masked. Its duties are `duties.queries.of_subject("case", row.id)`.

    Raises NotFound for an unknown code, and alike where the actor may not see the case.
    """
    found = (
        Case.objects.select_related("outbreak", "organisation", "hospital", "person")
        .prefetch_related("judgements", "reviews")
        .filter(code=ids.normalise_code(code))
        .first()
    )
    if found is None or not by.may("cases.view", found.area, found.organisation_id):
        raise NotFound(_("There is no such case."), remedy=_("Check the code; its last character is a check."))
    at = progress(found)
    pack = packs.pack(found.pack, found.area)
    return CaseDetail(
        row=rows([found])[0],
        outbreak_id=found.outbreak_id,
        person_id=found.person_id,
        organisation_id=found.organisation_id,
        hospital_id=found.hospital_id,
        pack=found.pack,
        classified_by=found.classified_by,
        facts=dict(found.facts),
        sampled_at=found.sampled_at,
        isolated_at=found.isolated_at,
        last_negative_at=found.last_negative_at,
        admitted_at=found.admitted_at,
        dates={name: datetime.fromisoformat(value) for name, value in found.dates.items()},
        note=found.note,
        infectious=pack.infectious_window(known_facts(found), anchors_of(found), clock.zone()),
        judgements=tuple(
            Judged(one.classification, one.basis, one.at)
            for one in sorted(found.judgements.all(), key=lambda one: one.pk)
        ),
        reviews=tuple(
            Reviewed(one.level, one.decision, one.reason, one.by_name, one.at)
            for one in sorted(found.reviews.all(), key=lambda one: one.pk)
        ),
        turn=at.key if at else None,
        may=_may(by, found, at),
        history=tuple(_history(found)),
    )


def _may(by: Actor, found: Case, at: Progress | None) -> frozenset[str]:
    """What the actor may do to the case as it stands."""
    open_still = found.classification != Case.DISCARDED
    edit = open_still and by.may("cases.edit", found.area, found.organisation_id)
    right = {
        "edit": edit,
        "discard": open_still and by.may("cases.discard", found.area, found.organisation_id),
    }
    if open_still and at is not None and at.step is not None:
        level = levels.at_level(found.area, at.step.level or "")
        right["correct"] = at.with_reporter and (edit or by.may("cases.correct", found.area, found.organisation_id))
        right["review"] = not at.with_reporter and by.may("cases.review", level, found.organisation_id)
    return frozenset(name for name, holds in right.items() if holds)


def _history(found: Case) -> list[Event]:
    history = []
    for entry in journal.of(KIND, found.pk):
        data = json.loads(entry.data)
        changes = {name: (old, new) for name, (old, new) in data.get("changes", {}).items()}
        history.append(
            Event(entry.seq, entry.at, entry.actor, entry.action, data.get("reason", ""), entry.basis, changes)
        )
    return history
