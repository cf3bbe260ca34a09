"""Fellow travellers are whoever was aboard with a case while it was infectious, as near as all pairs of tickets say, and nobody else."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics.copresence import Index, Stays
from fangxian.analytics.copresence.seats import beside
from fangxian.analytics.copresence.tickets import fellow_travellers, read_ticket, tickets_of
from fangxian.analytics.copresence.travel import all_of

LABELS = ["G1234/03车07F", "G1234/03车12A", "G1234/8车1A", "CA1646/31A", "CA1646/33F", "河口小馆"]
PERSONS, CASES = 6, (0, 1)
#: A person, a ticket or a place, boarded, hours aboard.
STAYS = st.lists(
    st.tuples(st.integers(0, PERSONS - 1), st.integers(0, len(LABELS) - 1), st.integers(0, 40), st.integers(1, 6)),
    min_size=1, max_size=14,
    unique_by=lambda one: one[:2],  # each in a seat once: who sits down again where they sat has one stay or two, which is no matter here
)  # fmt: skip


@settings(max_examples=60)
@given(STAYS, st.integers(0, 20), st.integers(21, 50))
def test_everybody_aboard_together_and_nobody_else(
    rows: list[tuple[int, int, int, int]], since: int, until: int
) -> None:
    person, place, begin, hours = zip(*rows, strict=True)
    stays = Stays.of(person, place, begin, [at + long for at, long in zip(begin, hours, strict=True)])
    aboard = sorted({at for who, at, *_time in rows if who in CASES and at < 5})
    tickets = tickets_of(pa.array(LABELS[: stays.places]), aboard)
    index = Index.of(CASES, [since] * 2, [until] * 2)
    found = fellow_travellers(stays, index, tickets)
    of = [ticket.trip for ticket in found.trips]
    columns = (found.lines.person, found.lines.via, found.lines.place, found.lines.t_in, found.lines.t_out)
    lines = list(zip(*(column.tolist() for column in columns), strict=True))
    met = {(who, via, of[trip], second) for who, via, trip, begin, end in lines for second in range(begin, end)}
    assert met == {
        (who, via, trip.trip, second)
        for who, at, begin, long in rows
        for via, there, boarded, stayed in rows
        if (trip := read_ticket(LABELS[at])) and (other := read_ticket(LABELS[there])) and trip.trip == other.trip
        if via in CASES and who not in CASES
        for second in range(max(begin, boarded, since), min(begin + long, boarded + stayed, until))
    }
    for (who, via, trip, t_in, t_out), near in zip(lines, found.near, strict=True):
        first, last = (
            all_of([seat.seat for p, at, begin, long in rows if p == someone and begin <= t_out and begin + long >= t_in
                    if (seat := read_ticket(LABELS[at])) and seat.trip == of[trip]])
            for someone in (who, via)
        )  # fmt: skip
        assert set(_facts(near)) == set(_facts(beside(first, last, carriages=of[trip] != "CA1646")))


def _facts(near: object) -> list[tuple[str, object]]:
    return [(name, getattr(near, name)) for name in ("same_carriage", "rows_apart", "crew_serving")]
