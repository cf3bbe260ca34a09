"""Duplicate people: the names that have to be recognised, the reasons given, refusals, and the quality reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from benchmarks.people import population
from fangxian.analytics.linkage import (
    DEFAULT,
    Document,
    LinkageError,
    Parameters,
    Record,
    blocking_keys,
    clusters,
    compare,
    estimate,
    pairs,
)
from fangxian.analytics.linkage.chinese import fold, segment
from fangxian.analytics.linkage.names import phonetic

SAME_NAMES = [
    ("张伟", "张 伟", "same"),
    ("張偉", "张伟", "same"),
    ("张伟", "Zhang Wei", "sound"),
    ("张伟", "WEI, ZHANG", "sound"),
    ("张伟", "zhangwei", "sound"),
    ("张伟", "伟张", "sound"),
    ("张伟（Zhang Wei）", "章玮", "sound"),
    ("曾丽", "Zeng Li", "sound"),
    ("曾丽", "Ceng Li", "sound"),
    ("单田芳", "Shan Tianfang", "sound"),
    ("解晓东", "XIE Xiao-Dong", "sound"),
    ("欧阳娜娜", "Nana Ouyang", "sound"),
    ("尉迟恭", "Yuchi Gong", "sound"),
    ("吕布", "LYU Bu", "sound"),
    ("乐嘉", "Yue Jia", "sound"),
    ("买买提·艾山", "Maimaiti Aishan", "sound"),
    ("林宁", "凌林", "near"),
    ("张珍", "Zang Zhen", "near"),
    ("Zhagn Wei", "Zhang Wei", "near"),
    ("张伟", "Zhagn Wei", "near"),
    ("José García", "Garcia Jose", "same"),
    ("Mohamed Ali", "Ali MUHAMMAD", "near"),
    ("John William Smith", "SMITH John", "near"),
    ("J. Smith", "John Smith", "near"),
    ("Maria Anna", "Maria Ana", "near"),
    ("王晓明", "王晓东", "part"),
    ("张明", "张小明", "part"),
    ("王晓明", "王建国", "surname"),
    ("Zhang Wei", "Zhang Lei", "surname"),
    ("王晓明", "李建国", "differ"),
    ("张伟", "Wang Fang", "differ"),
    ("约翰·史密斯", "John Smith", "unknown"),
    ("", "张伟", "unknown"),
]


@pytest.mark.parametrize(("ours", "theirs", "level"), SAME_NAMES)
def test_names_across_scripts(ours: str, theirs: str, level: str) -> None:
    name = next(field for field in compare(Record(1, ours), Record(2, theirs)).fields if field.field == "name")
    assert name.level == level
    if (
        level in ("same", "sound", "near") and "Zhagn" not in ours + theirs
    ):  # a slip that is no pinyin meets by other fields
        assert blocking_keys(Record(1, ours)) & blocking_keys(Record(2, theirs))


@pytest.mark.parametrize(
    ("ours", "theirs", "level"),
    [
        (date(1985, 3, 7), date(1985, 3, 7), "same"),
        (date(1985, 3, 7), date(1985, 7, 3), "near"),
        (date(1985, 3, 7), date(1985, 3, 17), "near"),
        (date(1985, 3, 31), date(1985, 4, 1), "near"),
        (date(1999, 3, 7), date(2000, 3, 7), "near"),
        (date(1985, 3, 7), date(1958, 3, 7), "near"),
        (date(1985, 3, 7), date(1991, 12, 30), "differ"),
        (date(1985, 3, 7), 1985, "same"),
        (date(1985, 3, 7), 1986, "same"),
        (date(1985, 3, 7), date(1985, 1, 1), "same"),
        (1985, 1991, "differ"),
        (None, 1991, "unknown"),
    ],
)
def test_birth_dates(ours: date | int | None, theirs: date | int | None, level: str) -> None:
    assert compare(Record(1, "张伟", born=ours), Record(2, "张伟", born=theirs)).fields[2].level == level


def test_the_reasons_can_be_read_in_both_languages() -> None:
    a = Record(1, "张伟", sex="男", born=date(1985, 3, 7), phones=("13800001111",), area="330102001002")
    b = Record(2, "Wei ZHANG", sex="M", born=date(1985, 7, 3), phones=("+86 138 0000 1111",), area="330102003004")
    match = compare(a, b)
    assert match.decision == "merge"
    assert [(f.field, f.level) for f in match.fields] == [
        ("document", "unknown"), ("name", "sound"), ("born", "near"), ("sex", "same"), ("phone", "same"), ("residence", "county"),
    ]  # fmt: skip
    assert match.fields[1].text.zh == "姓名读音相同"
    assert match.fields[2].text.in_("en").startswith("nearly the same birth date")


def test_a_year_of_birth_is_named_as_such() -> None:
    assert compare(Record(1, "张伟", born=1985), Record(2, "张伟", born=1985)).fields[2].text.en == "birth years agree"


def test_an_identity_document_settles_it() -> None:
    paper = (Document("id", "x"),)
    a = Record(1, "王淑芬", born=date(1950, 1, 2), documents=paper)
    assert compare(a, Record(2, "王淑芳", born=date(1950, 1, 2), documents=paper)).decision == "merge"
    assert compare(a, Record(2, "王淑芬", documents=(("id", "x"),))).decision == "merge"
    mistyped = Record(2, "王淑芬", born=date(1950, 1, 2), documents=(Document("id", "y", valid=False),))
    assert compare(a, mistyped).veto is None


def test_a_shared_telephone_is_not_counted_again_as_a_shared_home() -> None:
    """A father and a son of one home are not listed however much the home agrees."""
    father = Record(
        1, "李建国", sex="男", born=date(1960, 5, 1), phones=("13800001111",), area="330102001", household="h"
    )
    son = Record(2, "李晓明", sex="男", born=date(1990, 9, 9), phones=("13800001111",), area="330102001", household="h")
    assert compare(father, son).decision == "apart"


def test_common_names_say_less_than_rare_ones() -> None:
    records = population(3_000).records
    learnt = estimate([*records, *(Record(f"z{i}", "张伟", born=date(1950 + i, 2, 3)) for i in range(60))])
    common = compare(Record(1, "张伟"), Record(2, "张伟"), learnt)
    rare = compare(Record(1, "隗禹舜"), Record(2, "隗禹舜"), learnt)
    assert common.weight < rare.weight - 5
    common_sound = compare(Record(1, "张伟"), Record(2, "Zhang Wei"), learnt)
    rare_sound = compare(Record(1, "隗禹舜"), Record(2, "Wei Yushun"), learnt)
    assert common_sound.weight < rare_sound.weight - 5


def test_a_third_record_cannot_bring_two_people_together() -> None:
    """Two with different identity numbers both look like a third that has none: it goes with one of them, never with both."""
    between = Record(3, "欧阳娜娜", born=date(1985, 3, 7), phones=("13800001111",), household="h")
    one = replace(between, key=1, documents=(Document("id", "x"),))
    other = replace(between, key=2, documents=(Document("id", "y"),), household=None)
    matches = [compare(one, other), compare(one, between), compare(other, between)]
    assert [match.decision for match in matches] == ["review", "merge", "merge"]
    assert clusters(matches) == [frozenset({1, 3})]


@pytest.mark.parametrize("learn", [False, True])
def test_quality_on_a_population_whose_truth_is_known(learn: bool) -> None:
    people = population(6_000, seed=11)
    truth = people.true_pairs()
    matches = list(pairs(people.records, estimate(people.records) if learn else DEFAULT))
    merged = {(m.a.key, m.b.key) for m in matches if m.decision == "merge"}
    listed = {(m.a.key, m.b.key) for m in matches}
    assert len(merged & truth) / len(merged) > 0.998
    assert len(merged & truth) / len(truth) > 0.82
    assert len(listed & truth) / len(listed) > 0.95
    assert len(listed & truth) / len(truth) > 0.95


def test_estimating_from_nothing_changes_nothing() -> None:
    assert estimate([]) == DEFAULT
    assert estimate([Record(1, "张伟")]) == DEFAULT
    assert list(pairs([])) == []
    assert clusters([]) == []


def test_placeholders_are_no_telephones() -> None:
    assert Record(1, "张伟", phones=("00000000000", "无", "123", "")).numbers == frozenset()
    assert Record(1, "张伟", phones=("0086-138 0000 1111", "0571-88001234")).numbers == {"13800001111", "057188001234"}


def test_syllables() -> None:
    assert segment("xiaoming") == ("xiao", "ming")
    assert segment("ouyang") == ("ou", "yang")
    assert segment("smith") is None
    assert fold("zhang") == fold("zan")
    assert fold("ning") == fold("lin")
    assert phonetic("mohamed") == phonetic("muhammad")


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Record(7, "张伟", born="1985-03-07"), "Record 7: born '1985-03-07'"),  # type: ignore[arg-type]
        (lambda: list(pairs([Record(1, "张伟"), Record(1, "李丽")])), "Record key 1 is used twice"),
        (lambda: Parameters(probabilities={}), "Field document needs"),
        (lambda: Parameters(prior=0), "0 < prior < 1"),
        (lambda: DEFAULT.with_thresholds(0.5, 0.9), "review_above <= merge_above"),
    ],
)
def test_bad_input_is_refused_in_both_languages(make: Callable[[], object], named: str) -> None:
    with pytest.raises(LinkageError) as refusal:
        make()
    assert named in refusal.value.en
    assert refusal.value.zh.endswith("。")
