"""Nobody is missed (不漏一人): whoever was with a case for long enough is a candidate, once, and the sums say where everybody is."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.tracing import queries
from fangxian.tracing.models import Candidate
from tests.support.county import OTHER_COUNTY, with_pack
from tests.support.night import Night, night

pytestmark = pytest.mark.django_db
TAU = 15
PLACES = ("diner", "office")
#: Who, where, how many quarters of an hour before now they came, and how many they stayed.
TIMES = (st.sampled_from(PLACES), st.integers(20, 44), st.integers(1, 8))
STAYS = st.lists(st.tuples(st.integers(0, 4), *TIMES), min_size=1, max_size=14)
Row = tuple[int, str, float, float]


def test_everybody_who_was_there_is_a_candidate_once() -> None:
    with with_pack(), night() as town:
        people = [*town.people(3), *town.people(2, area=OTHER_COUNTY)]

        @settings(max_examples=15)
        @given(STAYS, st.lists(st.tuples(*TIMES), min_size=1, max_size=3))
        def law(others: list[tuple[int, str, int, int]], patient: list[tuple[str, int, int]]) -> None:
            rows: list[Row] = [
                (people[who], place, since / 4, (since - long) / 4) for who, place, since, long in others
            ]
            mine: list[Row] = [(town.patient, place, since / 4, (since - long) / 4) for place, since, long in patient]
            with TemporaryDirectory() as lake, override_settings(DATA_DIR=Path(lake)), transaction.atomic():
                town.stay(*rows, *mine)
                _holds(town, rows, mine)
                transaction.set_rollback(True)

        law()


def _holds(town: Night, rows: list[Row], mine: list[Row]) -> None:
    search = town.search(rings=1)
    found = list(Candidate.objects.filter(search=search).values_list("person_id", flat=True))
    assert sorted(pk for pk in found if pk) == sorted(_met(rows, mine)), "each of them once, and nobody else"
    assert sorted(Candidate.objects.filter(search=search).values_list("rank", flat=True)) == list(
        range(1, len(found) + 1)
    )
    seen = 0
    for post in ("investigator", "other_investigator"):
        by = town.actor(post)
        view = next((one for one in queries.searches(by) if one.code == search.code), None)
        summed = queries.sums(by, view) if view else None
        if summed is not None and view is not None:
            assert summed.returned == sum(summed.mine.values()) + summed.elsewhere
            assert not summed.elsewhere or view.whole, "how many there are elsewhere is told to the investigators alone"
            seen += sum(summed.mine.values())
    assert seen == len(found), "somebody decides about each, and nobody is in two hands"


def _met(rows: list[Row], mine: list[Row]) -> set[int]:
    """Who shared a place with the patient for the quarter of an hour without a break; minute by minute."""
    return {
        who
        for who in {row[0] for row in rows}
        for place in PLACES
        if _longest(_minutes(rows, who, place) & _minutes(mine, mine[0][0], place)) >= TAU
    }


def _minutes(rows: list[Row], who: int, place: str) -> set[int]:
    spans = [(since, until) for one, where, since, until in rows if (one, where) == (who, place)]
    return {minute for since, until in spans for minute in range(round(until * 60), round(since * 60))}


def _longest(minutes: set[int]) -> int:
    """The longest run without a break."""
    starts = [minute for minute in minutes if minute - 1 not in minutes]
    return max(
        (next(end for end in range(start, start + 10_000) if end not in minutes) - start for start in starts), default=0
    )
