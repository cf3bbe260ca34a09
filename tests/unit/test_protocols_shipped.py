"""The packs that come with the product say what the guidelines say, and claim no more."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fangxian import protocols
from fangxian.protocols import Pack, StepFact

SHANGHAI = ZoneInfo("Asia/Shanghai")
INFOS = protocols.available()
NAMES = [info.id for info in INFOS]
PACKS = [info.id for info in INFOS if info.base is None]
INFECTIOUS = [name for name in PACKS if name != "influenza-school"]


def at(day: int, hour: int = 12, month: int = 7, year: int = 2022) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


def end(day: int, month: int = 7) -> datetime:
    return datetime(2022, month, day, 23, 59, 59, tzinfo=SHANGHAI)


def test_the_promised_packs_are_there() -> None:
    assert PACKS == [
        "covid-19-cn-8", "covid-19-cn-9", "covid-19-who", "ebola-who", "influenza-school", "measles", "mers-who",
        "mpox-who", "unknown-pneumonia",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_dumped_and_loaded_again_is_the_same(name: str, tmp_path: Path) -> None:
    pack = protocols.load(name)
    written = tmp_path / "pack.json"
    written.write_text(json.dumps(protocols.dump(pack), ensure_ascii=False), "utf-8")
    again = protocols.load(written)
    assert again == pack
    assert again.version == pack.version == protocols.restore(protocols.dump(pack)).version
    assert sorted(map(repr, again.values.values())) == sorted(map(repr, pack.values.values()))


@pytest.mark.parametrize("name", NAMES)
def test_every_value_can_say_where_it_comes_from(name: str) -> None:
    for value in protocols.load(name).values.values():
        for lang in ("zh", "en"):
            told = value.explain(lang)
            if value.grade == "G":
                assert ("not a published value" if lang == "en" else "不是已发布的数值") in told
            else:
                assert value.document.title.in_(lang) in told
        assert value.published is (value.grade != "G")
        assert value.needs_primary or (value.clause and value.grade in "AB")
        assert not (value.grade == "G" and (value.clause or value.quote_checked))


@pytest.mark.parametrize("name", INFECTIOUS)
def test_every_disease_has_the_loop_from_report_to_release(name: str) -> None:
    pack = protocols.load(name)
    assert {"case.review", "case.investigation", "contact.notification", "contact.observation"} <= set(pack.duties)
    assert pack.duties["contact.observation"].release is not None
    assert [step.level for step in pack.duty("case.review").steps if step.level] == ["county", "city", "province"]
    for rule in pack.duties.values():
        assert rule.timetable.steps
        assert rule.outcomes


def test_superseded_packs_say_so() -> None:
    eighth, ninth = protocols.load("covid-19-cn-8"), protocols.load("covid-19-cn-9")
    assert (eighth.status, eighth.superseded_by) == ("historical", ninth.id)
    assert (ninth.status, ninth.edition, ninth.ended) == ("historical", "9", "2023-01-07")


@pytest.mark.parametrize(
    ("name", "anchors", "days", "first", "last"),
    [
        ("covid-19-cn-9", {"last_exposure_at": at(1)}, {"test.central": [1, 2, 3, 5, 7], "test.home": [3]}, end(2), end(11)),
        ("covid-19-cn-8", {"last_exposure_at": at(1)},
         {"test.central": [1, 4, 7, 14], "test.second": [14], "test.home": [2, 7]}, end(2), end(22)),
        ("covid-19-who", {"last_exposure_at": at(1)}, {"visit": [*range(1, 15)]}, end(2), end(15)),
        ("mers-who", {"last_exposure_at": at(1)}, {"evening": [*range(1, 15)]}, end(2), end(15)),
        ("ebola-who", {"last_exposure_at": at(1)}, {"visit": [*range(1, 22)]}, end(2), end(22)),
        ("mpox-who", {"last_exposure_at": at(1)}, {"check": [*range(1, 22)]}, end(2), end(22)),
        # day 5 after the first to day 21 after the last exposure, both ends counted
        ("measles", {"first_exposure_at": at(1), "last_exposure_at": at(3)}, {"visit": [*range(1, 20)]}, end(6), end(24)),
    ],
)  # fmt: skip
def test_contacts_are_followed_for_as_long_as_published(
    name: str, anchors: dict[str, datetime], days: dict[str, list[int]], first: datetime, last: datetime
) -> None:
    rule = protocols.load(name).duty("contact.observation")
    steps = protocols.plan(rule, anchors, tz=SHANGHAI)
    for key, numbers in days.items():
        assert [step.day for step in steps if step.key.rpartition(".d")[0] == key] == numbers
    followed = [step for step in steps if step.key.rpartition(".d")[0] in days]
    assert min(step.due_at for step in followed if step.due_at) == first
    assert protocols.release_time(rule, anchors, done={}, tz=SHANGHAI) == last


def test_home_days_start_again_at_one() -> None:
    rule = protocols.load("covid-19-cn-9").duty("contact.observation")
    plan = {step.key: step for step in protocols.plan(rule, {"last_exposure_at": at(1)}, tz=SHANGHAI)}
    assert plan["visit.central.d7"].due_at == end(8)
    assert (plan["visit.home.d1"].day, plan["visit.home.d1"].due_at) == (1, end(9))
    assert plan["test.home.d3"].due_at == end(11)


def test_review_passes_county_city_province_within_two_hours() -> None:
    rule = protocols.load("covid-19-cn-9").duty("case.review")
    steps = protocols.plan(rule, {"diagnosed_at": at(1, 8), "reported_at": at(1, 9)}, tz=SHANGHAI)
    assert [(step.key, step.after) for step in steps] == [
        ("card", None), ("county", "card"), ("city", "county"), ("province", "city"),
    ]  # fmt: skip
    assert steps[0].due_at == at(1, 10)
    assert steps[-1].due_at == at(1, 11)
    assert steps[0].citation.kind == "legal"
    assert [step.citation.published for step in steps] == [True, False, False, True]


def test_a_limit_from_the_step_before_waits_for_it() -> None:
    rule = protocols.load("unknown-pneumonia").duty("cluster.report")
    anchors = {"detected_at": at(1, 8)}
    assert [step.due_at for step in protocols.plan(rule, anchors, tz=SHANGHAI)] == [at(1, 10), None, None, None]
    later = protocols.plan(rule, anchors, done={"county": at(1, 9), "city": at(1, 10)}, tz=SHANGHAI)
    assert [step.due_at for step in later] == [at(1, 10), at(1, 11), at(1, 11), None]


def contact2(pack: Pack, now: datetime, own: list[str], of_contact: dict[str, list[str]]) -> protocols.Verdict:
    anchors = {"last_exposure_at": at(1)}
    steps = [
        StepFact(f"test.d{day}", "done", at(day), {"result": result})
        for day, result in zip((1, 4, 7), own, strict=False)
    ]
    steps += [StepFact(f"test.d{day}", "open") for day in (1, 4, 7)[len(own) :]]
    related = {
        who: [
            StepFact(f"test.central.d{day}", "done", at(day), {"result": result})
            for day, result in enumerate(results, 1)
        ]
        for who, results in of_contact.items()
    }
    return protocols.release_verdict(pack.duty("contact2.observation"), anchors, steps, related, now, SHANGHAI)


def test_a_contact_of_contact_waits_for_the_contacts_first_two_tests() -> None:
    pack, clean, over = protocols.load("covid-19-cn-9"), ["negative"] * 3, at(9, 1)
    met = contact2(pack, over, clean, {"contact": ["negative", "negative", "positive"]})
    assert (met.met, met.missing, met.at) == (True, (), end(8))
    assert met.cited

    early = contact2(pack, at(8), clean, {"contact": ["negative"] * 2})
    assert not early.met
    assert [text.zh for text in early.missing] == ["未到 2022-07-08 23:59（居家隔离结束）"]

    one = contact2(pack, over, clean, {"contact": ["negative"]})
    assert [text.en for text in one.missing] == ["The close contact's first two tests: 1 more needed"]
    positive = contact2(pack, over, clean, {"contact": ["negative", "positive"]})
    assert not positive.met
    assert "does not show 'test result: negative'" in positive.missing[0].en
    assert not contact2(pack, over, clean, {}).met
    assert not contact2(pack, over, clean, {"contact:1": ["negative"] * 2, "contact:2": ["negative", "positive"]}).met
    own = contact2(pack, over, ["negative", "negative"], {"contact": ["negative"] * 2})
    assert [text.en for text in own.missing] == ["Test in home isolation day 7: not done"]


def test_tests_that_were_all_waived_release_nobody() -> None:
    rule = protocols.load("covid-19-cn-9").duty("contact.observation")
    waived = [StepFact(step.key, "waived") for step in protocols.plan(rule, {"last_exposure_at": at(1)}, tz=SHANGHAI)]
    verdict = protocols.release_verdict(rule, {"last_exposure_at": at(1)}, waived, {}, at(30), SHANGHAI)
    assert not verdict.met
    lapsed = [StepFact(s.key, "waived") if s.key == "test.central.d1" else StepFact(s.key, "done", at(9), {"result": "negative"})
              for s in waived]  # fmt: skip
    assert protocols.release_verdict(rule, {"last_exposure_at": at(1)}, lapsed, {}, at(30), SHANGHAI).met


def test_days_before_the_contact_was_found_lapse() -> None:
    rule = protocols.load("covid-19-cn-9").duty("contact.observation")
    anchors = {"last_exposure_at": at(1), "identified_at": at(4, 9)}
    plan = protocols.plan(rule, anchors, tz=SHANGHAI)
    assert [step.key for step in plan if step.lapsed] == [
        "visit.central.d1", "visit.central.d2", "test.central.d1", "test.central.d2",
    ]  # fmt: skip


def test_discharge_depends_on_the_evidence_of_the_assessment() -> None:
    rule = protocols.load("covid-19-cn-9").duty("case.discharge")
    evidence = {"clinically_improved": True, "ct": 36, "ct_previous": 35, "hours_between_tests": 24}
    done = [StepFact("assess", "done", at(10), evidence)]
    assert not protocols.release_verdict(rule, {}, done, {}, at(17), SHANGHAI).met
    assert protocols.release_verdict(rule, {}, done, {}, at(18), SHANGHAI).met
    low = [StepFact("assess", "done", at(10), {**evidence, "ct": 34.9})]
    assert [text.en for text in protocols.release_verdict(rule, {}, low, {}, at(18), SHANGHAI).missing] == [
        "Ct value ≥ 35 Ct"
    ]
    unknown = protocols.release_verdict(rule, {}, [StepFact("assess", "open")], {}, at(18), SHANGHAI)
    assert unknown.at is None
    assert any("not known" in text.en for text in unknown.missing)


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("covid-19-cn-9", {"household": True}, "contact"),
        ("covid-19-cn-9", {"household": True, "protected": True}, None),
        ("covid-19-cn-9", {"transport": "aircraft", "rows_apart": 3}, "contact"),
        ("covid-19-cn-9", {"transport": "aircraft", "rows_apart": 4, "setting": "transport", "distance_m": 4}, "exposed"),
        ("covid-19-cn-9", {"setting": "lift", "poorly_ventilated": True}, "contact"),
        ("covid-19-cn-9", {"setting": "shop"}, "exposed"),
        ("covid-19-cn-9", {"grid_minutes": 11, "stay_hours_14d": 31}, None),
        ("chengdu-2021-11", {"grid_minutes": 11, "stay_hours_14d": 31}, "companion"),
        ("chengdu-2021-11", {"grid_minutes": 10, "stay_hours_14d": 31}, None),
        ("covid-19-cn-8", {"setting": "market"}, "general"),
        ("covid-19-who", {"face_to_face": True, "distance_m": 1, "minutes": 15}, "contact"),
        ("covid-19-who", {"face_to_face": True, "distance_m": 1, "minutes": 14}, None),
        ("mers-who", {"same_room": True, "is_ill_during": True}, "contact"),
        ("mers-who", {"same_room": True, "is_ill_during": False}, None),
        ("measles", {"minutes_after_left": 120}, "contact"),
        ("measles", {"minutes_after_left": 121, "same_airspace": False}, None),
        ("ebola-who", {"body_contact_dead": True}, "contact"),
        ("mpox-who", {"sexual_contact": True, "protected": True}, "contact"),
        ("mpox-who", {"household": True, "protected": True}, None),
        ("influenza-school", {"same_dorm": True}, "contact"),
        ("unknown-pneumonia", {"distance_m": 2}, "contact"),
    ],
)  # fmt: skip
def test_exposures_are_classified_as_published(name: str, facts: dict[str, object], expected: str | None) -> None:
    verdict = protocols.load(name).classify_exposure(facts)
    assert (verdict.category and verdict.category.key) == expected
    assert verdict.why.zh
    assert bool(verdict.cited) is (expected is not None)


def test_ring_two_has_its_own_rules() -> None:
    ninth, twenty = protocols.load("covid-19-cn-9"), protocols.load("twenty-measures-2022-11")
    facts = {"household": True, "higher_risk_contact": True}
    verdict = ninth.classify_exposure(facts, ring=2)
    assert verdict.category and verdict.category.key == "contact2"
    assert verdict.why.zh == "密接的密接：共同居住生活"
    assert ninth.classify_exposure({"household": True}, ring=2).missing[0] == "higher_risk_contact"
    assert ninth.classify_exposure({"household": True, "higher_risk_contact": False}, ring=2).missing == ()
    assert twenty.classify_exposure(facts, ring=2).category is None


def test_an_exposure_says_what_is_still_worth_asking() -> None:
    verdict = protocols.load("covid-19-who").classify_exposure({"face_to_face": True, "distance_m": 0.5})
    assert verdict.category is None
    assert set(verdict.missing) == {"minutes", "physical_contact", "carer", "field_judgement"}


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("mers-who", {"pcr_positive": True}, "confirmed"),
        ("mers-who", {"acute_respiratory_illness": True, "fever": True, "camel_contact": True}, "suspected"),
        ("mers-who", {"fever": True}, None),
        ("ebola-who", {"fever": True, "headache": True, "vomiting": True, "hiccups": True}, "suspected"),
        ("ebola-who", {"fever": True, "headache": True, "vomiting": True}, None),
        ("measles", {"fever": True, "maculopapular_rash": True, "cough": True}, "suspected"),
        ("influenza-school", {"temperature": 38.0, "cough": True}, "suspected"),
        ("influenza-school", {"temperature": 37.9, "cough": True}, None),
        ("covid-19-cn-9", {"symptomatic": False, "pcr_positive": True}, "asymptomatic"),
        ("unknown-pneumonia", {"temperature": 38.5, "pneumonia_imaging": True, "white_cells_normal_or_low": True,
                               "treatment_failed": True}, "suspected"),
    ],
)  # fmt: skip
def test_cases_are_classified(name: str, facts: dict[str, object], expected: str | None) -> None:
    verdict = protocols.load(name).classify_case(facts)
    assert verdict.case_class == expected
    assert bool(verdict.cited) is (expected is not None)


def test_the_infectious_window_and_a_city_that_looks_back_further() -> None:
    anchors = {"onset_at": at(10, 20), "isolated_at": at(12, 8), "last_negative_at": at(5)}
    case = {"case_class": "confirmed"}
    window = protocols.load("covid-19-cn-9").infectious_window(case, anchors, SHANGHAI)
    assert window and (window.start, window.end) == (at(8, 0), at(12, 8))
    city = protocols.load("covid-19-cn-9", "luzhou-2022-10").infectious_window(case, anchors, SHANGHAI)
    assert city and city.start == at(6, 0)
    assert city.cited[0].source == "luzhou"
    post = protocols.load("covid-19-cn-9").infectious_window(
        {**case, "found_by_frequent_testing": True}, anchors, SHANGHAI
    )
    assert post and post.start == at(5)
    still = protocols.load("covid-19-cn-9").infectious_window(case, {"onset_at": at(10)}, SHANGHAI)
    assert still and still.end is None
    rash = protocols.load("measles").infectious_window({}, {"rash_at": at(10)}, SHANGHAI)
    assert rash and (rash.start, rash.end) == (at(6, 0), end(14))
    assert protocols.load("measles").infectious_window({}, {}, SHANGHAI) is None


def test_zones_come_down_by_clear_days_and_a_negative_round() -> None:
    pack = protocols.load("covid-19-cn-9")
    facts = {"days_without_infection": 7, "negative_round_day": 6}
    [(rule, verdict)] = pack.zone_lift("high", facts)
    assert (rule.to, verdict.met) == ("medium", False)
    assert [text.en for text in verdict.missing] == ["the round with everybody negative was on day ≥ 7 days"]
    [(_, verdict)] = pack.zone_lift("high", {**facts, "negative_round_day": 7})
    assert verdict.met
    assert verdict.cited
    ways = {rule.key: verdict.met for rule, verdict in pack.zone_lift(
        "medium", {"downgraded": True, "days_in_level": 3, "days_without_infection": 10})}  # fmt: skip
    assert ways == {"downgraded_to_low": True, "medium_to_low": False}
    eighth = protocols.load("covid-19-cn-8")
    ready = {
        "days_without_infection": 14,
        "last_contact_days": 15,
        "last_contact_negative": True,
        "negative_round_age": 2,
    }
    assert [verdict.met for _, verdict in eighth.zone_lift("lockdown", ready)] == [True]
    assert [verdict.met for _, verdict in eighth.zone_lift("lockdown", {**ready, "last_contact_days": 14})] == [False]


def test_codes_are_computed_and_never_set() -> None:
    pack = protocols.load("covid-19-cn-9")
    states = [pack.code_state(facts) for facts in ({"category": "contact"}, {"stayed_in": "medium"}, {})]
    assert [state and state.rule.key for state in states] == ["red", "yellow", "green"]
    assert not states[0].cited[0].published  # type: ignore[union-attr]  # the conditions of 2020 were never read
    assert protocols.load("mers-who").code_state({}) is None


def test_thresholds_count_cases_in_any_window() -> None:
    ninth = protocols.load("covid-19-cn-9").thresholds[0]
    day = date(2022, 7, 1)
    assert ninth.reached([day, day + timedelta(days=6)]) == day + timedelta(days=6)
    assert ninth.reached([day, day + timedelta(days=7)]) is None
    assert ninth.reached([]) is None
    school = {threshold.key: threshold for threshold in protocols.load("influenza-school").thresholds}
    assert school["class_day"].reached([day] * 3) == day
    assert school["class_day"].reached([day, day, day + timedelta(days=1)]) is None
    assert school["influenza_like"].reached([day] * 9) is None
    assert protocols.load("measles").thresholds[2].reached([day, day + timedelta(days=300), day + timedelta(days=600)])


def test_seven_one_seven() -> None:
    targets = {
        target.key: (target.from_, target.to, target.within.value) for target in protocols.load("ebola-who").targets
    }
    assert targets == {
        "detect": ("emerged_at", "detected_at", 7), "notify": ("detected_at", "notified_at", 1),
        "respond": ("notified_at", "responded_at", 7),
    }  # fmt: skip


def test_what_opens_a_duty() -> None:
    pack = protocols.load("covid-19-cn-9")
    kinds = [rule.kind for rule in pack.opened_by("contact.identified", {"category": "contact2"})]
    assert kinds == ["contact2.observation"]
    assert not pack.duty("contact.observation").opens.matches("contact.identified", {})
    assert {"case.investigation", "case.transfer"} <= {r.kind for r in pack.opened_by("case.asymptomatic", {})}


def test_the_difference_between_two_editions_reads_as_people_say_it() -> None:
    found = {d.path: d for d in protocols.diff(protocols.load("covid-19-cn-9"), protocols.load("covid-19-cn-8"))}
    length = found["duties/contact.observation/stages/central/length"]
    assert (length.before, length.after) == (protocols.Text("7 天", "7 days"), protocols.Text("14 天", "14 days"))
    assert length.label.zh == "义务 › 密接隔离医学观察 › 集中隔离 › 时长"
    assert length.grades == ("B", "B")
    assert found["duties/exposed.testing"].after is None
    assert not any(path.startswith("duties/exposed.testing/") for path in found)
    assert protocols.diff(protocols.load("measles"), protocols.load("measles")) == []


def test_times_without_a_zone_are_refused() -> None:
    rule = protocols.load("measles").duty("contact.observation")
    with pytest.raises(ValueError, match="first_exposure_at has no time zone"):
        protocols.plan(rule, {"first_exposure_at": datetime(2022, 7, 1)}, tz=UTC)


def test_a_citation_names_its_clause_when_it_is_known() -> None:
    notify = protocols.load("mers-who").duty("case.notification").step("notify").citation
    assert (notify.clause, notify.kind, notify.needs_primary) == ("Art. 6", "legal", False)
    assert notify.explain("en").startswith("24 h: International Health Regulations (2005), 2005, Art. 6 (grade B")
    guess = protocols.load("covid-19-cn-9").duty("case.investigation").step("contacts").citation
    assert "归于《流调" in guess.explain("zh")
    assert "but not found there" in guess.explain("en")
