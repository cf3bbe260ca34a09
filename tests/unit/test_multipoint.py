"""Many sources fused into one alert: each claim of the module on a panel small enough to see why."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from fangxian.analytics.multipoint import (
    TRUSTED,
    Fusion,
    Grade,
    MultipointError,
    Source,
    counties,
    fuse,
    nearness,
    panel,
    taught,
    trust,
)
from fangxian.analytics.multipoint.calendar import AFTER, BEFORE, FESTIVAL, HOLIDAY, SPRING_FESTIVALS, kinds
from fangxian.analytics.multipoint.deviation import _mid_p
from fangxian.analytics.multipoint.evaluation import at_sensitivity, cusum_alerts

START = np.datetime64("2024-03-04")  # a Monday
WEEK = np.array([1.0, 0.9, 0.9, 0.9, 1.1, 1.5, 1.4])


def town(
    means: tuple[float, ...], places: int = 20, days: int = 160, seed: int = 5
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Counts (places, sources, days) of Poisson sources with a week, and nothing going on."""
    random = np.random.default_rng(seed)
    mean = np.array(means)[None, :, None] * WEEK[np.arange(days) % 7]
    return random.poisson(np.broadcast_to(mean, (places, len(means), days))).astype(float)


def fused(counts: np.ndarray, sources: list[Source | str], **more: Any) -> Any:
    places, _, days = counts.shape
    return fuse(panel([f"p{i}" for i in range(places)], sources, START + np.arange(days), counts), **more)


# ── days ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_days_are_told_apart() -> None:
    days = [
        "2024-02-02",
        "2024-02-03",
        "2024-02-10",
        "2024-02-17",
        "2024-02-26",
        "2024-06-10",
        "2024-10-01",
        "2024-10-14",
    ]
    assert kinds(days).tolist() == [4, BEFORE, FESTIVAL, AFTER, 0, HOLIDAY, HOLIDAY, 0]


def test_days_that_are_looked_up_are_those_worked_out() -> None:
    days = np.arange(np.datetime64("2000-01-01"), np.datetime64("2051-01-01"))
    beyond = np.append(days, np.datetime64("2051-02-03"))  # one day without a lunar table, and all are worked out
    assert (kinds(days) == kinds(beyond)[:-1]).all()
    assert kinds(["1999-10-01", "2060-05-01"]).tolist() == [HOLIDAY, HOLIDAY]


def test_spring_festivals_are_a_moon_or_thirteen_apart() -> None:
    apart = set(np.diff(SPRING_FESTIVALS).astype(int).tolist())
    assert len(SPRING_FESTIVALS) == 51
    assert apart <= {353, 354, 355, 383, 384, 385}


# ── one source ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("y", "mean", "spread"), [(0, 0.01, 1.0), (1, 0.01, 1.0), (12, 9.5, 1.0), (40, 30.0, 2.5), (300, 220.0, 3.0)]
)
def test_a_count_has_its_mid_p_value(y: int, mean: float, spread: float) -> None:
    law: Any = poisson(mean) if spread == 1 else nbinom(mean / (spread - 1), 1 / spread)
    found = _mid_p(np.array([float(y)]), np.array([mean]), np.array([spread]))
    assert found[0] == pytest.approx(law.cdf(y) - law.pmf(y) / 2, rel=1e-9)


def test_what_is_usual_is_learnt_with_its_week() -> None:
    found = fused(town((50.0,), places=40, days=200), ["fever"])
    assert np.isnan(found.z[:, 0, :42]).all()
    saturday, tuesday = found.expected[:, 0, 194], found.expected[:, 0, 190]
    assert saturday.mean() == pytest.approx(75, rel=0.03)
    assert tuesday.mean() == pytest.approx(45, rel=0.03)
    late = found.z[:, 0, 100:]
    assert abs(late.mean()) < 0.05
    assert late.std() == pytest.approx(1, abs=0.06)


