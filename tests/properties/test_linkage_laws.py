"""Laws of duplicate detection that hold for any records."""

from __future__ import annotations

import dataclasses
import random
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.people import population
from fangxian.analytics.linkage import (
    DEFAULT,
    Document,
    Match,
    Parameters,
    Record,
    blocking_keys,
    clusters,
    compare,
    estimate,
    matches,
    pairs,
    veto,
)

NAMES = ("张伟", "章玮", "張偉", "Zhang Wei", "WEI ZHANG", "张 伟", "曾丽", "Ceng Li", "王晓明", "王晓东", "Mohamed Ali", "Ali Muhammad",
         "约翰·史密斯", "John Smith", "J. Smith", "Zhagn Wei", "欧阳娜娜", "", "-", "某", "张伟（Zhang Wei）")  # fmt: skip
BIRTHS = (
    date(1985, 3, 7),
    date(1985, 7, 3),
    date(1985, 3, 8),
    date(1985, 1, 1),
    date(1991, 12, 30),
    date(2008, 2, 29),
    1985,
    1986,
    1991,
)
births: st.SearchStrategy[date | int | None] = st.sampled_from(BIRTHS)


def replace(record: Record, **changes: Any) -> Record:
    return dataclasses.replace(record, **changes)


@st.composite
def people(draw: st.DrawFn, key: int = 0) -> Record:
    def some(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(draw(st.lists(st.sampled_from(values), max_size=2)))

    kinds = st.builds(Document, st.sampled_from(("id", "passport")), st.sampled_from("123"), st.booleans())
    return Record(
        key=key,
        name=draw(st.sampled_from(NAMES)),
        latin=draw(st.none() | st.sampled_from(("Zhang Wei", "John Smith"))),
        sex=draw(st.sampled_from(("男", "F", "male", "?", None))),
        born=draw(st.none() | births),
        phones=some(("13800001111", "+86 138-0000-1111", "a3f9", "00000", "13900002222")),
        documents=tuple(draw(st.lists(kinds, max_size=2))),
        area=draw(st.sampled_from((None, "330102001", "330102002", "330105001"))),
        household=draw(st.sampled_from((None, "h1", "h2"))),
        aliases=some(("小明", "John Smith", "Zhang Wei")),
    )


@st.composite
def lists_of_people(draw: st.DrawFn) -> list[Record]:
    return [replace(draw(people()), key=key) for key in range(draw(st.integers(0, 7)))]


LEARNT = estimate(population(2_000).records)
parameters = st.sampled_from((DEFAULT, LEARNT))


@given(people(), people(), parameters)
def test_comparing_is_symmetric(a: Record, b: Record, learnt: Parameters) -> None:
    one, other = compare(a, b, learnt), compare(b, a, learnt)
    assert one.weight == other.weight
    assert one.probability == other.probability
    assert one.decision == other.decision
    assert one.veto == other.veto
    assert one.fields == other.fields


@given(people(), people(), parameters)
def test_the_reasons_add_up(a: Record, b: Record, learnt: Parameters) -> None:
    match = compare(a, b, learnt)
    assert match.weight == pytest.approx(sum(field.weight for field in match.fields))
    assert [field.field for field in match.fields] == ["document", "name", "born", "sex", "phone", "residence"]
    assert all(field.text.zh and field.text.en for field in match.fields)
    assert all(field.weight == 0 for field in match.fields if field.level == "unknown")
    odds = learnt.prior / (1 - learnt.prior) * 2**match.weight
    assert match.probability == pytest.approx(odds / (1 + odds))
    assert (match.decision == "merge") == (match.probability > learnt.merge_above and match.veto is None)


def shared(field: str) -> st.SearchStrategy[dict[str, object]]:
    values: dict[str, st.SearchStrategy[object]] = {
        "born": births,
        "sex": st.sampled_from("MF"),
        "area": st.sampled_from(("330102001", "330105001")),
        "household": st.sampled_from(("h1", "h2")),
    }
    return values[field].map(lambda value: {field: value})


@given(people(), people(), st.sampled_from(("born", "sex", "area", "household")).flatmap(shared), parameters)
def test_agreeing_where_nothing_was_known_never_lowers_the_weight(
    a: Record, b: Record, agreed: dict[str, object], learnt: Parameters
) -> None:
    unknown = dict.fromkeys(agreed)
    without = compare(replace(a, **unknown), replace(b, **unknown), learnt)
    assert compare(replace(a, **agreed), replace(b, **agreed), learnt).weight >= without.weight - 1e-9


@given(
    people(),
    people(),
    st.sampled_from((("phones", "13800001111"), ("documents", Document("id", "9")), ("aliases", "小明"))),
    parameters,
)
def test_one_more_thing_in_common_never_lowers_the_weight(
    a: Record, b: Record, more: tuple[str, object], learnt: Parameters
) -> None:
    field, value = more
    with_a, with_b = (replace(record, **{field: (*getattr(record, field), value)}) for record in (a, b))
    assert compare(with_a, with_b, learnt).weight >= compare(a, b, learnt).weight - 1e-9


@given(people(), people())
def test_two_valid_numbers_of_one_kind_are_never_merged(a: Record, b: Record) -> None:
    a = replace(a, documents=(Document("id", "1"), *(d for d in a.documents if d[0] != "id")))
    b = replace(b, documents=(Document("id", "2"), *(d for d in b.documents if d[0] != "id")))
    match = compare(a, b)
    assert match.decision != "merge"
    assert match.veto is not None
    assert match.veto.code == "identity"


@given(people(), st.sampled_from(("phones", "area", "household")))
def test_twins_are_never_merged(person: Record, common: str) -> None:
    place = {"phones": ("13800001111",), "area": "330102001", "household": "h1"}
    one = replace(person, documents=(), aliases=(), latin=None, born=date(2010, 5, 6), **{common: place[common]})
    match = compare(replace(one, name="王晓明"), replace(one, name="王晓东"))
    assert match.veto is not None
    assert match.veto.code == "twins"
    assert match.decision != "merge"


@given(people(), people())
def test_namesakes_of_different_birth_dates_are_never_merged(a: Record, b: Record) -> None:
    alone = {"documents": (), "name": "张伟"}
    match = compare(replace(a, born=date(1985, 3, 7), **alone), replace(b, born=date(1991, 12, 30), **alone))
    assert match.veto is not None
    assert match.veto.code == "born"
    assert match.decision != "merge"


@given(people())
def test_a_record_that_says_who_it_is_about_is_its_own_duplicate(person: Record) -> None:
    person = replace(person, name="欧阳娜娜", born=date(1985, 3, 7), phones=("13800001111",))
    assert compare(person, replace(person, key=1)).decision == "merge"


@given(people(), people(), parameters)
def test_two_that_belong_together_share_a_blocking_key(a: Record, b: Record, learnt: Parameters) -> None:
    if compare(a, b, learnt).decision == "merge":
        assert blocking_keys(a) & blocking_keys(b)


def found(hits: list[Match]) -> set[tuple[frozenset[object], float, str]]:
    return {(frozenset((m.a.key, m.b.key)), m.weight, m.decision) for m in hits}


@given(lists_of_people(), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(records: list[Record], rng: random.Random) -> None:
    shuffled = rng.sample(records, len(records))
    one, other = list(pairs(records)), list(pairs(shuffled))
    assert found(one) == found(other)
    assert clusters(one) == clusters(other) == clusters(rng.sample(one, len(one)))


@given(lists_of_people())
def test_pairs_are_exactly_those_that_comparing_all_would_give_among_candidates(records: list[Record]) -> None:
    every = [compare(a, b) for a, b in combinations(records, 2) if blocking_keys(a) & blocking_keys(b)]
    assert found(list(pairs(records))) == found([match for match in every if match.decision != "apart"])


@given(people(), lists_of_people())
def test_the_search_for_one_finds_what_comparing_finds_likeliest_first(person: Record, records: list[Record]) -> None:
    hits = matches(replace(person, key="x"), records)
    assert {hit.b.key for hit in hits} == {r.key for r in records if compare(person, r).decision != "apart"}
    assert [hit.weight for hit in hits] == sorted((hit.weight for hit in hits), reverse=True)


@given(lists_of_people())
def test_clusters_are_a_partition_and_hold_no_pair_that_may_not_be_merged(records: list[Record]) -> None:
    hits = list(pairs(records))
    groups = clusters(hits)
    keys = [key for group in groups for key in group]
    assert len(keys) == len(set(keys))
    assert all(len(group) > 1 for group in groups)
    by_key = {record.key: record for record in records}
    for group in groups:
        for a, b in combinations(sorted(group, key=str), 2):
            reason = veto(by_key[a], by_key[b])
            assert reason is None or reason.code == "unnamed"
    assert clusters(hits + hits) == groups


@given(lists_of_people())
def test_merging_what_was_found_changes_no_group(records: list[Record]) -> None:
    hits = list(pairs(records))
    groups = clusters(hits)
    within = [m for m in hits if any({m.a.key, m.b.key} <= group for group in groups)]
    assert clusters(within) == groups


@settings(max_examples=5, deadline=None)
@given(st.integers(1, 1_000))
def test_parameters_survive_being_written_down(seed: int) -> None:
    learnt = estimate(population(200, seed=seed).records)
    assert Parameters.from_dict(learnt.to_dict()) == learnt
    assert estimate(population(200, seed=seed).records) == learnt
