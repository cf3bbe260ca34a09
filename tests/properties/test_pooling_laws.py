"""Laws of pooled testing: layouts, figures that simulation bears out, probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics.pooling import (
    Array,
    Assay,
    Combinatorial,
    Design,
    Dorfman,
    Halving,
    Household,
    PoolingError,
    choose,
    decode,
    forecast,
)
from fangxian.analytics.pooling.fields import ORDERS, field

SHARP = Assay(noise=0.2, failure=1e-6, false_positive=1e-6, dilution=0.0)


@pytest.mark.parametrize("order", ORDERS)
def test_a_field_is_a_field(order: int) -> None:
    add, times = field(order)
    everything = np.arange(order)
    assert all(np.array_equal(np.sort(row), everything) for row in add)
    assert all(np.array_equal(np.sort(row), everything) for row in times[1:]), "what is not 0 can be divided by"
    a, b, c = np.meshgrid(everything, everything, everything, indexing="ij")
    assert np.array_equal(times[a, add[b, c]], add[times[a, b], times[a, c]])
    assert np.array_equal(times[a, times[b, c]], times[times[a, b], c])


codes = st.sampled_from([order for order in ORDERS if order <= 13]).flatmap(
    lambda order: st.builds(
        Combinatorial,
        st.just(order),
        st.integers(2, 3),
        st.integers(min(3, order), min(order, 6)),
        st.integers(order, order**2),
    )
)


@given(codes)
@settings(max_examples=40, deadline=None)
def test_two_samples_share_fewer_tubes_than_the_code_has_terms(design: Combinatorial) -> None:
    tubes, samples = design.layout(design.samples)
    table = np.zeros((design.samples, tubes.max() + 1), int)
    table[samples, tubes] = 1
    assert (table.sum(axis=1) == design.layers).all()
    shared = table @ table.T
    np.fill_diagonal(shared, 0)
    assert shared.max() < design.terms
    assert table.sum(axis=0).max() <= design.pool_size


@given(codes, st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_few_carriers_cannot_hide_a_healthy_sample(design: Combinatorial, seed: int) -> None:
    carriers = np.random.default_rng(seed).choice(design.samples, min(design.certain, design.samples), replace=False)
    positive = np.array([bool(np.isin(pool, carriers).any()) for pool in design.pools])[None]
    assert set(np.flatnonzero(design.suspects(positive)[0])) == set(carriers)


designs = st.one_of(
    st.builds(Dorfman, st.integers(2, 24)),
    st.builds(lambda half: Halving(2 * half), st.integers(2, 12)),
    st.builds(Array, st.integers(2, 12), st.integers(2, 12)),
    st.builds(Combinatorial, st.just(11), st.just(2), st.integers(3, 5), st.integers(22, 121)),
)


@given(designs, st.integers(1, 700))
@settings(max_examples=60, deadline=None)
def test_every_sample_is_laid_out_as_the_design_says(design: Design, samples: int) -> None:
    tubes, whom = design.layout(samples)
    assert set(whom.tolist()) == set(range(samples))
    assert set(tubes.tolist()) == set(range(design.tubes(samples)))
    assert np.bincount(tubes).max() <= design.pool_size
    assert len(set(zip(tubes.tolist(), whom.tolist(), strict=True))) == len(tubes)


@pytest.mark.parametrize(
    "design", [Dorfman(10), Halving(12), Array(8, 10), Household(12, 3, 0.4), Combinatorial(11, 2, 4, 121, 1)]
)
def test_the_formulas_agree_with_simulation(design: Design) -> None:
    """Tests by stage, and the share found; loads of several carriers add up, so that pools are seen a little oftener than by formula."""
    from fangxian.analytics.pooling.choosing import _simulated

    assay, prevalence, runs = Assay(), 0.02, 20_000
    used, found, carriers = _simulated(design, prevalence, assay, runs, np.random.default_rng(7))
    formula = np.array(design.expected(prevalence, assay)) * design.block
    error = used.std(axis=0) / np.sqrt(runs)
    assert np.all(np.abs(used.mean(axis=0) - formula) <= 4 * error + 0.03 * formula)
    worst = design.sensitivity(assay) * assay.sees(1)
    assert worst - 0.01 <= found / carriers <= min(worst + 0.05, 1.0)


@given(st.floats(0.0005, 0.3), st.floats(0.8, 0.99), st.integers(2, 40))
@settings(max_examples=5, deadline=None)
def test_what_is_chosen_finds_enough_and_is_the_cheapest(prevalence: float, wanted: float, largest: int) -> None:
    choice = choose(500, prevalence, sensitivity=wanted, largest=largest)
    every = [choice.chosen, *choice.others]
    assert all(one.sensitivity >= wanted for one in every)
    assert all(one.sensitivity < wanted for one in choice.refused)
    assert choice.chosen.tests.expected <= min(one.tests.expected for one in every)
    assert all(one.design.pool_size <= largest for one in every)
    assert all(one.tests.low <= one.tests.expected <= one.tests.high for one in every)
    assert any(one.design.name == "individual" for one in every)


def test_dorfman_is_as_in_the_textbook() -> None:
    """Dorfman (1943), table 1: the best group at 1 % is 11, which takes 20 tests per 100; at 2 % 8 and 27; at 5 % 5 and 43."""
    for prevalence, size, tests in ((0.01, 11, 20), (0.02, 8, 27), (0.05, 5, 43), (0.10, 4, 59)):
        per_hundred = {n: 100 * sum(Dorfman(n).expected(prevalence, SHARP)) for n in range(2, 40)}
        assert min(per_hundred, key=per_hundred.__getitem__) == size
        assert round(per_hundred[size]) == tests


def test_the_range_holds_what_happens() -> None:
    """Of 300 days with 40 blocks, about 95 of 100 lie in the range that was forecast."""
    from fangxian.analytics.pooling.choosing import _simulated

    design = Array(8, 12)
    told = forecast(design, 40 * design.block, 0.02)
    used, _, _ = _simulated(design, 0.02, Assay(), 40 * 300, np.random.default_rng(99))
    days = used.sum(axis=1).reshape(300, 40).sum(axis=1)
    assert 0.90 <= np.mean((days >= told.tests.low) & (days <= told.tests.high)) <= 0.99


@pytest.mark.parametrize("with_ct", [False, True])
def test_probabilities_mean_what_they_say(with_ct: bool) -> None:
    """Of those with a probability of about p, a share of about p are carriers: the model's own world, drawn 24 times."""
    assay, random = Assay(failure=0.03, false_positive=0.02), np.random.default_rng(3)
    chances, truths = [], []
    for design in (Array(8, 8), Combinatorial(7, 2, 4, 49), Dorfman(5)):
        tubes, samples = design.layout(max(design.block, 45))
        count = int(samples.max()) + 1
        for _ in range(8):
            carrier = random.random(count) < 0.04
            cycles = np.where(carrier, random.choice(assay.cycles, count, p=assay.shares), np.inf)
            ct = np.array([measured(cycles[samples[tubes == tube]], assay, random) for tube in range(tubes.max() + 1)])
            told = {"ct": ct} if with_ct else {"positive": np.isfinite(ct)}
            chances.append(decode(tubes, samples, prevalence=0.04, assay=assay, **told).probability)
            truths.append(carrier)
    chance, truth = np.concatenate(chances), np.concatenate(truths)
    for low, high in ((0, 0.01), (0.01, 0.1), (0.1, 0.4), (0.4, 0.9), (0.9, 1.01)):
        there = (chance >= low) & (chance < high)
        spread = np.sqrt((chance[there] * (1 - chance[there])).sum())
        assert abs(truth[there].sum() - chance[there].sum()) <= 3.5 * spread + 0.5, (low, high, there.sum())
    assert abs(truth.sum() - chance.sum()) <= 4 * np.sqrt((chance * (1 - chance)).sum())


