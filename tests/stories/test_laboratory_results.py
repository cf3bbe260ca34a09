"""Samples and results: custody, duplicates, Ct values, what a result does and what its correction takes back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.translation import override

from fangxian.cases import queries as cases
from fangxian.cases.schemas import CaseForm
from fangxian.core import clock, journal
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import actions as duty_actions
from fangxian.duties import queries as duties
from fangxian.duties.rebuild import differences
from fangxian.duties.sweep import sweep
from fangxian.laboratory import actions, queries
from fangxian.laboratory.models import Box, Positive, Tube, Unmatched
from fangxian.laboratory.schemas import BoxForm, ResultForm, TubeForm
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from fangxian.registry.schemas import PersonForm
from fangxian.tracing import actions as tracing
from fangxian.tracing.models import Contact
from tests.support.county import START, with_pack
from tests.support.laboratory import Laboratory
from tests.support.tracers import books_agree, hand_on

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=2)  # 10:00


@pytest.fixture
def town() -> Iterator[Laboratory]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Laboratory.at(NOW)


def contact(town: Laboratory) -> tuple[str, str]:
    """A close contact of yesterday evening: the code of the contact and that of the person."""
    code = tracing.expose(town.actor("investigator"), town.met()).contact
    hand_on()
    row = Contact.objects.get(code=code)
    return code, people.codes_of([row.person_id])[row.person_id]


def owed_tests(code: str) -> dict[str, list[tuple[str, str]]]:
    """The tests owed about a contact: key → the state and the result of each attempt."""
    row = Contact.objects.get(code=code)
    found: dict[str, list[tuple[str, str]]] = {}
    for duty in duties.of_subject("contact", row.pk):
        for step in duty.steps.all():
            if step.key.startswith("test"):
                found.setdefault(step.key, []).append((step.state, (step.evidence or {}).get("result", "")))
    return found


# ── custody ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_box_goes_from_hand_to_hand_and_what_is_missing_is_named(town: Laboratory) -> None:
    for place in range(4):
        town.collect(f"TUBE00000{place}", [town.neighbours[place]])
    sampler, lab = town.actor("sampler"), town.actor("lab")
    box = actions.seal_box(sampler, BoxForm(tubes=["TUBE000000", "TUBE000001", "TUBE000002"], point=town.point))
    with pytest.raises(Conflict, match="Already sealed in"):
        actions.seal_box(sampler, BoxForm(tubes=["TUBE000002", "TUBE000003"], point=town.point))
    with pytest.raises(NotFound, match="NOSUCH0001"):
        actions.seal_box(sampler, BoxForm(tubes=["TUBE000003", "NOSUCH0001"], point=town.point))
    assert Box.objects.count() == 1, "all of a box or none"
    with clock.at(NOW + timedelta(hours=1)):
        actions.hand_over_box(sampler, box.code, "司机赵")
        with pytest.raises(NotAllowed):
            actions.receive_box(sampler, box.code)
        with pytest.raises(NotFound):
            actions.receive_box(town.actor("other_lab"), box.code)
    with clock.at(NOW + timedelta(hours=2)):
        actions.receive_box(lab, box.code, ["TUBE000000", "TUBE000001", "TUBE000003"])
        with pytest.raises(Conflict):
            actions.receive_box(lab, box.code)
    shown = queries.box(lab, box.code)
    assert (shown.missing, shown.surplus) == (("TUBE000002",), ("TUBE000003",))
    assert [one.code for one in queries.waiting_to_be_sealed(sampler, town.point)] == ["TUBE000002"]
    links = town.tube("TUBE000000").links
    assert [(one.sender, one.receiver) for one in links] == [("河口采样队", "司机赵"), ("司机赵", "检验许")]
    transport, result = duties.of_subject("box", box.pk)
    assert (transport.state, transport.outcome) == ("closed", "transferred")
    (step,) = result.steps.all()
    assert (step.due_at, step.organisation_id) == (NOW + timedelta(hours=14), town.lab)
    for code in ("TUBE000000", "TUBE000001"):
        town.tell(code, "negative")
    assert duties.of_subject("box", box.pk)[1].state == "open"
    actions.reject_tube(lab, "TUBE000003", "leaked")
    assert duties.of_subject("box", box.pk)[1].state == "closed"
    books_agree()


def test_a_fever_patient_s_result_is_due_six_hours_after_the_swab(town: Laboratory) -> None:
    tubes = {
        reason: town.collect(f"CLOCK-{reason}", [town.neighbours[0]], reason=reason)
        for reason in ("fever", "ward", "voluntary")
    }
    assert [(tube.due_at - NOW) / timedelta(hours=1) for tube in tubes.values()] == [6, 12, 24]
    with clock.at(NOW + timedelta(hours=13)):
        late = queries.late(town.actor("officer"))
        assert [one.code for one in late] == ["CLOCK-FEVER", "CLOCK-WARD"]
        assert queries.counted(town.actor("officer"))["late"] == 2
        town.tell("clock-fever", "negative")
        assert [one.code for one in queries.late(town.actor("officer"))] == ["CLOCK-WARD"]


def test_a_barcode_is_on_one_tube_and_a_sample_sent_twice_is_taken_once(town: Laboratory) -> None:
    sampler = town.actor("sampler")
    forms = [
        TubeForm(code="DOUBLE0001", people=town.neighbours[:1], point=town.point),
        TubeForm(code="DOUBLE0002", people=town.neighbours[1:3], kind="pool", capacity=5, point=town.point),
        TubeForm(code="DOUBLE0001", people=town.neighbours[4:5], point=town.point),
        TubeForm(code="DOUBLE0003", people=["11010519491231002X"], point=town.point),
        TubeForm(code="DOUBLE0004", people=town.neighbours, kind="pool", capacity=7, point=town.point),
    ]
    done = actions.collect_many(sampler, forms)
    assert done.taken == ("DOUBLE0001", "DOUBLE0002")
    assert [(index, refusal.code, refusal.field) for index, refusal in done.refused] == [
        (2, "duplicate_barcode", "code"), (3, "not_found", "people"), (4, "invalid", "capacity"),
    ]  # fmt: skip
    again = actions.collect_many(sampler, forms[:2])
    assert (again.taken, again.repeated, again.refused) == ((), ("DOUBLE0001", "DOUBLE0002"), ())
    assert Tube.objects.count() == 2
    actions.relabel_tube(sampler, "DOUBLE0001", "FRESH00001", "the label was torn")
    town.tell("DOUBLE0001", "negative")
    assert town.tube("FRESH00001").row.value == "negative"


def test_things_are_sampled_too_and_nobody_is_in_them(town: Laboratory) -> None:
    town.collect(
        "THING00001", [], kind="object", what="wastewater", note="north inlet of the works", reason="monitoring"
    )
    town.collect(
        "THING00002", [], kind="object", what="goods", note="frozen shrimps", batch="B-2024-77", reason="monitoring"
    )
    town.tell("THING00002", "", cts={"orf1ab": 33.1, "n": 31.0})
    shown = town.tube("THING00002")
    assert (shown.row.value, shown.row.ct, shown.inside, shown.decision) == ("positive", 31.0, (), None)
    with pytest.raises(Invalid):
        town.collect("THING00003", town.neighbours[:1], kind="object", what="goods", note="x")


def test_the_laboratory_reads_barcodes_and_nobody_s_name(town: Laboratory) -> None:
    town.collect("BLIND00001", town.neighbours[:2], capacity=5)
    assert town.tube("BLIND00001", "lab").inside is None
    assert [one.name for one in town.tube("BLIND00001", "sampler").inside] == ["村**", "村**"]
    with pytest.raises(NotFound):
        town.tube("BLIND00001", "other_lab")
    with pytest.raises(NotFound):
        town.tube("BLIND00001", "other_county")
    with pytest.raises(NotAllowed):
        actions.report_result(
            town.actor("sampler"), ResultForm(code="BLIND00001", value="negative"), laboratory=town.lab
        )


# ── results ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_result_is_told_once_and_another_one_must_call_itself_a_correction(town: Laboratory) -> None:
    town.collect("RESULT0001", town.neighbours[:1])
    lab = town.actor("lab")
    forms = [ResultForm(code="RESULT0001", value="negative"), ResultForm(code="RESULT0001", value="negative")]
    done = actions.report_results(lab, forms)
    assert (done.taken, done.repeated) == (1, 1)
    with pytest.raises(Conflict, match="another result"):
        town.tell("RESULT0001", "positive")
    with pytest.raises(Invalid, match="opposite"):
        town.tell("RESULT0001", "negative", cts={"n": 20.0}, status="corrected")
    done = actions.report_results(
        lab, [ResultForm(code="RESULT0001", value="positive", status="corrected", reason="mix-up")]
    )
    assert (done.taken, done.positive) == (1, 1)
    assert [(one.status, one.value, one.reason) for one in town.tube("RESULT0001").results] == [
        ("corrected", "positive", "mix-up"), ("final", "negative", ""),
    ]  # fmt: skip
    with pytest.raises(Conflict, match="another laboratory"):
        actions.report_result(town.actor("other_lab"), ResultForm(code="RESULT0001", value="negative"))


def test_a_weak_positive_says_so(town: Laboratory) -> None:
    town.collect("WEAK000001", town.neighbours[:1])
    town.tell("WEAK000001", "", cts={"orf1ab": 37.5, "n": 36.2})
    (found,) = queries.positives(town.actor("investigator"))
    assert (found.ct, found.weak) == (36.2, True)
    actions.decline_positive(town.actor("investigator"), "WEAK000001", "discharged last month, past infection")
    (decided,) = queries.positives(town.actor("investigator"))
    assert (decided.state, decided.reason) == ("declined", "discharged last month, past infection")
    books_agree()


def test_a_result_does_the_test_of_its_day_and_a_correction_takes_it_back(town: Laboratory) -> None:
    code, person = contact(town)
    with clock.at(NOW + timedelta(hours=1)):
        town.collect("CONTACT001", [person], reason="contact")
    with clock.at(NOW + timedelta(hours=7)):
        town.tell("CONTACT001", "negative", cts={"orf1ab": None, "n": None})
        hand_on()
        assert owed_tests(code)["test.central.d1"] == [("done", "negative")]
        assert owed_tests(code)["test.central.d2"] == [("open", "")]
        hand_on()
    with clock.at(NOW + timedelta(hours=8)):
        actions.cancel_result(town.actor("lab"), "CONTACT001", "the plate was contaminated")
        hand_on()
        assert owed_tests(code)["test.central.d1"] == [("done", "negative"), ("open", "")]
        town.tell("CONTACT001", "positive", cts={"orf1ab": 22.0, "n": 21.0})
        hand_on()
        assert owed_tests(code)["test.central.d1"][-1] == ("done", "positive")
        assert Contact.objects.get(code=code).suspected_at is not None
        case = actions.open_case(town.actor("investigator"), "CONTACT001")
        hand_on()
        assert Contact.objects.get(code=code).state == "case"
        found = cases.facts_of([cases.id_of(case) or 0])
        (facts,) = found.values()
        assert (facts.classification, facts.facts["pcr_positive"]) == ("suspected", True)
        books_agree()
        assert list(differences()) == []


def test_a_file_with_two_samples_of_a_contact_does_a_test_with_each_and_those_of_others_beside_them(
    town: Laboratory,
) -> None:
    (code, person), (other, also) = contact(town), contact(town)
    for day, tubes in ((0, {"TWICE00001": person}), (1, {"TWICE00002": person, "OTHER00001": also})):
        with clock.at(NOW + timedelta(days=day, hours=1)):
            for tube, who in tubes.items():
                town.collect(tube, [who], reason="contact")
    with clock.at(NOW + timedelta(days=1, hours=7)):
        told = [ResultForm(code=tube, value="negative") for tube in ("TWICE00001", "TWICE00002", "OTHER00001")]
        actions.report_results(town.actor("lab"), told)
        for _turn in range(2):
            hand_on()
            assert owed_tests(code)["test.central.d1"] == [("done", "negative")]
            assert owed_tests(code)["test.central.d2"] == [("done", "negative")]
            assert ("done", "negative") in owed_tests(other)["test.central.d2"]
        books_agree()
        assert list(differences()) == []


def test_whoever_was_released_on_a_negative_that_was_wrong_is_watched_again(town: Laboratory) -> None:
    code = tracing.expose(town.actor("investigator"), town.met(setting="restaurant", facts={})).contact
    row = Contact.objects.get(code=code)
    assert row.category == "exposed"
    person = people.codes_of([row.person_id])[row.person_id]
    for day in (0, 2):
        with clock.at(NOW + timedelta(days=day, hours=1)):
            town.collect(f"EXPOSED00{day}", [person])
            town.tell(f"EXPOSED00{day}", "negative")
            hand_on()
    with clock.at(NOW + timedelta(days=3)):
        sweep()
        hand_on()
        assert Contact.objects.get(code=code).state == "released"
    with clock.at(NOW + timedelta(days=4)):
        actions.correct_result(town.actor("lab"), "EXPOSED000", "positive", "two rows of the plate were confused")
        hand_on()
        back = Contact.objects.get(code=code)
        assert (back.state, back.ended_at) == ("watched", None) and "EXPOSED000" in back.ended_why
        assert back.suspected_at is not None, "the corrected result is judged like any other"
        (duty,) = duties.of_subject("contact", row.pk)
        assert duty.state == "open"
        assert owed_tests(code)["test.d1"] == [("done", "negative"), ("done", "positive")]
        actions.correct_result(town.actor("lab"), "EXPOSED000", "negative", "the first reading was right")
        hand_on()
        sweep()
        hand_on()
        assert Contact.objects.get(code=code).state == "released", "and goes when the release holds again"
        books_agree()
        assert list(differences()) == []


def test_a_positive_that_was_wrong_takes_its_case_along_unless_somebody_worked_on_it(town: Laboratory) -> None:
    for place, form in enumerate((None, CaseForm(person="", facts={"symptomatic": True}))):
        code = f"WRONG0000{place}"
        town.collect(code, [town.neighbours[place]])
        town.tell(code, "positive")
        case = actions.open_case(town.actor("investigator"), code, form)
        hand_on()
        if place:
            (review,) = (d for d in duties.of_subject("case", cases.id_of(case) or 0) if d.kind == "case.investigation")
            step = next(step for step in review.steps.all() if step.key == "on_site")
            duty_actions.complete(town.actor("investigator"), step.pk, {"visited_at": "10:20"})
        actions.correct_result(town.actor("lab"), code, "negative", "two samples were exchanged")
        hand_on()
        (facts,) = cases.facts_of([cases.id_of(case) or 0]).values()
        if place:
            assert facts.facts["pcr_positive"] is False, "the card says it; whether it is still a case a person decides"
        else:
            assert facts.classification == "discarded"
        assert Positive.objects.get(tube__code=code).state == "withdrawn"
    books_agree()
    assert list(differences()) == []


def test_a_case_that_is_known_takes_its_positive_without_being_asked(town: Laboratory) -> None:
    case = town.case(facts={"symptomatic": True})
    person = people.codes_of([case.person_id])[case.person_id]
    town.collect("KNOWN00001", [person], reason="case")
    town.tell("KNOWN00001", "positive")
    (told,) = queries.positives(town.actor("investigator"))
    assert (told.state, told.case, told.opened) == ("case", case.code, False)
    (facts,) = cases.facts_of([case.pk]).values()
    assert facts.facts["pcr_positive"] is True
    books_agree()


def test_whoever_is_reported_by_another_way_is_not_decided_on_again(town: Laboratory) -> None:
    town.collect("OTHERWAY01", town.neighbours[:1])
    town.tell("OTHERWAY01", "positive")
    town.case(person=town.neighbours[0], facts={"symptomatic": True}, classification="confirmed")
    (told,) = queries.positives(town.actor("investigator"))
    assert (told.state, told.opened) == ("case", False)
    with pytest.raises(Conflict):
        actions.decline_positive(town.actor("investigator"), "OTHERWAY01", "too late")
    books_agree()


# ── whose is it ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_result_of_nobody_known_waits_with_a_proposal_and_a_person_says_whose_it_is(town: Laboratory) -> None:
    known = registry.register_person(
        town.actor("investigator"),
        PersonForm(name="欧阳若兮", sex="female", birth_year=1990, area="990101001001", phones=("13912345678",)),
    )
    form = ResultForm(
        value="positive", cts={"n": 20.0, "orf1ab": 21.0}, name="欧阳若兮", phone="13912345678", birth_year=1990,
        sampled_at=NOW - timedelta(hours=5), reference="L-1",
    )  # fmt: skip
    done = actions.report_results(town.actor("lab"), [form, form, ResultForm(code="STRANGE001", value="negative")])
    assert (done.taken, done.unmatched, Tube.objects.count()) == (0, 2, 0)
    plain, named = queries.unmatched(town.actor("investigator"))
    assert (plain.barcode, plain.proposals) == ("STRANGE001", ())
    assert (named.name, named.proposals[0].code) == ("欧阳**", known.code)
    assert "欧阳" not in bytes(Unmatched.objects.get(pk=named.id).sealed).decode("latin-1")
    assert queries.unmatched(town.actor("lab")) == []
    with pytest.raises(NotFound):
        actions.match_result(town.actor("other_investigator"), named.id, person=known.code)
    tube = actions.match_result(town.actor("investigator"), named.id, person=known.code, outbreak=town.outbreak)
    assert (tube.value, tube.sampled_at) == ("positive", NOW - timedelta(hours=5))
    assert queries.positives(town.actor("investigator"))[0].person == known.code
    town.collect("LATER00001", town.neighbours[:1], sampled_at=NOW - timedelta(hours=6))
    actions.match_result(town.actor("investigator"), plain.id, tube="LATER00001")
    assert town.tube("LATER00001").row.value == "negative"
    assert queries.unmatched(town.actor("investigator")) == []
    with pytest.raises(Conflict):
        actions.dismiss_result(town.actor("investigator"), plain.id, "somebody was first")
    assert [one for one in journal.verify() if isinstance(one, journal.Fault)] == []
