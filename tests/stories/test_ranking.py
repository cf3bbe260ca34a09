"""Whom to call first: a ranking that can be recomputed by hand, says why, and finds the infected sooner than minutes alone."""

import numpy as np
import pytest

from fangxian import protocols
from fangxian.analytics import copresence
from fangxian.analytics.copresence.ranking import DAY, Air, Contacts, Hazard, Masks, auc, rank
from fangxian.analytics.errors import AnalysisError
from fangxian.protocols.hazard import contact_hazard

PLAIN = Hazard(0.1, {-1: 1.0, 0: 0.5}, 5, {Air.OUTDOORS: 0.1, Air.CLOSED: 2}, {Masks.BOTH: 0.05}, 0.5)


def contacts(*rows: tuple) -> Contacts:
    """Rows of person, via, ring, minutes, day, air, masks, metres."""
    kinds = (np.uint32, np.uint32, np.uint8, float, float, np.int8, np.int8, float)
    return Contacts(*(np.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)))


def test_risks_are_what_a_patient_clerk_computes() -> None:
    ranked = rank(
        contacts(
            (1, 0, 1, 60, -1.0, Air.INDOORS, 0, np.nan),
            (2, 0, 1, 60, -1.0, Air.OUTDOORS, Masks.BOTH, 3.0),
            (3, 0, 1, 120, -1 / 24, Air.CLOSED, 0, np.nan),  # an hour before midnight of the onset's day, an hour after
            (3, 9, 1, 60, np.nan, Air.UNKNOWN, 0, 0.5),
            (4, 1, 2, 60, -1.0, Air.INDOORS, 0, np.nan),
            (5, 0, 1, 600, 4.0, Air.INDOORS, 0, np.nan),  # long after: no longer infectious
        ),
        PLAIN,
    )
    first = 1 - np.exp(-0.1)
    hand = {
        1: first, 2: 1 - np.exp(-0.1 * 0.1 * 0.05 * 0.25), 3: 1 - np.exp(-0.1 * 2 * 1.5 - 0.1 * 0.75),
        4: first * (1 - np.exp(-0.1)), 5: 0.0,
    }  # fmt: skip
    assert ranked.person.tolist() == sorted(hand, key=lambda person: -hand[person])
    assert ranked.risk == pytest.approx([hand[person] for person in ranked.person.tolist()])
    assert ranked.share.tolist() == pytest.approx([1, 1, 0.8, 0.2, 1, 0])


def test_the_reason_is_said_in_both_languages() -> None:
    ranked = rank(
        contacts(
            (1, 0, 1, 45, -0.9, Air.CLOSED, Masks.NONE, 1.0), (1, 0, 1, 90, 0.5, Air.OUTDOORS, 0, np.nan),
            (4, 1, 2, 30, -2.5, Air.INDOORS, 0, np.nan), (5, 0, 1, 15, np.nan, 0, 0, np.nan),
        ),
        PLAIN,
    )  # fmt: skip
    first, second = ranked.why(1)
    assert first.en == "45 min in closed air on the day before onset, nobody masked, 1 m apart: 95 %"
    assert first.zh == "发病前 1 天，密闭空间，均未戴口罩，相距 1 米，45 分钟：95%"
    assert (second.en, second.zh) == ("90 min outdoors on the day of onset: 5 %", "发病当天，室外，90 分钟：5%")
    assert ranked.why(4)[0].en == "30 min indoors on day 3 before the contact's expected onset: 0 %"
    assert ranked.why(5)[0].zh == "15 分钟：100%"


def test_lines_of_a_trace_are_ranked_with_days_and_air() -> None:
    stays = copresence.Stays.of(
        [0, 1, 1, 2], [0, 0, 1, 1], [0, 0, 2 * DAY, 2 * DAY], [3600, 3600, 2 * DAY + 7200, 2 * DAY + 7200]
    )
    lines = copresence.trace(stays, copresence.Index.of([0], [0], [DAY]), tau=900, rings=2).lines
    assert lines is not None
    made = Contacts.of_lines(
        lines, onset=np.array([DAY, np.nan, np.nan]), incubation=3, air=np.array([Air.CLOSED, Air.OUTDOORS])
    )
    assert (made.day.tolist(), made.air.tolist(), made.minutes.tolist()) == (
        [-1, -1],
        [Air.CLOSED, Air.OUTDOORS],
        [60, 120],
    )
    first = 1 - np.exp(-0.2)
    assert rank(made, PLAIN).risk == pytest.approx([first, first * (1 - np.exp(-0.02))])


