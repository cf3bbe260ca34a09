"""A person's own positive, decided by a person: reported as a case, or not, for a reason."""

from collections.abc import Mapping
from dataclasses import replace

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as cases
from fangxian.cases.schemas import CaseForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.laboratory import finding, following, rules, subject
from fangxian.laboratory.events import PositiveDeclined
from fangxian.laboratory.models import Positive
from fangxian.registry import queries as registry


@action
def open_case(by: Actor, code: str, form: CaseForm | None = None) -> str:
    """Report whoever is in a positive tube of their own as a case, without typing again what the tube knows; the case's code.

    `form` says what else is known (symptoms, onset, class); its person is that of the tube. Without a word on the class, and where
    the facts meet no definition, the case is a suspected one. Raises Conflict where it was decided before.
    """
    one = _waiting(by, code)
    tube = one.tube
    given = form or CaseForm(person="")
    outbreak = given.outbreak or (tube.outbreak.code if tube.outbreak else "")
    if not outbreak:
        raise Invalid(_("Which outbreak does it belong to?"), remedy=_("Choose one."), field="outbreak")
    if (outbreak_id := cases.outbreak_id(outbreak)) is None:
        raise NotFound(_("There is no such outbreak."), remedy=_("Open it first."), field="outbreak")
    pack, facts = cases.outbreak_pack(outbreak_id), {"pcr_positive": True, **given.facts}
    if tube.reason == "post":
        facts.setdefault("found_by_frequent_testing", True)
    usual = rules.least_certain(packs.pack(pack, one.area))
    wanted = replace(
        given, person=registry.codes_of([one.person_id])[one.person_id], outbreak=outbreak, area=given.area or one.area,
        facts=facts, classification=given.classification or ("" if "symptomatic" in facts else usual),
        sampled_at=given.sampled_at or tube.sampled_at, diagnosed_at=given.diagnosed_at or tube.resulted_at,
    )  # fmt: skip
    case = case_actions.report(by, wanted)
    one.case, one.opened = case, True
    _decided(by, one, Positive.CASE, "", "reported")
    return str(case.code)


@action
def decline_positive(by: Actor, code: str, reason: str) -> Positive:
    """A positive result makes nobody a case here (a past infection, a contaminated run …): decided by a person, for a reason."""
    one = _waiting(by, code)
    _decided(by, one, Positive.DECLINED, finding.reason(reason), "excluded")
    emit(PositiveDeclined(one.tube_id))
    return one


@action
def met(by: Actor, outbreak_id: int, pack: str, people: Mapping[int, int]) -> None:
    """Cases of an outbreak were reported by another way: positives of the same people (person → case) are no longer to be decided."""
    same = Q(tube__outbreak_id=outbreak_id) | Q(tube__outbreak__isnull=True, tube__pack=pack)
    whose = Q(person__in=list(people)) | Q(person__canonical__in=list(people))
    waiting = Positive.objects.filter(same, whose, state=Positive.WAITING).select_related("tube", "person")
    for one in waiting.order_by("pk"):
        case = people.get(one.person_id) or people[one.person.canonical_id or 0]
        one.case_id = case
        _decided(by, one, Positive.CASE, "", "reported")
        following.tell_case(case, {"pcr_positive": True})


def _waiting(by: Actor, code: str) -> Positive:
    tube = finding.tube(by, code)
    rows = Positive.objects.select_for_update(of=("self",)).select_related("tube__outbreak")
    if (one := rows.filter(tube=tube).first()) is None:
        raise NotFound(_("Tube %(code)s is no person's own positive.") % {"code": tube.code}, field="code")
    by.must(finding.DECIDE, one.area if by.may(finding.DECIDE, one.area) else tube.area)
    if one.state != Positive.WAITING:
        raise Conflict(_("This was decided by %(who)s.") % {"who": one.by_name or _("the system")}, code="decided")
    return one


def _decided(by: Actor, one: Positive, state: str, reason: str, outcome: str) -> None:
    one.state, one.reason, one.decided_at, one.by_name = state, reason, clock.now(), by.name
    one.save(update_fields=["state", "reason", "decided_at", "by_name", "case", "opened"])
    record(
        by, "sample.decided", (subject.SAMPLE, one.tube_id), area=one.area,
        data={"state": state, "case": one.case_id, "reason": reason},
    )  # fmt: skip
    if (step := following.open_step(subject.REPORT, (subject.SAMPLE, one.tube_id), subject.DECIDE)) is not None:
        duties.complete(SYSTEM, step.pk, through=subject.STAGE, outcome=outcome)
