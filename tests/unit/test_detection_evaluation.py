"""The measure of detection methods: what is credited and what is not, on judges whose worth is known."""

from __future__ import annotations

import numpy as np
import pytest

from fangxian.analytics import detection
from fangxian.analytics.detection import Alarm, Detection, Reason
from fangxian.analytics.detection.evaluation import JUDGED, WEEKS, _first, evaluate, scenarios, trials


def judging(alarms: np.ndarray) -> Detection:
    nothing = np.full(alarms.shape, np.nan)
    return Detection(
        "made up", nothing, nothing, nothing, np.where(alarms, Alarm.YES, Alarm.NO).astype(np.int8),
        np.full(alarms.shape, Reason.JUDGED, np.int8),
    )  # fmt: skip


def test_the_scenarios_are_those_published() -> None:
    mean, phi = scenarios()
    assert mean.shape == (42, WEEKS)
    assert mean[0, 0] == pytest.approx(np.exp(0.1))
    assert mean[3, 99] == pytest.approx(np.exp(0.1 + 0.0025 * 100))
    assert mean[1, 51] == pytest.approx(np.exp(0.1 + 0.6))  # a full year: the cosine is 1, the sine 0
    assert sorted(set(phi.tolist())) == [1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0]


def test_counts_have_the_mean_and_the_dispersion() -> None:
    quiet = next(iter(trials(40))).quiet.reshape(42, 40, WEEKS)
    mean, phi = scenarios()
    assert np.allclose(quiet[30:].mean(axis=(1, 2)), mean[30:].mean(axis=1), rtol=0.03)
    spread = ((quiet - mean[:, None]) ** 2 / mean[:, None]).mean(axis=(1, 2))
    assert np.allclose(spread[12:], phi[12:], rtol=0.1)


def test_only_an_alarm_raised_after_onset_is_credited() -> None:
    outbreak = np.array([[0, 0, 1, 2, 0, 1, 0]] * 5)
    alarms = np.array(
        [  # the first column is the week before
            [0, 0, 0, 1, 1, 0, 0, 0],  # raised in its first week
            [0, 0, 1, 1, 1, 1, 1, 0],  # went on from before
            [0, 0, 1, 0, 0, 1, 0, 0],  # came to rest, and was raised again
            [0, 0, 0, 0, 0, 0, 0, 1],  # after its last case
            [0, 0, 0, 0, 0, 0, 0, 0],
        ],
        np.bool_,
    )
    assert _first(alarms, outbreak).tolist() == [2, -1, 4, -1, -1]


def test_who_never_alarms_finds_nothing_and_who_always_does_neither() -> None:
    never = evaluate(lambda y: judging(np.zeros(y.shape, np.bool_)), 1)
    assert (never.false_positives, never.detected, never.timeliness, never.precision) == (0, 0, 1, 0)
    always = evaluate(lambda y: judging(np.ones(y.shape, np.bool_)), 1)
    assert (always.false_positives, always.detected) == (1, 0)


def test_who_knows_the_outbreak_is_in_time() -> None:
    for trial in trials(1):
        raised = np.concatenate((np.zeros((42, 1), np.bool_), trial.outbreak > 0), axis=1)
        some = trial.outbreak.any(axis=1)
        assert (_first(raised, trial.outbreak)[some] == (trial.outbreak[some] > 0).argmax(axis=1)).all()


def test_a_stricter_limit_gives_fewer_of_both() -> None:
    loose = evaluate(lambda y: detection.ears_c2(y[:, -JUDGED - 12 :], alpha=0.01), 1)
    strict = evaluate(lambda y: detection.ears_c2(y[:, -JUDGED - 12 :], alpha=0.0001), 1)
    assert strict.false_positives < loose.false_positives
    assert strict.detected < loose.detected
    assert strict.precision > loose.precision
