"""Whom to call first (风险排序): contacts by how likely they were infected, and why.

A hazard model that can be recomputed by hand. A minute beside an infectious person carries a hazard: `per_hour` at reference
circumstances (indoors, nobody masked, 1 m apart, on the day when cases infect most), times a factor for each circumstance
that is known. Hazards of one person's contacts with the same infector add up to H, the risk from that infector is
1 − exp(−H); contacts of contacts count it by the risk that their infector was infected at all. Risks of several infectors
combine as independent ones do. What is not known counts as at reference. The numbers are a pack's, with source and grade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property, lru_cache
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence.tracing import Lines
from fangxian.analytics.errors import AnalysisError
from fangxian.text import Text

Array = NDArray[Any]
DAY = 86_400
#: Air, masks, day since the infector's onset, whether the infector is a contact, metres apart; None for what is not known.
_Circumstances = tuple[int, int, int | None, bool, int | None]


class Air(IntEnum):
    """The air that two persons shared."""

    UNKNOWN = 0
    CLOSED = 1
    INDOORS = 2
    VENTILATED = 3
    OUTDOORS = 4


class Masks(IntEnum):
    """Who of the two wore a mask."""

    UNKNOWN = 0
    NONE = 1
    ONE = 2
    BOTH = 3


@dataclass(frozen=True)
class Hazard:
    """What a time beside an infectious person is worth.

    `per_hour`: the hazard of an hour at reference. `days`: relative infectiousness by day since the infector's onset (day 0),
    0 on days that are not named. `air`, `masks`: factors of circumstances other than the reference. `per_metre`: the factor of
    each metre beyond the first. `incubation`: days from infection to onset, for infectors whose onset is yet to come.
    Raises AnalysisError for a hazard, a factor or a day's infectiousness below 0, or no infectious day.
    """

    per_hour: float
    days: Mapping[int, float]
    incubation: float
    air: Mapping[Air, float] = field(default_factory=dict)
    masks: Mapping[Masks, float] = field(default_factory=dict)
    per_metre: float = 1.0

    def __post_init__(self) -> None:
        numbers = [self.per_hour, self.per_metre, self.incubation, *self.days.values(), *self.air.values()]
        if min([*numbers, *self.masks.values()]) < 0 or not any(self.days.values()):
            raise AnalysisError(
                "风险参数不能为负，且至少一天有传染性",
                "the numbers of a hazard cannot be negative, and some day must be infectious",
            )

    def spent(self, begin: Array, end: Array) -> Array:
        """Hours from `begin` to `end` (days since onset), each weighted by its day's infectiousness; NaN where those are."""
        first, last = min(self.days), max(self.days)
        weight = np.array([self.days.get(day, 0.0) for day in range(first, last + 1)])
        edges, total = np.arange(first, last + 2), np.r_[0.0, np.cumsum(weight)]
        known = np.interp(end, edges, total) - np.interp(begin, edges, total)
        return 24 * np.asarray(known, float)

    @property
    def ordinary(self) -> float:
        """The mean infectiousness of the infectious days: what an unknown day counts."""
        return float(np.mean([value for value in self.days.values() if value > 0]))


@dataclass(frozen=True, eq=False)
class Contacts:
    """Contacts to be ranked: arrays of one length n.

    `person`, `via`: whole numbers; `ring` 1, 2 …; `minutes` together; `day` when it began, in days since the infector's onset
    (NaN: unknown); `air`, `masks`: values of `Air` and `Masks`; `metres` apart (NaN: unknown).
    """

    person: Array
    via: Array
    ring: Array
    minutes: Array
    day: Array
    air: Array
    masks: Array
    metres: Array

    @classmethod
    def of_lines(
        cls,
        lines: Lines,
        *,
        incubation: float,
        onset: Array | None = None,
        air: Array | None = None,
        masks: Array | None = None,
        metres: Array | None = None,
    ) -> Contacts:
        """Contacts from the lines of a trace.

        `onset` (P): each person's onset in seconds of the stays (NaN: unknown); contacts of inner rings are taken to fall ill
        `incubation` days after they were first exposed. `air` (L): the air at each place. `masks`, `metres`: for each line.
        """
        count = len(lines)
        ill = np.full(1 + int(max(lines.person.max(initial=0), lines.via.max(initial=0))), np.nan)
        if onset is not None:
            size = min(len(ill), len(onset))
            ill[:size] = onset[:size]
        people = lines.people()
        unknown = people.person[np.isnan(ill[people.person])]
        at = people.exposed_at[np.searchsorted(people.person, unknown)]
        ill[unknown] = at + incubation * DAY
        return cls(
            lines.person, lines.via, lines.ring, (lines.t_out.astype(float) - lines.t_in) / 60,
            (lines.t_in - ill[lines.via]) / DAY,
            np.zeros(count, np.int8) if air is None else np.asarray(air)[lines.place],
            np.zeros(count, np.int8) if masks is None else masks, np.full(count, np.nan) if metres is None else metres,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, eq=False)
