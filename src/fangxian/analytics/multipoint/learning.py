"""What alerts that have ended teach: outbreaks that were confirmed, how strongly each source shows them; all of them, whom to trust.

What was seen at alerts that were dismissed is part of what is usual besides, and makes the sources that misled vary more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.multipoint.panel import Floats, MultipointError, Source
from fangxian.analytics.multipoint.results import Alerts

#: Days after onset in which outbreaks show: the second and third week.
SHOWS = (7, 21)
#: So many outbreaks weigh as much as the strengths that were assumed.
_ASSUMED = 5.0
#: So many alerts of a source weigh as much as the record of its kind, and so many of a kind as that of all.
_RECORD = 10.0
#: No record, however bad or good, makes a source count less or more than by this factor: none is ever silenced.
TRUSTED = (1 / 3, 3.0)


def taught(alerts: Alerts, outbreaks: Iterable[tuple[str, np.datetime64]]) -> tuple[Source, ...]:
    """The sources with the strengths that confirmed outbreaks (place, day of onset) showed, drawn towards those assumed.

    Raises MultipointError for a place that is not among those of the alerts.
    """
    number = {place: i for i, place in enumerate(alerts.places)}
    total = np.zeros(len(alerts.sources))
    seen = np.zeros(len(alerts.sources))
    for place, onset in outbreaks:
        if place not in number:
            raise MultipointError(f"没有地点 {place}。", f"There is no place {place}.")
        since = (alerts.days - np.asarray(onset, "datetime64[D]")).astype(int)
        shown = alerts.z[number[place]][:, (since >= SHOWS[0]) & (since < SHOWS[1])]
        known = ~np.isnan(shown)
        heard = known.any(axis=1)
        total[heard] += np.where(known, shown, 0).sum(axis=1)[heard] / known.sum(axis=1)[heard]
        seen += heard
    assumed = np.array([one.strength for one in alerts.sources])
    strength = np.maximum((total + _ASSUMED * assumed) / (seen + _ASSUMED), 0.0)
    return tuple(replace(one, strength=float(s)) for one, s in zip(alerts.sources, strength, strict=True))


def trust(right: ArrayLike, ended: ArrayLike, kinds: Sequence[str]) -> Floats:
    """By how much what each source says counts more (above 1) or less than before, (sources,), from the alerts that it spoke in.

    Of `ended` alerts in which a source spoke, `right` were confirmed, the others dismissed. Its share is drawn towards that of its kind,
    and that towards the share of all, as beta priors of `_RECORD` alerts each; the factor is the ratio of its share to that of all,
    within TRUSTED. Where all were right, none, or there is no alert, every factor is 1.
    Raises MultipointError where more were right than ended.

    Source: Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), ch. 5, for the drawing together.
    """
    good, all_of, names = np.asarray(right, np.float64), np.asarray(ended, np.float64), np.asarray(kinds, np.str_)
    if not good.shape == all_of.shape == names.shape or good.ndim != 1:
        raise MultipointError("三个数组应等长。", "The three arrays are of equal length.")
    if (good < 0).any() or (good > all_of).any():
        raise MultipointError("证实数应在 0 与结束数之间。", "As many were right as ended, at most, and none below 0.")
    if not good.any():
        return np.ones(len(good))
    overall = good.sum() / all_of.sum()
    share = np.empty(len(good))
    for name in np.unique(names):
        mine = names == name
        of_kind = (good[mine].sum() + _RECORD * overall) / (all_of[mine].sum() + _RECORD)
        share[mine] = (good[mine] + _RECORD * of_kind) / (all_of[mine] + _RECORD)
    return np.asarray(np.clip(share / overall, *TRUSTED))