def epidemic(hazard: Hazard, seed: int) -> tuple[Contacts, dict[int, bool]]:
    """Contacts of 40 cases in homes, offices and the open, of whom chance infects some by `hazard`."""
    draw = np.random.default_rng(seed)
    count = 12_000
    person = draw.integers(100, 5000, count)
    made = Contacts(
        person, draw.integers(0, 40, count), np.ones(count, np.uint8), draw.lognormal(np.log(40), 1.1, count) + 15,
        draw.uniform(-4, 8, count), draw.choice([0, 1, 2, 3, 4], count, p=[0.2, 0.15, 0.3, 0.1, 0.25]),
        draw.choice([0, 1, 2, 3], count, p=[0.4, 0.3, 0.2, 0.1]), np.where(draw.random(count) < 0.5, np.nan, draw.uniform(0.3, 6, count)),
    )  # fmt: skip
    truth = rank(made, hazard)
    return made, dict(zip(truth.person.tolist(), (draw.random(len(truth.risk)) < truth.risk).tolist(), strict=True))


#: How the truth differs from the pack's numbers, and by how much at least the ranking's AUC must exceed that of minutes alone.
TRUTHS = {
    "as the pack says": (0, {Air.CLOSED: 2, Air.VENTILATED: 0.5, Air.OUTDOORS: 0.053}, {Masks.ONE: 0.15, Masks.BOTH: 0.05}, 0.495, 0.08),
    "a day later, all circumstances half as strong": (
        1, {Air.CLOSED: 1.4, Air.VENTILATED: 0.7, Air.OUTDOORS: 0.23}, {Masks.ONE: 0.4, Masks.BOTH: 0.22}, 0.7, 0.03,
    ),
    "two days later, masks do nothing": (2, {Air.CLOSED: 1.3, Air.OUTDOORS: 0.3}, {}, 0.7, -0.03),
}  # fmt: skip


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_infected_stand_higher_than_by_minutes_or_by_chance(truth: str) -> None:
    hazard = contact_hazard(protocols.load("covid-19-cn-9"))
    assert hazard is not None
    later, air, masks, per_metre, gain = TRUTHS[truth]
    days = {day + later: value for day, value in hazard.days.items()}
    made, fate = epidemic(Hazard(0.05, days, 5, air, masks, per_metre), seed=7)
    ranked = rank(made, hazard)
    infected = np.array([fate[person] for person in ranked.person.tolist()])
    by_risk, by_minutes = auc(ranked.risk, infected), auc(ranked.minutes, infected)
    chance = auc(np.random.default_rng(1).random(len(infected)), infected)
    assert abs(chance - 0.5) < 0.06
    assert by_risk > by_minutes + gain, (by_risk, by_minutes)
    assert infected[:500].mean() > 1.5 * infected.mean()


def test_only_packs_with_numbers_rank_and_nonsense_is_refused() -> None:
    assert contact_hazard(protocols.load("ebola-who")) is None
    covid = contact_hazard(protocols.load("covid-19-cn-9"))
    assert covid is not None and covid.air[Air.OUTDOORS] == pytest.approx(1 / 18.7)
    before = sum(value for day, value in covid.days.items() if day < 0) / sum(covid.days.values())
    assert 0.25 < before < 0.69  # the interval that was published
    with pytest.raises(AnalysisError, match="cannot be negative"):
        Hazard(0.1, {0: -1.0}, 5)
    with pytest.raises(AnalysisError, match="some day"):
        Hazard(0.1, {}, 5)
    assert np.isnan(auc(np.ones(3), np.ones(3, bool)))


def test_order_does_not_depend_on_how_rows_and_persons_are_numbered() -> None:
    made, _fate = epidemic(PLAIN, seed=3)
    shuffle = np.random.default_rng(0).permutation(len(made))
    other = rank(Contacts(*(column[shuffle] for column in vars(made).values())), PLAIN)
    ours = rank(made, PLAIN)
    assert ours.person.tolist() == other.person.tolist()
    assert ours.risk == pytest.approx(other.risk)
    shifted = rank(Contacts(9000 - made.person, *list(vars(made).values())[1:]), PLAIN)
    assert shifted.risk == pytest.approx(ours.risk)
