"""What outbreaks that were confirmed teach: how strongly each source shows them.

Alerts that were dismissed need no function of their own: what was seen at them is part of what is usual, and makes the sources that
misled vary more, so that they say less.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from fangxian.analytics.multipoint.panel import MultipointError, Source
from fangxian.analytics.multipoint.results import Alerts

#: Days after onset in which outbreaks show: the second and third week.
SHOWS = (7, 21)
#: So many outbreaks weigh as much as the strengths that were assumed.
_ASSUMED = 5.0


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
