"""From the tube to the rooms: one chain of clocks over the stages, as far as the reader may see each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fangxian.containment.isolation import queries as isolation
from fangxian.core.access import Actor
from fangxian.laboratory import queries as laboratory
from fangxian.laboratory.schemas import PoolClocks
from fangxian.text import Text
from fangxian.tracing import queries as tracing


@dataclass(frozen=True, slots=True)
class Lane:
    """One link of the chain: when it happened, once for each person it happened to; how many it is to happen to, and by when."""

    key: str
    name: Text
    times: tuple[datetime, ...]
    of: int
    due_at: datetime | None = None

    @property
    def late(self) -> bool:
        """Whether the last of them came after the hour, or is still awaited past it."""
        return self.due_at is not None and bool(self.times) and self.times[-1] > self.due_at


@dataclass(frozen=True, slots=True)
class ChainOfClocks:
    """A positive pool with everything that followed from it. `crossings`: floors on which classes met that are kept apart."""

    pool: str
    people: int
    free: int
    positive: int
    cases: tuple[str, ...]
    contacts: int
    housed: int
    crossings: int
    lanes: tuple[Lane, ...]


def from_tube_to_rooms(by: Actor, code: str) -> ChainOfClocks:
    """The chain of clocks of a pool. Raises NotFound for a tube that the actor may not know of.

    Members, contacts and rooms are those that the actor may see; of a case whose tracing they may not see nothing follows.
    """
    pool = laboratory.pool_clocks(by, code)
    contacts = tracing.of_cases_and_after(by, pool.cases) if pool.cases else {}
    classes = isolation.clocks_of(by, contacts) if contacts else []
    lanes = _of_pool(pool)
    if contacts:
        lanes.append(
            Lane("contacts", Text("判定密接", "contacts identified"), tuple(sorted(contacts.values())), len(contacts))
        )
    for one in classes:
        lanes.append(Lane(f"told-{one.cls}", _joined(one.name, "已告知", "told"), one.told_at, one.people))
        lanes.append(
            Lane(f"arrived-{one.cls}", _joined(one.name, "到达隔离点", "at the site"), one.arrived_at, one.people)
        )
        lanes.append(Lane(f"housed-{one.cls}", _joined(one.name, "已入住", "housed"), one.housed_at, one.people))
    return ChainOfClocks(
        pool.code, pool.people, pool.free, pool.positive, pool.cases, len(contacts), sum(len(one.housed_at) for one in classes),
        sum(one.crossings for one in classes), tuple(lanes),
    )  # fmt: skip


def _of_pool(pool: PoolClocks) -> list[Lane]:
    def once(at: datetime | None) -> tuple[datetime, ...]:
        return (at,) if at is not None else ()

    return [
        Lane("sampled", Text("混采采样", "pool taken"), once(pool.sampled_at), 1),
        Lane("handed", Text("封箱交接", "sealed and handed over"), (*once(pool.sealed_at), *pool.handed_at), 1 + len(pool.handed_at)),
        Lane("received", Text("实验室接收", "in the laboratory"), once(pool.received_at), 1),
        Lane("told", Text("混采结果阳性", "pool told positive"), once(pool.told_at), 1, pool.due_at),
        Lane("held", Text("原地管控", "members told to stay"), pool.held_at, pool.members, pool.hold_due_at),
        Lane("alone", Text("单管复采", "sampled alone"), pool.sampled_alone_at, pool.members, pool.retest_due_at),
        Lane("own", Text("单管结果", "own results"), pool.told_alone_at, pool.members, pool.retest_due_at),
        Lane("decided", Text("判定报告", "positives decided"), pool.decided_at, pool.positive),
    ]  # fmt: skip


def _joined(name: Text, zh: str, en: str) -> Text:
    return Text(f"{name.zh}：{zh}", f"{name.en}: {en}")


def span(lanes: Sequence[Lane]) -> tuple[datetime, datetime] | None:
    """The first and the last instant of the chain, deadlines included."""
    instants = [at for lane in lanes for at in (*lane.times, *((lane.due_at,) if lane.due_at and lane.times else ()))]
    return (min(instants), max(instants)) if instants else None
