"""When a contact becomes a case, who infected whom, and what follows when cases or people turn out to be otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from fangxian.cases import actions as case_actions
from fangxian.cases.schemas import CaseForm
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, NotFound
from fangxian.tracing import infectors, settling, sources
from fangxian.tracing.models import Contact, Exposure, UnlistedInfector


@action
def become_case(by: Actor, contact: str, form: CaseForm) -> Any:
    """Report a contact as a case without typing anything again: who, where, in which outbreak and the link are known.

    `form` says the rest (onset, tests, symptoms …); its `person` and `outbreak` are those of the contact. The contact's duties
    end as “became a case”, whom it met in turn become contacts of a case, and the likeliest infector is marked. Returns the case.
    """
    row = sources.contact(by, contact, lock=True)
    by.must("contacts.convert", row.area)
    if row.state != Contact.UNDER_WATCH:
        raise Conflict(
            _("This contact is no longer under watch (%(why)s).") % {"why": row.ended_why or row.state},
            remedy=_("Report the case in its own right."),
            code="ended",
        )
    facts = {**_link(row), **form.facts}
    form = replace(form, person=row.person.code, outbreak=row.outbreak.code, area=form.area or row.area, facts=facts)
    case = case_actions.report(by, form)
    meet_cases(by, row.outbreak_id, [case.pk])
    return case


@action
def meet_cases(by: Actor, outbreak_id: int, case_ids: Iterable[int]) -> None:
    """These people are cases now: whoever of them was watched is so no longer, and their infectors are looked for."""
    cases = sources.facts_of(case_ids)
    humans = sources.humans([case.person_id for case in cases])
    exposed = sources.exposed(outbreak_id, humans.values())
    cases = [case for case in cases if humans[case.person_id] in exposed]
    if cases:
        settling.settle(by, outbreak_id, sorted({humans[case.person_id] for case in cases}))
        infectors.choose(by, outbreak_id, cases)


@action
def recheck_case(by: Actor, case_id: int) -> None:
    """A case was corrected, reclassified or ruled out: exposures to it are judged anew, and so are who infected whom."""
    case = sources.facts_of([case_id])[0]
    rows = list(Exposure.objects.filter(case_id=case_id).select_related("contact").order_by("id"))
    settling.rejudge(by, sources.of_case(case), rows)
    settling.settle(by, case.outbreak_id, set(sources.humans([case.person_id]).values()))
    infected = {row.infected_id for row in rows if row.infected_id is not None}
    infectors.choose(by, case.outbreak_id, sources.facts_of({case_id, *infected}))


@action
def rejoin(by: Actor, people: Iterable[int]) -> None:
    """Records of people were merged or parted: in every outbreak, one open contact a human again (reversible)."""
    humans = sources.humans(list(people))
    for outbreak_id in sources.outbreaks_of(humans.values()):
        settled = settling.settle(by, outbreak_id, sorted(set(humans.values())))
        infectors.choose(by, outbreak_id, settled.case_of.values())


@action
def hold_infector(by: Actor, exposure_id: int, reason: str) -> Exposure:
    """A person decides that this exposure was the transmission, whatever the rule says; the others of this case are none.

    Raises Conflict where the exposed person is no case, or the exposure is not to one.
    """
    row = Exposure.objects.select_for_update(of=("self",)).select_related("case").filter(pk=exposure_id).first()
    if row is None or row.case is None or not by.may("tracing.view", row.case.area):
        raise NotFound(_("There is no such exposure to a case."))
    by.must("tracing.link", row.case.area)
    reason = sources.reason(reason)
    human = sources.humans([row.person_id])
    case = sources.cases_of(row.outbreak_id, sources.records(human.values())).get(human[row.person_id])
    if case is None:
        raise Conflict(_("The exposed person is no case."), remedy=_("Report the case first."))
    others = Exposure.objects.filter(outbreak_id=row.outbreak_id, person_id__in=list(sources.records(human.values())))
    others.exclude(pk=row.pk).update(infected=None, infected_how="", infected_why="")
    UnlistedInfector.objects.filter(infected_id=case.id).delete()
    row.infected_id, row.infected_how, row.infected_why = case.id, infectors.PERSON, reason
    row.save()
    record(
        by, "case.infector", ("case", case.id), area=case.area,
        data={"exposure": row.pk, "infector": row.case_id, "how": infectors.PERSON, "reason": reason},
    )  # fmt: skip
    return row


def _link(row: Contact) -> Mapping[str, bool]:
    """What being a contact says about the case: the epidemiological history (流行病学史)."""
    through = Exposure.objects.filter(contact=row, case__isnull=False).exclude(category="")
    classes = set(through.values_list("case__classification", flat=True))
    link = {"epidemiological_link": True}
    if classes & {"confirmed", "probable"}:
        link["contact_of_case"] = True
    if "confirmed" in classes:
        link["contact_of_confirmed"] = True
    return link
