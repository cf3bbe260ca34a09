"""A contact becomes a case without typing again; who infected whom; chains; one human under two names."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from fangxian.cases import actions as cases
from fangxian.cases.models import Case
from fangxian.cases.schemas import CaseForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from fangxian.tracing import actions, queries
from fangxian.tracing.models import Contact, Exposure
from tests.support.county import START, with_pack
from tests.support.tracers import Tracers, books_agree, hand_on

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=10)


@pytest.fixture
def town() -> Iterator[Tracers]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Tracers.at(NOW)


def met(town: Tracers, **more: Any) -> str:
    return actions.expose(town.actor("investigator"), town.met(**more)).contact


def ill(town: Tracers, **more: Any) -> CaseForm:
    told = {
        "person": "",
        "organisation": town.clinic,
        "facts": {"pcr_positive": True, "symptomatic": True, "fever": True},
    }
    return CaseForm(
        **{**told, "onset_on": clock.today(), "diagnosed_at": clock.now(), "classification": "confirmed", **more}
    )


def test_a_contact_becomes_a_case_without_retyping(town: Tracers) -> None:
    code = met(town)
    contact = Contact.objects.select_related("person").get(code=code)
    by = town.actor("investigator")
    with pytest.raises((NotAllowed, NotFound)):
        actions.become_case(town.actor("grid"), code, ill(town))
    with pytest.raises(Invalid):
        actions.become_case(by, code, ill(town, onset_on=clock.today() + timedelta(days=2)))
    assert Contact.objects.get(code=code).state == "watched", "refused is refused as a whole"
    case = actions.become_case(by, code, ill(town))
    assert (case.person_id, case.area, case.outbreak.code) == (contact.person_id, contact.area, town.outbreak)
    assert case.facts["contact_of_confirmed"] is True
    contact.refresh_from_db()
    assert (contact.state, contact.case_id) == ("case", case.pk)
    assert {(duty.state, duty.outcome) for duty in duties.of_subject("contact", contact.pk)} == {
        ("closed", "became_case")
    }
    hand_on()
    (row,) = Exposure.objects.all()
    assert (row.infected_id, row.infected_how, row.case_id) == (case.pk, "rule", town.index.pk)
    with pytest.raises(Conflict):
        actions.become_case(by, code, ill(town))
    assert Case.objects.filter(outbreak__code=town.outbreak).count() == 2
    assert queries.investigation(by, case.code) is not None
    books_agree()


def test_a_contact_reported_by_a_clinic_is_met_by_tracing(town: Tracers) -> None:
    code = met(town)
    person = Contact.objects.get(code=code).person.code
    case = town.case(person=person, onset_on=clock.today())
    contact = Contact.objects.get(code=code)
    assert (contact.state, contact.case_id) == ("case", case.pk)
    assert Exposure.objects.get().infected_id == case.pk
    books_agree()


def test_the_likeliest_infector_is_the_latest_before_onset_and_a_person_may_know_better(town: Tracers) -> None:
    other = town.case(onset_on=clock.today() - timedelta(days=1))
    by = town.actor("investigator")
    person = registry.register_person(by, town.person()).code
    early = actions.expose(
        by, town.met(person=person, from_at=NOW - timedelta(hours=50), to_at=NOW - timedelta(hours=49))
    )
    late = actions.expose(by, town.met(person=person, case=other.code))
    after = actions.expose(
        by, town.met(person=person, from_at=NOW - timedelta(hours=3), to_at=NOW - timedelta(hours=2))
    )
    case = actions.become_case(by, late.contact, ill(town, onset_on=clock.today() - timedelta(days=1)))
    candidates = {one.id: one for one in queries.exposures(by, infected=case.code)}
    assert [pk for pk, one in candidates.items() if one.infected] == [late.exposure_id]
    assert set(candidates) == {early.exposure_id, late.exposure_id, after.exposure_id}
    assert "latest exposure before the onset" in candidates[late.exposure_id].infected_why
    with pytest.raises(Invalid):
        actions.hold_infector(by, early.exposure_id, "")
    with pytest.raises((NotAllowed, NotFound)):
        actions.hold_infector(town.actor("grid"), early.exposure_id, "sequencing says so")
    with pytest.raises(NotFound):
        actions.hold_infector(by, 10**9, "sequencing says so")
    actions.hold_infector(by, early.exposure_id, "sequencing says so")
    hand_on()
    cases.amend(by, case.code, {"onset_on": clock.today()}, Case.objects.get(pk=case.pk).version)
    hand_on()
    (held,) = [one for one in queries.exposures(by, infected=case.code) if one.infected]
    assert (held.id, held.infected_how, held.infected_why) == (early.exposure_id, "person", "sequencing says so")
    unlinked = actions.expose(by, town.met())
    with pytest.raises(Conflict):
        actions.hold_infector(by, unlinked.exposure_id, "no case at all")


def test_nobody_is_infected_by_whom_they_infected_unless_a_source_says_so(town: Tracers) -> None:
    by = town.actor("investigator")
    second = town.case(onset_on=clock.today() - timedelta(days=1))
    both = {"from_at": NOW - timedelta(hours=50), "to_at": NOW - timedelta(hours=49)}
    there = actions.expose(by, town.met(person=second.person.code, **both))
    assert there.infected == second.code
    back = actions.expose(by, town.met(person=town.index.person.code, case=second.code, **both))
    assert (back.category, back.infected) == ("contact", ""), "it could be, but it would close a circle"
    assert queries.chains(by, town.outbreak).loops == ()
    actions.expose(by, town.met(person=town.index.person.code, case=second.code, infector=True, source="linelist"))
    chains = queries.chains(by, town.outbreak)
    assert set(chains.loops[0]) == {town.index.code, second.code}, "a circle that a list asserts is named, not hidden"
    graph = queries.chain_graph(by, town.outbreak)
    assert len(graph.loops) == 1
    assert [link.tree for link in graph.links].count(False) == 1


def test_whom_a_contact_met_becomes_a_contact_of_a_case(town: Tracers) -> None:
    by = town.actor("investigator")
    first = met(town)
    through = town.met(
        contact_of=first, facts={"household": True, "higher_risk_contact": True},
        from_at=NOW - timedelta(hours=2), to_at=NOW - timedelta(hours=1),
    )  # fmt: skip
    second = actions.expose(by, through).contact
    assert Contact.objects.get(code=second).category == "contact2"
    case = actions.become_case(by, first, ill(town))
    hand_on()
    contact = Contact.objects.get(code=second)
    assert (contact.category, contact.ring, contact.state) == ("contact", 1, "watched")
    owed = {duty.kind: (duty.state, duty.outcome) for duty in duties.of_subject("contact", contact.pk)}
    assert owed["contact2.observation"] == ("closed", "upgraded")
    assert owed["contact.observation"] == ("open", "")
    assert queries.of_case(by, case.code)[0].code == second
    assert queries.contact(by, first).met == (second,)
    books_agree()


def test_chains_are_drawn_masked_and_only_for_who_may_see(town: Tracers) -> None:
    by = town.actor("investigator")
    for _ in range(2):
        actions.become_case(by, met(town), ill(town))
        hand_on()
    lonely = town.case()
    chains = queries.chains(by, town.outbreak)
    assert (chains.count, chains.largest, chains.components, chains.max_out_degree) == (1, 3, 2, 2)
    assert chains.serial_interval.n == 2
    graph = queries.chain_around(by, town.index.code)
    assert {node.code for node in graph.nodes} == {
        node.code for node in queries.chain_graph(by, town.outbreak, 1).nodes
    }
    root = next(node for node in graph.nodes if node.code == town.index.code)
    assert (root.generation, root.out_degree, root.infector, root.cluster) == (0, 2, "", 1)
    assert all(node.label.endswith("*") for node in graph.nodes)
    assert [node.code for node in queries.chain_around(by, lonely.code).nodes] == [lonely.code]
    for post in ("resident", "grid"):
        with pytest.raises(NotFound):
            queries.chains(town.actor(post), town.outbreak)
        with pytest.raises((NotFound, NotAllowed)):
            queries.chain_around(town.actor(post), town.index.code)


def test_attack_rates_count_only_those_whose_watch_is_over(town: Tracers) -> None:
    by = town.actor("investigator")
    codes = [met(town) for _ in range(4)]
    actions.become_case(by, codes[0], ill(town))
    Contact.objects.filter(code__in=codes[1:3]).update(state=Contact.RELEASED)
    (rate,) = queries.attack_rates(by, town.outbreak, "setting")
    assert (rate.group, rate.contacts, rate.cases) == ("home", 3, 1)
    assert rate.low == pytest.approx(0.0615, abs=1e-3)  # Wilson, 1 of 3
    assert rate.high == pytest.approx(0.7923, abs=1e-3)
    with pytest.raises(Invalid):
        queries.attack_rates(by, town.outbreak, "mood")


def test_two_records_of_one_human_become_one_contact_and_can_be_parted_again(town: Tracers) -> None:
    by = town.actor("investigator")
    first, second = registry.register_person(by, town.person()), registry.register_person(by, town.person())
    one = actions.expose(by, town.met(person=first.code, setting="shop", facts={}))
    two = actions.expose(by, town.met(person=second.code))
    registry.merge(SYSTEM, first.code, second.code, "same telephone, same door")
    hand_on()
    kept, other = Contact.objects.get(code=one.contact), Contact.objects.get(code=two.contact)
    assert (kept.state, other.state, other.merged_into_id) == ("watched", "merged", kept.pk)
    assert kept.category == "contact", "as strict as the stricter of the two"
    assert kept.exposures.count() == 2
    again = actions.expose(by, town.met(person=second.code))
    assert again.contact == kept.code, "whichever of the two records is named"
    books_agree()
    registry.unmerge(SYSTEM, second.code, "two sisters after all")
    hand_on()
    watched = {one.person_id: one for one in Contact.objects.filter(state="watched")}
    assert {person: (one.category, one.exposures.count()) for person, one in watched.items()} == {
        first.pk: ("exposed", 1),
        second.pk: ("contact", 2),
    }
    open_kinds = {
        person: {duty.kind for duty in duties.of_subject("contact", one.pk) if duty.state == "open"}
        for person, one in watched.items()
    }
    assert open_kinds == {first.pk: {"exposed.testing"}, second.pk: {"contact.notification", "contact.observation"}}
    kept.refresh_from_db()
    assert kept.merged_into_id == watched[first.pk].pk, "its duties had been those of the stricter category"
    books_agree()


def test_a_merge_with_a_record_that_is_a_case_ends_the_watch(town: Tracers) -> None:
    code = met(town)
    contact = Contact.objects.select_related("person").get(code=code)
    case = town.case(onset_on=clock.today())
    registry.merge(SYSTEM, case.person.code, contact.person.code, "the same passport")
    hand_on()
    contact.refresh_from_db()
    assert (contact.state, contact.case_id) == ("case", case.pk)
    assert Exposure.objects.get().infected_id == case.pk
    registry.unmerge(SYSTEM, contact.person.code, "the passport was read wrongly")
    hand_on()
    anew = Contact.objects.get(state="watched")
    assert anew.person_id == contact.person_id
    assert Exposure.objects.get().contact_id == anew.pk
    assert Exposure.objects.get().infected_id is None
    books_agree()


def test_a_suspected_contact_who_is_ruled_out_as_a_case_is_watched_again(town: Tracers) -> None:
    by = town.actor("investigator")
    code = met(town)
    case = actions.become_case(by, code, ill(town))
    hand_on()
    cases.discard(SYSTEM, case.code, "negative twice, influenza found")
    hand_on()
    assert Contact.objects.get(code=code).state == "case"
    anew = Contact.objects.get(state="watched")
    assert anew.person_id == case.person_id
    assert Exposure.objects.get().infected_id is None
    books_agree()
