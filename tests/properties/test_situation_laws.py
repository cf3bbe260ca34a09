"""Laws of the situation: a day is told the same however late it is asked, parts add up, and a state is what it was plus what happened.

A machine reports cases in time and late, in two counties, corrects, ends, takes back and discards them on a virtual clock. When a
day is over its numbers are noted; whatever is entered afterwards, they stay.
"""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fangxian.cases import actions, queries
from fangxian.cases.queries import standing
from fangxian.command.situation import counting, figures
from fangxian.core import clock, periods
from fangxian.core.access import SYSTEM
from fangxian.core.asking import ask, together
from fangxian.core.errors import Refusal
from fangxian.registry import queries as registry
from tests.support.county import CITY, COUNTY, OTHER_COUNTY, START, VILLAGE, County, with_pack

CLASSES = st.sampled_from(["suspected", "confirmed", "asymptomatic"])
WHICH = st.integers(0, 30)


class Days(RuleBasedStateMachine):
    """An outbreak over some days, entered by people who are not always in time."""

    def __init__(self) -> None:
        super().__init__()
        self.pack = with_pack()
        self.pack.__enter__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self) -> None:
        try:
            self.what_was_told_stays()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)
            self.pack.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.county = County.at(START)
        self.outbreak = queries.outbreak(SYSTEM, self.county.outbreak)
        self.parts = registry.parts(CITY)
        self.codes: list[str] = []
        self.told: dict[date, dict[str, int]] = {}

    @rule(
        area=st.sampled_from([VILLAGE, COUNTY, OTHER_COUNTY, CITY]),
        late=st.integers(0, 60),
        word=CLASSES,
        ended=st.booleans(),
    )
    def report(self, area: str, late: int, word: str, ended: bool) -> None:
        reported = max(self.now - timedelta(hours=late), START)
        more = {"outcome": "recovered", "outcome_on": None} if ended else {}
        form = self.county.form(
            area=area, facts={}, classification=word, reported_at=reported, diagnosed_at=None, onset_on=None, **more
        )
        with clock.at(self.now):
            self.codes.append(actions.report(SYSTEM, form).code)

    @precondition(lambda self: self.codes)
    @rule(which=WHICH, word=CLASSES)
    def hold_to_be(self, which: int, word: str) -> None:
        self._amend(which, {"classification": word})

    @precondition(lambda self: self.codes)
    @rule(which=WHICH, outcome=st.sampled_from(["recovered", "died", ""]))
    def end(self, which: int, outcome: str) -> None:
        self._amend(which, {"outcome": outcome, "outcome_on": None})

    @precondition(lambda self: self.codes)
    @rule(which=WHICH)
    def discard(self, which: int) -> None:
        with clock.at(self.now):
            try:
                actions.discard(SYSTEM, self.codes[which % len(self.codes)], "不是病例")
            except Refusal:
                return

    @rule(hours=st.sampled_from([1, 5, 11, 26]))
    def time_passes(self, hours: int) -> None:
        before = self.now
        self.now += timedelta(hours=hours)
        first = before.astimezone(clock.zone()).date()
        days = (self.now.astimezone(clock.zone()).date() - first).days
        with clock.at(self.now):
            for place in range(days):
                day = first + timedelta(days=place)
                self.told[day] = ask(figures.totals_of_day(self.outbreak, self.parts, day))

    @invariant()
    def parts_add_up(self) -> None:
        """The page of a part says what the table of the whole says of it, and nobody is counted twice or not at all."""
        with clock.at(self.now):
            period = periods.today()
            whole = ask(counting.of_people(self.outbreak.id, self.parts, period))
            for code in (COUNTY, OTHER_COUNTY):
                alone = figures.summed(ask(counting.of_people(self.outbreak.id, registry.parts(code), period)))
                for key, by_part in whole.items():
                    assert by_part.get(code, 0) == alone.get(key, 0), (code, key)
            stock = ask(standing.stock(self.outbreak.id, self.parts, period))
            assert sum(stock.values()) == len(self.codes)

    @invariant()
    def quick_and_slow_agree(self) -> None:
        """The present, read from the cases themselves, is what their history says."""
        with clock.at(self.now + timedelta(microseconds=1)):
            live = periods.today()
            slow = periods.Period(live.since, live.until, live.known)
            for one in (standing.stock, standing.turns, standing.endings, standing.reported):
                quick, from_history = ask(
                    together(one(self.outbreak.id, self.parts, live), one(self.outbreak.id, self.parts, slow))
                )
                assert Counter(quick) == Counter(from_history)

    def what_was_told_stays(self) -> None:
        previous: dict[str, int] | None = None
        for day, then in sorted(self.told.items()):
            with clock.at(self.now):
                assert ask(figures.totals_of_day(self.outbreak, self.parts, day)) == then
            if previous is not None:
                came, went = then["cases.new"] + then["cases.late_entered"], then["cases.discarded"]
                assert then["cases.total"] == previous["cases.total"] + came - went
            sources = ("imported", "controlled", "uncontrolled", "community")
            assert then["cases.new"] == sum(then[f"cases.new.{one}"] for one in sources)
            ends = then["cases.in_care"] + then["cases.recovered"] + then["cases.died"]
            assert ends == then["cases.total"], "nobody was moved elsewhere here"
            previous = then

    def _amend(self, which: int, changes: dict[str, object]) -> None:
        code = self.codes[which % len(self.codes)]
        with clock.at(self.now):
            try:
                actions.amend(SYSTEM, code, changes, queries.case(SYSTEM, code).version)
            except Refusal:
                return


@pytest.mark.django_db
def test_laws_of_the_situation() -> None:
    run_state_machine_as_test(
        Days, settings=settings(max_examples=12, stateful_step_count=14, suppress_health_check=list(HealthCheck))
    )