class Ranking:
    """Persons, the likeliest infected first: `person`, `ring`, `risk` (0 to 1), `minutes` in all; arrays of one length.

    `share` is of the contacts that were ranked: the part of its person's risk that each of them makes up; 1 in all for each
    person whose risk is not 0.
    """

    person: Array
    ring: Array
    risk: Array
    minutes: Array
    contacts: Contacts
    share: Array

    def why(self, person: int, most: int = 2) -> list[Text]:
        """The contacts that make up most of a person's risk, in words: "45 min indoors on the day before onset: 62 %"."""
        mine = np.nonzero(self.contacts.person == person)[0]
        return [self.said(at) for at in mine[np.argsort(-self.share[mine], kind="stable")][:most].tolist()]

    def said(self, at: int) -> Text:
        """One contact in words."""
        circumstances, minutes, share = self._telling
        words = _words(*circumstances[at])
        return Text(
            f"{words.zh}{minutes[at]:.0f} 分钟：{share[at]:.0f}%", f"{minutes[at]:.0f} min{words.en}: {share[at]:.0f} %"
        )

    @cached_property
    def _telling(self) -> tuple[list[_Circumstances], list[float], list[float]]:
        """Of every contact what is said of it, its minutes, and its share of the risk in per cent: lists, quicker one by one."""
        contacts = self.contacts
        day = [None if one != one else floor(one) for one in np.asarray(contacts.day, float).tolist()]
        metres = [None if one != one else round(one) for one in np.asarray(contacts.metres, float).tolist()]
        onward = (np.asarray(contacts.ring) > 1).tolist()
        air, masks = np.asarray(contacts.air).tolist(), np.asarray(contacts.masks).tolist()
        circumstances = list(zip(air, masks, day, onward, metres, strict=True))
        return circumstances, np.asarray(contacts.minutes).tolist(), (100 * self.share).tolist()


def rank(contacts: Contacts, hazard: Hazard) -> Ranking:
    """Persons by risk; those of one risk by minutes, then by number."""
    hours = contacts.minutes / 60
    weighted = hazard.spent(contacts.day, contacts.day + hours / 24)
    weighted = np.where(np.isnan(contacts.day), hours * hazard.ordinary, weighted)
    air = np.array([hazard.air.get(Air(k), 1.0) for k in range(len(Air))])[contacts.air]
    masks = np.array([hazard.masks.get(Masks(k), 1.0) for k in range(len(Masks))])[contacts.masks]
    beyond = np.where(np.isnan(contacts.metres), 0.0, np.maximum(contacts.metres - 1, 0))
    each = hazard.per_hour * weighted * air * masks * hazard.per_metre**beyond
    infected: dict[int, float] = {}
    share = np.zeros(len(contacts))
    person, first, inverse = np.unique(contacts.person, return_index=True, return_inverse=True)
    spared = np.zeros(len(person))  # the logarithm of the chance to be spared
    for ring in sorted({*contacts.ring.tolist()}):
        at = np.nonzero(contacts.ring == ring)[0]
        pairs, of = np.unique(np.stack([inverse[at], contacts.via[at].astype(np.int64)]), axis=1, return_inverse=True)
        of = of.reshape(-1)
        together = np.bincount(of, each[at], pairs.shape[1])
        source = np.array([infected.get(via, 1.0) for via in pairs[1].tolist()])
        loss = -np.log1p(source * np.expm1(-together))
        np.add.at(spared, pairs[0], loss)
        share[at] = loss[of] * each[at] / np.where(together[of] > 0, together[of], 1)
        reached = np.unique(pairs[0])
        infected |= dict(zip(person[reached].tolist(), (-np.expm1(-spared[reached])).tolist(), strict=True))
    share /= np.where(spared[inverse] > 0, spared[inverse], 1)
    risk, minutes = -np.expm1(-spared), np.bincount(inverse, contacts.minutes, len(person))
    order = np.lexsort((person, -minutes, -risk))
    return Ranking(person[order], contacts.ring[first][order], risk[order], minutes[order], contacts, share)


def auc(score: Array, infected: Array) -> float:
    """How often an infected person stands above one who is not (area under the ROC curve; ties count half); NaN if all are alike."""
    positive, negative = int(np.count_nonzero(infected)), int(np.count_nonzero(~infected))
    if not positive or not negative:
        return float("nan")
    _values, code, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return float((middle[code][infected].sum() - positive * (positive + 1) / 2) / (positive * negative))


_AIR = {
    Air.UNKNOWN: Text("", ""), Air.CLOSED: Text("密闭空间", "in closed air"), Air.INDOORS: Text("室内", "indoors"),
    Air.VENTILATED: Text("通风室内", "indoors with good ventilation"), Air.OUTDOORS: Text("室外", "outdoors"),
}  # fmt: skip
_MASKS = {
    Masks.UNKNOWN: Text("", ""), Masks.NONE: Text("均未戴口罩", "nobody masked"),
    Masks.ONE: Text("一人戴口罩", "one masked"), Masks.BOTH: Text("均戴口罩", "both masked"),
}  # fmt: skip


@lru_cache(maxsize=4096)
def _words(air: int, masks: int, day: int | None, onward: bool, metres: int | None) -> Text:
    """What is said before the minutes in Chinese, and after them in English."""
    on = Text("", "") if day is None else _day(day, onward)
    apart = Text("", "") if metres is None else Text(f"相距 {metres} 米", f"{metres} m apart")
    zh = "，".join(part.zh for part in (on, _AIR[Air(air)], _MASKS[Masks(masks)], apart) if part.zh)
    en = ", ".join(part.en for part in (_MASKS[Masks(masks)], apart) if part.en)
    where = " ".join(part.en for part in (_AIR[Air(air)], on) if part.en)
    return Text(f"{zh}{'，' if zh else ''}", f"{' ' if where else ''}{where}{', ' if en else ''}{en}")


def _day(number: int, onward: bool) -> Text:
    if onward:  # the infector's onset is itself only expected
        onset, of = Text("预计发病", "expected onset"), Text("密接", "the contact's ")
    else:
        onset, of = Text("发病", "onset"), Text("", "")
    if number == 0:
        return Text(f"{of.zh}{onset.zh}当天", f"on the day of {of.en}{onset.en}")
    away = abs(number)
    several = "the day" if away == 1 else f"day {away}"
    when_zh, when_en = ("前", "before") if number < 0 else ("后", "after")
    return Text(f"{of.zh}{onset.zh}{when_zh} {away} 天", f"on {several} {when_en} {of.en}{onset.en}")
