"""One zone at a time: its trips, its people and what rooms the other zones have left, or have a price for."""

from __future__ import annotations

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.floors import floors_alike, floors_chosen, floors_free
from fangxian.analytics.allocation.flows import Prices, flow, grouped, house
from fangxian.analytics.allocation.placing import placed
from fangxian.analytics.allocation.programme import Programme
from fangxian.analytics.allocation.state import State

#: Parties of a zone are treated in about so many groups; so many sites are looked at that the relaxed zone does not want.
_GROUPS = 50
_OTHERS = 3
#: Person-kilometres that a zone pays for a floor that no class has yet: not to take one for a short cut.
_NEW_FLOOR = 5.0


def zone_placed(
    state: State, rates: Rates, rows: list[int], prices: Prices, seconds: float, gap: float
) -> State | None:
    """The state with these parties (of one zone) on trips and in rooms, a room costing its price besides.

    Only sites that the parties would go to if trips and floors could be split are looked at, and a few near ones for when they cannot.
    """
    programme = Programme()
    flows = flow(programme, state, rates, grouped(state, rows, _GROUPS, kindly=False))
    alike = floors_alike(state)
    counts, supply = floors_free(programme, alike, sorted({state.parties[row].kind for row in rows}), _NEW_FLOOR)
    house(programme, state, flows.come, prices, supply=supply)
    split, _, _ = programme.relaxed()
    wanted = {site for (site, _, _), variables in flows.come.items() if split[variables].sum() > 1e-6}
    zone = state.parties[rows[0]].zone
    others = sorted(set(rates.open) - wanted, key=lambda name: state.problem.kilometres(zone, state.sites[name]))
    wanted |= set(others[:_OTHERS])
    for (_, _, site), option in flows.options.items():
        if site not in wanted:
            programme.most[option] = 0.0
    found = programme.solve(seconds, gap)
    if found.values is None:
        return None
    settled = state.copy()
    settled.floors |= floors_chosen(found.values, alike, counts)
    for (trip, kind, site), option in flows.options.items():
        if found.values[option] > 0.5:
            settled.trips[trip] = (kind, site)
    done = placed(settled, rates, rows, seconds, prices=prices)
    if done is not None:
        ridden = {trip for trip, _ in done.taken.values()}
        for trip, settled_for in enumerate(state.trips):
            if trip not in ridden:
                done.trips[trip] = settled_for
    return done
