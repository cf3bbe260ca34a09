"""The kinds of files that `fangxian trace` reads, and what each adds to the line list."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.started import say

if TYPE_CHECKING:
    import pyarrow as pa

    from fangxian.analytics.copresence import Index, Lines, Traced
    from fangxian.analytics.copresence.tables import StayFile

#: Seconds.
HOUR, DAY = 3600, 86_400


def _option(kind: Any, zh: str, en: str, flag: str | None = None, **more: Any) -> Any:
    return Annotated[kind, typer.Option(*([flag] if flag else []), help=say(zh, en), **more)]


Travel = _option(
    bool,
    "同乘：第一个文件为行程 person,trip,t_in,t_out[,carriage,seat,transport]",
    "Travel together; the first file: person,trip,t_in,t_out[,carriage,seat,transport]",
    "--travel",
)
Rows = _option(
    int | None,
    "同乘：只留相隔不超过这么多排的（不能确定的保留）",
    "Travel: only within so many rows (unknown seats are kept)",
    min=0,
)
Category = _option(
    str | None,
    "同乘：按此规程包判定接触类别，写明依据",
    "Travel: the category of each contact by this pack, and where it is written",
    metavar=say("规程包", "PACK"),
)
Proximity = _option(
    bool,
    "近距离接触：第一个文件为 person,other,t[,distance]",
    "Proximity; the first file: person,other,t[,distance]",
    "--proximity",
)
Distance = _option(float | None, "近距离接触：不超过几米", "Proximity: within so many metres", min=0)
Staypoints = _option(
    float | None,
    "第一个文件为原始位置 person,t,lon,lat：在此半径（米）内停留超过 --minutes 分钟为一次停留",
    "The first file holds raw positions, person,t,lon,lat: more than --minutes within this radius (metres) are a stay",
    min=1,
)
Assume = _option(
    float | None,
    "缺少离场记录时视为停留，分钟",
    "Minutes that a stay without check-out is taken to last",
    min=0,
)
Closing = _option(
    str | None,
    "缺少离场记录时至此时刻（关门）为止",
    "Where a stay without check-out ends: closing time",
    metavar="HH:MM",
)
Skew = _option(
    list[str] | None,
    "某来源（source 列，无则为场所）的时钟快多少秒；可多次",
    "How far ahead the clock of a source is (column source, else place)",
    metavar=say("来源=秒", "SOURCE=SECONDS"),
)
Explain = _option(
    bool,
    "逐次接触加 doubt 列：推定、同时两处、不可能的速度",
    "Add a column doubt to the contacts: assumed, two_places, too_fast",
    "--explain",
)
Common = _option(
    bool,
    "与 --backward 并用：哪个场所的哪段时间最能解释这些病例（含随机检验 p）",
    "With --backward: which place, and when, best explains the cases (with p against chance)",
    "--common-source",
)
Cap = _option(
    int | None,
    "单日人次超过此数的场所不列接触者，改列公告（--notices）",
    "Places with more visits a day become notices (--notices), not contacts",
    min=1,
)
Notices = _option(
    Path | None,
    "场所公告写入此文件：place,from,to,visitors",
    "Venue notices to this file: place,from,to,visitors",
    dir_okay=False,
)
Rank = _option(
    str | None,
    "按此规程包的风险参数排序所涉人员，并说明理由",
    "Order the people by risk, and say why, by this pack's numbers",
    metavar=say("规程包", "PACK"),
)

Venues = _option(
    Path | None,
    "排序时各场所的空气：place,air（closed、indoors、ventilated、outdoors）",
    "For ranking, the air at places: place,air (closed, indoors, ventilated, outdoors)",
    exists=True,
    dir_okay=False,
)


@dataclass(frozen=True)
class Source:
    """A file that was read: the stays in it, how its lines are written, which contacts are meant at all, and what to tell of it."""

    file: "StayFile"
    lines: "Callable[[Lines], pa.Table]"
    kept: "Callable[[Traced], Traced]"
    told: dict[str, Any] = field(default_factory=dict)


def of_stays(path: Path, assume: float | None, closing: str | None, skew: list[str] | None, explain: bool) -> Source:
    from fangxian.analytics.copresence import tables

    if (path / "manifest.json").is_file():  # a lake holds what was mended before it came in
        from fangxian.lake.tracing import LakeFile

        kept = LakeFile(path)
        return Source(kept, kept.lines, _all)
    from fangxian.analytics.copresence.kept import KeptFile, is_kept

    if is_kept(path):
        ready = KeptFile(path)
        return Source(ready, ready.lines, _all)
    if assume is None and closing is None and not skew and not explain:
        file = tables.StayFile(path)
        return Source(file, file.lines, _all)
    from fangxian.analytics.copresence.mending import MendedFile, Rules

    seconds = None if assume is None else round(assume * 60)
    written = int(path.stat().st_mtime) + DAY  # local times may be ahead of it by less than a day
    rules = Rules(seconds, _second_of_day(closing), dict(map(_skew, skew or [])), written)
    made = MendedFile(path, rules)
    if not explain:
        return Source(made.file, made.file.lines, _all)
    return Source(made.file, made.lines, _all, {"assumed": made.assumed, "clocks": made.clocks})


def of_trips(path: Path, rows: int | None, pack: str | None) -> Source:
    from fangxian.analytics.copresence import travel

    trips = travel.TripFile(path)

    def near(found: "Traced") -> "Traced":
        if rows is None:
            return found
        assert found.lines is not None
        lines = found.lines.where(travel.near(trips.beside(found.lines), rows))
        return type(found)(lines.people(), lines)

    def written(lines: "Lines") -> "pa.Table":
        table = trips.lines(lines)
        return table if pack is None else _judged(table, pack)

    return Source(trips.file, written, near)


def _judged(table: "pa.Table", pack: str) -> "pa.Table":
    """Lines of travel with `category`, `criterion` and `source`: what the pack makes of them, and where that is written."""
    import pyarrow as pa

    from fangxian import protocols
    from fangxian.cli.started import language

    rules, tongue = protocols.load(pack), language()
    found: dict[str, list[str]] = {"category": [], "criterion": [], "source": []}
    for line in table.to_pylist():
        facts = {
            name: line[name] for name in table.column_names if name not in ("person", "via", "place", "t_in", "t_out")
        }
        facts |= {"setting": "transport", "transport": line["transport"] or None}
        verdict = rules.classify_exposure(facts, line["ring"])
        found["category"].append(verdict.category.name.in_(tongue) if verdict.category else "")
        found["criterion"].append(verdict.criterion.name.in_(tongue) if verdict.criterion else "")
        found["source"].append(verdict.cited[0].explain(tongue) if verdict.cited else "")
    for name, column in found.items():
        table = table.append_column(name, pa.array(column, pa.string()))
    return table


def of_proximity(path: Path, distance: float | None) -> Source:
    from fangxian.analytics.copresence.proximity import proximity_stays

    file = proximity_stays(path, within=distance)
    return Source(file, file.lines, _all)


def of_cells(path: Path, cell: str) -> Source:
    from fangxian.analytics.copresence.grids import grid
    from fangxian.analytics.copresence.positions import positions

    file = positions(path, grid(cell))
    return Source(file, file.lines, _all)


def of_staypoints(path: Path, radius: float, minutes: float, cell: str) -> Source:
    from fangxian.analytics.copresence.grids import grid
    from fangxian.analytics.copresence.staypoints import staypoint_file

    file = staypoint_file(path, radius=radius, least=round(minutes * 60), side=grid(cell))
    return Source(file, file.lines, _all)


def _all(found: "Traced") -> "Traced":
    return found


def _skew(words: str) -> tuple[str, int]:
    source, _, seconds = words.rpartition("=")
    try:
        return source, int(seconds)
    except ValueError:
        said = say("请写成 来源=秒，如 gate-3=-420", "write SOURCE=SECONDS, as gate-3=-420")
        raise typer.BadParameter(said, param_hint="--skew") from None


def _second_of_day(words: str | None) -> int | None:
    if words is None:
        return None
    hour, _, minute = words.partition(":")
    if hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60:
        return int(hour) * 3600 + int(minute) * 60
    raise typer.BadParameter(say("请写成 22:00", "write as 22:00"), param_hint="--closing")


def backward(file: "StayFile", cases: "Index", tau: int, *, common: bool) -> "tuple[pa.Table, pa.Table]":
    """Places that cases share (or the best time at each), and persons whom several cases met, the likeliest first."""
    import pyarrow as pa

    from fangxian.analytics import copresence

    stays = file.stays()
    met = copresence.carriers(stays, cases, tau=tau)
    people = pa.table(
        {
            "person": file.persons.of(met.person), "cases": met.cases, "met": met.met, "evidence": met.evidence, "share": met.share,
        }
    )  # fmt: skip
    if not common:
        return file.sources(copresence.sources(stays, cases)), people
    found = copresence.common_sources(stays, cases)
    places = pa.table(
        {
            "place": file.places.of(found.place.astype("uint32")), "from": file.instants.written(found.since),
            "to": file.instants.written(found.until), "cases": found.cases, "visitors": found.visitors,
            "evidence": found.evidence, "share": found.share, "p": found.p,
        }
    )  # fmt: skip
    return places, people


def notices(file: "StayFile", cases: "Index", cap: int, **how: Any) -> "tuple[Traced, pa.Table, dict[str, Any]]":
    """A trace with a cap: what was traced, the notices as a table, and what to tell of them.

    Times go out to whole hours: nobody is left out by that, and the notices of one case do not tell its way to the minute.
    """
    import pyarrow as pa

    from fangxian.analytics.copresence import crowds

    stays = file.stays(at_least=how["tau"])
    names = [str(name) for name in file.places.of(_numbers(stays.places)).to_pylist()]
    found = crowds.trace_capped(stays, cases, cap=cap, whole=crowds.wholes(names), **how)
    made = found.notices
    bands = [crowds.band(visitors) for visitors in made.visitors.tolist()]
    base = file.instants.base
    since, until = (made.since + base) // HOUR * HOUR - base, -(-(made.until + base) // HOUR) * HOUR - base
    table = pa.table(
        {
            "place": file.places.of(made.place.astype("uint32")), "from": file.instants.written(since),
            "to": file.instants.written(until), "visitors": [f"{a}–{b}" if b is not None else f"{a}–" for a, b in bands],
        }
    )  # fmt: skip
    return found.traced, table, {"crowded_places": len(found.crowded), "notices": len(made), "noticed": found.noticed}


def _numbers(count: int) -> Any:
    import numpy as np

    return np.arange(count, dtype=np.uint32)


def ranked(
    file: "StayFile", found: "Traced", pack: str, people: "pa.Table", index: Path, venues: Path | None
) -> "pa.Table":
    """People with `risk` and `why`, the likeliest infected first. The index persons' file may say their `onset`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from fangxian import protocols
    from fangxian.analytics.copresence import circumstances
    from fangxian.analytics.copresence.ranking import Contacts, rank
    from fangxian.cli.started import language
    from fangxian.protocols.hazard import contact_hazard

    hazard = contact_hazard(protocols.load(pack))
    if hazard is None or found.lines is None:
        said = say(f"{pack} 没有接触风险参数", f"{pack} has no numbers for the risk of contacts")
        raise typer.BadParameter(said, param_hint="--rank")
    onset, air = circumstances.onsets(file, index), circumstances.air(file, venues) if venues else None
    result = rank(Contacts.of_lines(found.lines, incubation=hazard.incubation, onset=onset, air=air), hazard)
    order = pc.index_in(file.persons.of(result.person), value_set=people["person"].combine_chunks())
    why = ["; ".join(text.in_(language()) for text in result.why(person)) for person in result.person.tolist()]
    table = people.take(order)
    return table.append_column("risk", pa.array(result.risk)).append_column("why", pa.array(why, pa.string()))
