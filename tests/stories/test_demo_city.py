"""The demonstration: the same story at whatever hour it is built, everything in it there to be seen, nothing amiss."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from fangxian.cases.models import Case, Review
from fangxian.command import demo
from fangxian.command.situation.models import Sitrep
from fangxian.command.situation.queries import published
from fangxian.containment.zones import queries as zones
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.duties import coverage, queries, rebuild
from fangxian.duties.models import Step
from fangxian.registry import actions as registry
from fangxian.tracing import queries as tracing
from fangxian.tracing.models import Attempt, Contact, Exposure

AT_THREE_IN_THE_MORNING = datetime(2025, 11, 20, 19, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_story() -> None:
    told: list[tuple[int, int]] = []
    with clock.at(AT_THREE_IN_THE_MORNING):
        registry.install(SYSTEM)
        assert not demo.is_built()
        demo.build(lambda done, total: told.append((done, total)))
        assert demo.is_built()
        assert told == [(number, demo.PIECES) for number in range(1, demo.PIECES + 1)]
        cases = list(Case.objects.all())
        assert Counter(case.classification for case in cases) == {"confirmed": 21, "asymptomatic": 5, "suspected": 1}
        assert {case.review for case in cases} == {"reported", "returned", "county", "city", "province"}
        assert {case.area[:6] for case in cases} == {"990101", "990102", "990103"}
        corrected = Case.objects.get(note="住址已核实到户")
        decisions = Review.objects.filter(case=corrected).order_by("pk").values_list("level", "decision")
        assert list(decisions)[:3] == [("county", "approve"), ("city", "return"), ("county", "approve")]
        assert {2, 1} == set(Contact.objects.values_list("ring", flat=True))
        assert {"watched", "released", "case"} <= set(Contact.objects.values_list("state", flat=True))
        assert Exposure.objects.filter(infected__isnull=False).count() > 10
        assert tracing.chains(SYSTEM, cases[0].outbreak.code).depth >= 2
        assert Attempt.objects.count() == 2, "two visits found nobody at home"
        drawn = zones.zones(SYSTEM, limit=500).rows
        shown = {(row.state, row.level) for row in drawn}
        assert {("proposed", "high"), ("in_force", "high"), ("in_force", "medium"), ("in_force", "low")} <= shown
        assert all(row.missing and row.earliest for row in drawn if row.state == "in_force" and row.level == "high")
        (cinema,) = [row for row in drawn if row.name.zh.endswith("星光影城")]
        came_down = [(change.what, change.level) for change in zones.history(SYSTEM, cinema.code)]
        assert ("downgraded", "low") in came_down and ("round", "medium") in came_down
        assert ("lifted", "low") in shown, "an area that went all the way, in an outbreak that is over"
        days = list(Sitrep.objects.order_by("day").values_list("day", "signed_name", "is_public"))
        assert len(days) == demo.DAYS - 1 and [bool(name) and public for _day, name, public in days] == [True] * 8 + [
            False
        ]
        assert len(published("9901")) == 1, "the public page has numbers of a day"
        assert len(zones.public_notices()) > 10 and len(zones.public_areas()) > 5
        now = clock.now()
        late = Step.objects.filter(state=Step.OPEN, due_at__lte=now).count()
        ahead = Step.objects.filter(state=Step.OPEN, due_at__gt=now, due_at__lte=now + clock.DAY).count()
        assert late > 5 and ahead > 50, "some is late, and there is work for today"
        assert queries.gaps() == []
        assert coverage.cells() == coverage.recount()
        assert list(rebuild.differences()) == []
        assert [found for found in journal.verify() if isinstance(found, journal.Fault)] == []