def measured(cycles: np.ndarray, assay: Assay, random: np.random.Generator) -> float:
    """What one tube shows of these members: a Ct, or infinity."""
    true = float(assay.pooled(cycles, len(cycles)))
    shown = true + random.normal(0, assay.noise)
    if np.isfinite(true) and random.random() > assay.failure and shown <= assay.limit:
        return shown
    return random.uniform(assay.earliest, assay.limit) if random.random() < assay.false_positive else np.inf


@given(st.integers(0, 2**32 - 1), st.integers(0, 2))
@settings(max_examples=5, deadline=None)
def test_a_clean_run_is_decoded_whole(seed: int, carriers: int) -> None:
    """Up to as many carriers as the code can tell, in a world of few faults: they and nobody else, in whatever order tubes come."""
    design, random = Combinatorial(8, 3, 6, 384), np.random.default_rng(seed)
    whom = random.choice(384, carriers, replace=False)
    tubes, samples = design.layout(384)
    positive = np.isin(samples, whom).astype(int)
    result = np.zeros(48)
    np.maximum.at(result, tubes, positive)
    shuffled = random.permutation(len(tubes))
    found = decode(tubes[shuffled], samples[shuffled], positive=result, assay=SHARP)
    assert set(found.carriers().tolist()) == set(whom.tolist())
    assert len(found.undecided()) == 0


def test_crossings_that_cannot_be_told_apart_are_undecided() -> None:
    tubes, samples = Array(6, 6).layout(36)
    result = np.zeros(12)
    result[[1, 4, 6 + 2, 6 + 3]] = 1
    found = decode(tubes, samples, positive=result, assay=SHARP)
    assert set(found.undecided().tolist()) == {6 + 2, 6 + 3, 24 + 2, 24 + 3}
    assert np.allclose(found.probability[found.undecided()], 0.5, atol=0.1)


def test_a_tube_without_result_says_nothing() -> None:
    found = decode([0, 0, 1, 1], [0, 1, 2, 3], positive=[np.nan, 0], prevalence=0.1, assay=SHARP)
    assert np.allclose(found.probability, [0.1, 0.1, 0, 0], atol=1e-4)


@pytest.mark.parametrize(
    "wrong",
    [{"samples": 0}, {"prevalence": 1.5}, {"sensitivity": 0.0}, {"largest": 0}, {"household": (1, 0.2)}],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PoolingError) as refused:
        choose(**{"samples": 10, "prevalence": 0.1, **wrong})  # type: ignore[arg-type]
    assert refused.value.zh and refused.value.en
