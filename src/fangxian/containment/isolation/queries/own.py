"""One's own isolation, for the holder of a letter: nothing of anybody else, no name of an official, oneself masked."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from fangxian.containment.isolation import disputes, rights, ruling
from fangxian.containment.isolation.models import Decision, Placement
from fangxian.containment.isolation.papers import OwnDecision, OwnIsolation
from fangxian.containment.isolation.queries.rows import site_name
from fangxian.core import accounts
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.duties import queries as duties
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.text import Text


def own(by: Actor) -> OwnIsolation:
    """The latest isolation of whoever asks. Raises NotFound where there is none."""
    rows = Placement.objects.filter(person_id=by.person_id) if by.person_id is not None else Placement.objects.none()
    row = rows.select_related("site").order_by("-pk").first()
    if row is None:
        raise NotFound(_("There is no isolation of yours on record."))
    owed = duties.of_subject(row.subject_kind, row.subject_id)
    stay = ruling.stay_of(owed, row.subject_kind, row.subject_id)
    decided = list(Decision.objects.filter(placement=row).order_by("-pk"))
    offices = _Offices(row)
    name, phone = offices.of(None)
    closed = row.link == Placement.CLOSED
    disputed = {(one.kind, one.until) for one in decided}
    may = {
        what for what, until in ((Decision.ISOLATE, None), (Decision.DATE, row.leave_at))
        if not closed and (what, until) not in disputed and (what == Decision.ISOLATE or until is not None)
    }  # fmt: skip
    return OwnIsolation(
        code=row.code, name=registry.names([row.person_id]).get(row.person_id, ""), link=row.link, site=site_name(row.site),
        class_name=ruling.class_name(row.pack, row.cls, row.area), begun_at=row.begun_at, site_until=stay.site_until,
        home_until=stay.home_until, leave_at=row.leave_at, closed_at=row.closed_at, outcome=row.outcome,
        missing=stay.missing_home if row.link == Placement.HOME else stay.missing, basis=ruling.basis(row.pack, row.area),
        grounds=ruling.grounds(owed), office=name, phone=phone, decisions=tuple(_decisions(decided, offices)), may=frozenset(may),
    )  # fmt: skip


def office(by: Actor, code: str) -> Text:
    """The office that answers for somebody's isolation. Raises NotFound where the actor may not know of them."""
    return _Offices(rights.placement(by, code)).of(None)[0]


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Offices:
    """Which office an account decides for, with its telephone: the organisation that its post belongs to, or the headquarters of the
    jurisdiction; of nobody in person, that of the county."""

    def __init__(self, row: Placement) -> None:
        self.county = levels.at_level(row.area, "county") or row.area
        self.known: dict[int | None, tuple[Text, str]] = {}
        self.headquarters: dict[str, Any] = {}

    def of(self, account: int | None) -> tuple[Text, str]:
        if account not in self.known:
            body = self._find(accounts.grants_of(account) if account is not None else [])
            self.known[account] = Text(body.name_zh, body.name_en or body.name_zh), body.phone
        return self.known[account]

    def _find(self, grants: Iterable[Any]) -> Any:
        area = self.county
        for grant in grants:
            if grant.organisation_id is not None:
                return registry.organisation(grant.organisation_id)
            area = grant.area
        if area not in self.headquarters:
            self.headquarters[area] = registry.headquarters(area)
        return self.headquarters[area]


def _decisions(decided: Iterable[Decision], offices: _Offices) -> Iterable[OwnDecision]:
    rows = list(decided)
    due = duties.due_of_subjects(disputes.DUTY, disputes.KIND, [one.pk for one in rows])
    for one in rows:
        yield OwnDecision(
            one.pk, one.kind, one.reason, one.basis, one.until, offices.of(one.by_id)[0], one.at, one.disputed_at, one.dispute,
            due.get(one.pk), one.answered_at, one.answer, one.upheld,
        )  # fmt: skip