def test_a_level_that_drifts_raises_nothing() -> None:
    random = np.random.default_rng(3)
    mean = 60 * np.exp(0.003 * np.arange(240)) * WEEK[np.arange(240) % 7]  # twice as many in the end
    found = fused(random.poisson(np.broadcast_to(mean, (30, 1, 240))).astype(float), ["fever"])
    assert found.alert[:, 100:].sum() / (30 * 20) < 1 / 26  # a week; 1/52 is asked for


def test_newest_days_are_known_to_be_incomplete() -> None:
    counts = town((100.0,), places=30)
    counts[:, :, -1] = np.round(counts[:, :, -1] * 0.4)
    told = fused(counts, [Source("fever", reported=(0.4, 1.0))])
    untold = fused(counts, ["fever"])
    assert abs(told.z[:, 0, -1].mean()) < 0.6
    assert untold.z[:, 0, -1].mean() < -4


def test_the_first_spring_festival_is_no_outbreak_and_is_learnt() -> None:
    days = np.datetime64("2023-10-02") + np.arange(150)
    random = np.random.default_rng(4)
    quiet = np.where(kinds(days) == FESTIVAL, 0.4, 1.0)
    counts = random.poisson(np.broadcast_to(80 * quiet, (20, 1, 150))).astype(float)
    found = fuse(panel([f"p{i}" for i in range(20)], ["pharmacy"], days, counts))
    first = int(np.flatnonzero(kinds(days) == FESTIVAL)[0])
    assert found.z[:, 0, first].mean() < -1
    assert not found.alert[:, first - 10 :].any()


def test_a_silence_is_a_signal_where_reports_always_come_and_nowhere_else() -> None:
    counts = town((20.0, 20.0, 20.0), places=3)
    counts[:, 1, ~np.isin(np.arange(160) % 7, (0, 3))] = np.nan  # comes on Mondays and Thursdays
    counts[0, :, -3:] = np.nan
    counts[:, 2, 80:] = np.nan  # ended long ago
    found = fused(counts, ["always", "twice a week", "ended"])
    assert found.silent[0, 0, -1]
    assert not found.silent[1:, 0].any()
    assert not found.silent[1:, 1].any()
    assert found.silent[:, 2, -1].all()
    told = found.of(0, 159)
    assert "always" in told.silent
    assert told.grade == Grade.BLUE
    assert "always、" in told.why.zh or "always突然无报告" in told.why.zh


# ── many sources ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_positive_batch_a_sewage_sample_and_three_absent_classes_add_up() -> None:
    """None of them alone raises an alert; together they do."""
    quiet = town((30.0, 0.02, 0.05), places=60, days=200)
    random = np.random.default_rng(8)
    sewage = np.where(np.arange(200) % 7 == 2, 500 * np.exp(random.normal(0, 0.4, (60, 1, 200))), np.nan)
    quiet = np.concatenate((quiet, sewage), axis=1)
    quiet[:, 1:3, -12:] = 0
    sources: list[Source | str] = ["fever", "positive batches", "classes absent", Source("sewage", "level")]
    signs = {"positive batches": (1, -4, 1.0), "classes absent": (2, -3, 3.0), "sewage": (3, -2, 1500.0)}
    assert np.isfinite(quiet[0, 3, -2])
    for place, some in enumerate([[name] for name in signs] + [list(signs)]):
        for name in some:
            source, day, value = signs[name]
            quiet[place, source, day] = value
    found = fused(quiet, sources, threshold=6.5)
    raised = found.alert[:, -8:].any(axis=1)
    assert raised[:4].tolist() == [False, False, False, True]
    alert = next(one for one in found if one.place == "p3" and one.day > START + 190)
    assert sum(part > 0 for part in alert.contributions.values()) >= 3
    assert sum(alert.contributions.values()) == pytest.approx(alert.score)


def test_sources_that_drift_together_count_once() -> None:
    random = np.random.default_rng(6)
    drift = np.repeat(random.normal(0, 0.25, (60, 1, 20)), 14, axis=2)
    lonely = random.poisson(np.full((60, 1, 280), 80.0))
    together = random.poisson(np.broadcast_to(80 * np.exp(drift), (60, 2, 280)))
    found = fused(np.concatenate((together, lonely), axis=1).astype(float), ["a", "b", "c"])
    assert found.weights[2] > 3 * (found.weights[0] + found.weights[1])


