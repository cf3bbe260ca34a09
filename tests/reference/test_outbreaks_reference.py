"""Real outbreaks that a calibration learns from, each with what it learns, what it says it cannot tell, and what the model cannot do."""

import csv
import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fangxian.analytics import calibration, chains, simulation
from fangxian.analytics.calibration import Generation, Prior, Told
from fangxian.analytics.simulation import DAILY
from fangxian.analytics.simulation.population import SCHOOL, WORK, Layering
from tests.support.reference import ABSENT, DATA, column, text

LISTS, WAVES = DATA / "linelists", DATA / "china_daily_prefecture" / "wuhan_2019_ncov_daily.csv.gz"
pytestmark = pytest.mark.skipif(not (LISTS.exists() and WAVES.exists()), reason=ABSENT)
Floats = NDArray[np.float64]
ONSETS = DAILY.index("onsets")


def together(people: int, groups: int, layer: int, age: int) -> simulation.Population:
    """People of one age in groups of the same size, of which everybody meets everybody."""
    layering = Layering(people)
    layering.groups(layer, np.arange(people, dtype=np.int32), np.arange(people) * groups // people)
    return layering.population(np.full(people, age, np.uint8))


class TestBoardingSchool:
    """763 boys in England, January 1978, of whom 512 took to bed; how many were in bed each day (Anonymous 1978, BMJ 1:587)."""

    SCHOOL = together(763, 1, SCHOOL, 14)
    FLU = simulation.disease("influenza")
    PRIORS = (Prior("transmission", 0.0003, 0.01, log=True), Prior("bed", 1, 6), Prior("seeds", 1, 8, whole=True))

    def run(self, values: Floats, seed: int) -> simulation.Run:
        found = replace(self.FLU, transmission=values[0])
        return simulation.simulate(self.SCHOOL, found, days=17, seeds=int(values[2]), seed=seed)

    def in_bed(self, values: Floats, seed: int) -> Floats:
        fell_ill = self.run(values, seed).daily[:, ONSETS]
        got_up = Told(values[1], values[1] / 2).drawn(fell_ill, np.random.default_rng([seed, 1]))
        return np.asarray(np.cumsum(fell_ill - got_up)[3:])

    def test_it_spreads_as_it_did_and_who_fell_ill_did(self) -> None:
        seen = column(LISTS / "influenza_england_1978_school.csv", "in_bed")
        *_before, last = calibration.generations(
            lambda values, seed: calibration.apart(seen, self.in_bed(values, seed)),
            self.PRIORS,
            particles=60,
            most=1500,
        )
        found = {one.name: one for one in calibration.estimates(self.PRIORS, last)}
        assert found["transmission"].identified and found["bed"].identified
        checked = calibration.check(seen, drawn(self.in_bed, self.PRIORS, last))
        assert checked.covered > 0.7 and all(0.025 < one < 0.975 for one in checked.tails.values())
        fell_ill = drawn(lambda values, seed: self.run(values, seed).daily[:, ONSETS], self.PRIORS, last).sum(axis=1)
        assert np.quantile(fell_ill, 0.025) < 512 < np.quantile(fell_ill, 0.975), "which nothing was fitted to"


class TestHospitals:
    """MERS in Korea, 2015: 162 cases, three of whom infected 85 of the 98 whose infector is known."""

    MERS = simulation.disease("mers")
    CASES = 162
    #: Twelve hospitals, in each of which everybody might meet everybody.
    WARDS = together(6_000, 12, WORK, 55)
    PRIORS = (Prior("transmission", 0.00002, 0.005, log=True), Prior("dispersion", 0.01, 10, log=True))

    def chains(self, values: Floats, seed: int) -> Floats:
        """Of as many cases: the share of all whom they infect that the first three infect, and how many (log10). A dispersion is asked
        for to one digit."""
        found = replace(self.MERS, transmission=values[0], dispersion=float(f"{values[1]:.1g}"))
        run = simulation.simulate(self.WARDS, found, days=40, seeds=self.CASES, seed=seed)
        first = np.flatnonzero(run.infected_on == 0)
        by = np.bincount(run.infector[run.infector >= 0], minlength=6_000)[first]
        return np.array([np.sort(by)[-3:].sum() / max(by.sum(), 1), np.log10(max(by.sum(), 1))])

    def test_few_infect_most(self) -> None:
        infectors = text(LISTS / "mers_korea_2015_contacts.csv", "from")
        by = sorted((infectors.count(one) for one in set(infectors)), reverse=True)
        assert len(text(LISTS / "mers_korea_2015_linelist.csv", "id")) == self.CASES and sum(by[:3]) == 85
        seen = np.array([sum(by[:3]) / sum(by), np.log10(sum(by))])
        *_before, last = calibration.generations(
            lambda values, seed: float(np.abs(self.chains(values, seed) - seen).sum()),
            self.PRIORS,
            particles=40,
            most=2000,
        )
        found = {one.name: one for one in calibration.estimates(self.PRIORS, last)}
        k, likely = found["dispersion"], chains.offspring(by + [0] * (self.CASES - len(by)))
        assert k.median is not None and k.low is not None and k.high is not None and likely.k_interval is not None
        assert likely.k_interval[0] < k.median < likely.k_interval[1], "what maximum likelihood says, too"
        assert k.low > likely.k_interval[0] / 2 and k.high < 2 * likely.k_interval[1]


CITY = """
scenario:
  population: {{people: 20000}}
  disease: sars-cov-2-wild
  seeds: 10
  measures:
    - closure: {{layer: school, left: 0, since: {closed}}}
    - closure: {{layer: work, left: 0.2, since: {closed}}}
    - closure: {{layer: community, left: 0.2, since: {closed}}}
{measures}
seen: {{file: wave.csv, day: day, count: cases, column: {column}, delay: {{mean: {mean}, sd: {sd}}}, lead: {lead}}}
parameters:
  transmission: {{of: disease.transmission, low: 0.004, high: 0.06, log: true}}
  seeds: {{low: 1, high: 200, log: true, whole: true}}
  contacts_left: {{of: [measures.2.closure.left, measures.3.closure.left], low: 0, high: 1}}
particles: 30
most: 260
"""


class TestPrefectures:
    """Two cities in 2020: Wuhan, found late and closed on 23 January, of which one in 250 is simulated; and Ürümqi, found early and tested
    in rounds, as Xi'an was a year later."""

    def question(
        self, folder: Path, code: str, days: tuple[date, date], divided: float, asked: str
    ) -> calibration.Question:
        with gzip.open(WAVES, "rt", encoding="utf-8") as file:
            told = {row["date"]: int(row["confirmed"]) for row in csv.DictReader(file) if row["cityCode"] == code}
        dates = [days[0] + timedelta(one) for one in range((days[1] - days[0]).days + 1)]
        # A day is missing, and some were corrected downwards.
        ever = np.maximum.accumulate([told.get(one.isoformat(), 0) for one in (days[0] - timedelta(1), *dates)])
        with (folder / "wave.csv").open("w") as out:
            out.write("day,cases\n")
            out.writelines(f"{one},{new}\n" for one, new in zip(dates, np.diff(ever) / divided, strict=True))
        (folder / "wave.yaml").write_text(asked)
        return calibration.read(folder / "wave.yaml")

    def learnt(self, question: calibration.Question) -> tuple[dict[str, calibration.Estimate], calibration.Check]:
        *_before, last = calibration.generations(
            question.distance, question.priors, particles=question.particles, most=question.most
        )
        found = {one.name: one for one in calibration.estimates(question.priors, last)}
        return found, calibration.check(question.seen, calibration.drawn(question, last, 40))

    def test_wuhan_was_closed_and_counted_otherwise_for_a_day(self, tmp_path: Path) -> None:
        """On 12 February 13,436 were reported, most diagnosed without a test until then: no course of an epidemic has such a day."""
        asked = CITY.format(closed=38, measures="", column="onsets", mean=9, sd=5, lead=28)
        wuhan = self.question(tmp_path, "420100", (date(2020, 1, 13), date(2020, 3, 10)), 250, asked)
        found, checked = self.learnt(wuhan)
        assert checked.tails["peak"] > 0.95 and checked.covered > 0.5
        assert found["seeds"].median is None, (
            "how many there were at first, how infectious and how well closed: one wave does not say"
        )

    def test_urumqi_was_found_early(self, tmp_path: Path) -> None:
        measures = (
            "    - testing: {symptomatic: 0.3, delay: 1}\n"
            "    - tracing: {share: {home: 1, school: 0.5, work: 0.5, community: 0.2}, days: 14}\n"
            "    - rounds: {every: 5, since: 20, attending: 0.9, pool: 10, delay: 2}"
        )
        asked = CITY.format(closed=17, measures=measures, column="found", mean=1, sd=0.5, lead=14)
        urumqi = self.question(tmp_path, "650100", (date(2020, 7, 15), date(2020, 8, 20)), 1, asked)
        assert urumqi.seen.sum() == 822
        found, checked = self.learnt(urumqi)
        assert found["contacts_left"].median is None, (
            "what testing in rounds did and what closing did are not told apart"
        )
        assert checked.covered > 0.5


def drawn(of: Callable[[Floats, int], Any], priors: Sequence[Prior], last: Generation, number: int = 60) -> Floats:
    """(number, days) new outcomes under what was learnt."""
    random = np.random.default_rng(1)
    chosen = last.places[random.choice(len(last.places), number, p=last.weights)]
    return np.array([
        of(np.array([prior.at(share) for prior, share in zip(priors, places, strict=True)]), (1 << 48) + at)
        for at, places in enumerate(chosen)
    ])  # fmt: skip