def test_an_alert_sets_back_and_rests() -> None:
    counts = town((40.0, 40.0), places=10, seed=7)
    counts[0, :, 120:140] *= 2
    found = fused(counts, ["a", "b"], rest=10)
    raised = [t for t in np.flatnonzero(found.alert[0]).tolist() if 120 <= t < 140]
    first = raised[0]
    assert first <= 122
    assert all(later - earlier > 10 for earlier, later in pairwise(raised))
    assert found.score[0, first + 1] < found.score[0, first]
    assert found.grade[0, first] >= Grade.YELLOW
    assert found.grade[0, 120:140].max() == Grade.RED
    assert found.odds[0, 120:140].max() > 100 > 1 > found.odds[0, 119]


def test_days_one_by_one_are_as_all_at_once() -> None:
    counts = town((20.0, 5.0), places=4)
    whole = fused(counts, ["a", "b"])
    fusion = Fusion(4, (Source("a"), Source("b")))
    last = [fusion.day(START + t, counts[:, :, t], np.ones((4, 2))) for t in range(160)][-1]
    assert last.score.tolist() == whole.score[:, -1].tolist()
    assert last.odds.tolist() == whole.odds[:, -1].tolist()


def test_with_other_strengths_what_is_usual_need_not_be_learnt_again() -> None:
    counts = town((6.0, 20.0, 3.0), places=4)
    counts[1, 0, 30:40], counts[2, 2, 100:] = np.nan, np.nan
    before = fused(counts, ["a", "b", "c"])
    sources: list[Source | str] = [Source("a", strength=3.0), Source("b"), Source("c", strength=0.5)]
    anew, again = fused(counts, sources), fused(counts, sources, judged=before)
    assert not np.allclose(anew.score, before.score, equal_nan=True)
    for name in ("score", "odds", "grade", "alert", "contributions", "silence", "weights", "threshold"):
        np.testing.assert_array_equal(getattr(again, name), getattr(anew, name), err_msg=name)


def test_neighbours_are_heard() -> None:
    counts = town((30.0,), places=30, days=200)
    counts[:4, :, 170:] += 10
    at = np.array([[i % 6, i // 6] for i in range(30)], float)
    at[:4] = [[0, 0], [0, 0.5], [0.5, 0], [0.5, 0.5]]
    alone = fused(counts, ["fever"])
    heard = fused(counts, ["fever"], near=nearness(at, 0.6), hearing=1.0)
    assert heard.score[:4, 170:174].mean() > alone.score[:4, 170:174].mean()
    assert heard.neighbours[:4, 173].max() > 0
    assert heard.of(0, 173).contributions["neighbours"] == heard.neighbours[0, 173]


def test_outbreaks_that_were_confirmed_teach_which_sources_show_them() -> None:
    counts = town((40.0, 40.0), places=12, days=150)
    counts[:9, 0, 107:121] += 15
    found = fused(counts, ["shows", "does not"])
    shows, does_not = taught(found, [(f"p{place}", START + 100) for place in range(9)])
    assert shows.strength > 1.5 > 1 > does_not.strength
    assert taught(found, []) == found.sources
    with pytest.raises(MultipointError, match="no place Atlantis"):
        taught(found, [("Atlantis", START)])


def test_fewer_false_alerts_than_votes_and_single_sources_on_counties_with_shared_drift() -> None:
    """The whole comparison is in benchmarks/multipoint.py; this one is small."""
    made = counties(60, 330, size=3.0, shared=0.2, seed=12, since=220)
    both = np.concatenate((made.quiet.counts, made.struck.counts))
    whole = replace(made.quiet, places=tuple(f"p{i}" for i in range(120)), counts=both)
    found = fuse(whole, threshold=1e6)

    def false_alerts(evidence: np.ndarray, votes: int, slack: float) -> float:
        return at_sensitivity(
            lambda told, limit: cusum_alerts(told, limit, votes=votes, slack=slack),
            evidence[:60], evidence[60:], made.onset, since=220,
        ).false_alerts  # fmt: skip

    votes = min(false_alerts(found.z, votes, 0.5) for votes in (1, 2))
    single = min(false_alerts(found.z[:, [source]], 1, 0.5) for source in (1, 4, 5))
    assert false_alerts(found.evidence[:, None], 1, 0.0) < 0.7 * min(votes, single)


# ── what cannot be ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"counts": [[[1, 2]]]}, "not \\(1, 1, 2\\)"),
        ({"counts": [[[1, -2, 3]]]}, "The value of fever at A on 2024-01-02 is at least 0, not -2"),
        ({"counts": [[[1, 2.5, 3]]]}, "is a whole number, not 2.5"),
        ({"days": ["2024-01-01", "2024-01-03", "2024-01-04"]}, "2024-01-01 is followed by 2024-01-03"),
        ({"days": ["2024-01-01", "2024-01-01", "2024-01-02"]}, "2024-01-01 is followed by 2024-01-01"),
        ({"exposure": [[[1, 0, 3]]]}, "what is behind the count\\) is above 0, not 0"),
        ({"places": ["A", "A"], "counts": [[[1, 2, 3]], [[1, 2, 3]]]}, "The place A is there twice"),
    ],
)
def test_a_fault_is_named(change: dict[str, Any], says: str) -> None:
    given: dict[str, Any] = {
        "places": ["A"], "sources": ["fever"], "days": ["2024-01-01", "2024-01-02", "2024-01-03"], "counts": [[[1, 2, 3]]],
    }  # fmt: skip
    with pytest.raises(MultipointError, match=says):
        panel(**(given | change))


@pytest.mark.parametrize("wrong", [{"false_alerts": 0}, {"rest": -1}, {"threshold": 0}, {"near": [[1, 2]]}])
def test_parameters_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(MultipointError):
        fused(town((3.0,), places=2, days=10), ["a"], **wrong)


def test_shares_reported_cannot_fall() -> None:
    with pytest.raises(MultipointError, match="do not fall"):
        Source("fever", reported=(0.8, 0.5, 1.0))


def test_short_constant_and_empty_series_cannot_tell_and_raise_nothing() -> None:
    short = fused(town((9.0,), places=2, days=20), ["a"])
    assert (short.grade == Grade.CANNOT_TELL).all()
    for counts in (np.zeros((2, 1, 120)), np.full((2, 1, 120), 7.0), np.full((2, 1, 120), np.nan)):
        assert not fused(counts, ["a"]).alert.any()


# ── whom to trust ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_counts_by_its_record_and_a_new_one_by_that_of_its_kind() -> None:
    right, ended = [9, 1, 0, 0], [12, 12, 0, 0]
    clinic, pharmacy, new_clinic, new_pharmacy = trust(right, ended, ["clinic", "pharmacy", "clinic", "pharmacy"])
    assert pharmacy < new_pharmacy < 1 < new_clinic < clinic
    overall = 10 / 24
    of_kind = (9 + 10 * overall) / 22
    assert clinic == pytest.approx((9 + 10 * of_kind) / 22 / overall) and new_clinic == pytest.approx(of_kind / overall)


def test_no_record_silences_a_source_or_lets_it_decide_alone() -> None:
    worst, best = trust([0, 1000], [100_000, 1000], ["a", "b"])
    assert (worst, best) == TRUSTED


@pytest.mark.parametrize(("right", "ended"), [([0, 0], [0, 0]), ([0, 0], [7, 3]), ([7, 3], [7, 3])])
def test_where_all_are_alike_all_count_alike(right: list[int], ended: list[int]) -> None:
    assert trust(right, ended, ["a", "b"]).tolist() == [1, 1]


@pytest.mark.parametrize(("right", "ended"), [([2], [1]), ([-1], [3]), ([1, 1], [2])])
def test_a_record_that_cannot_be_is_refused(right: list[int], ended: list[int]) -> None:
    with pytest.raises(MultipointError):
        trust(right, ended, ["a"])
