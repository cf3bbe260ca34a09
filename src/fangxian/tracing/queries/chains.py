"""Transmission chains of an outbreak: cases, who is held to have infected whom, onsets; labels masked.

Whoever may see a part of an outbreak may see the shape of all of it, or a chain that crosses a border would be torn in two; but of
the cases elsewhere only what a curve tells too: that there is one, its class and onset. They bear no code, no place and no person.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Q

from fangxian.analytics.chains import Chains, Graph, analyse, place
from fangxian.cases import queries as cases
from fangxian.cases.schemas import DISCARDED
from fangxian.core.access import Actor
from fangxian.registry import queries as registry
from fangxian.tracing import infectors, sources
from fangxian.tracing.models import Exposure, Investigation, UnlistedInfector
from fangxian.tracing.queries.exposures import why_infected
from fangxian.tracing.schemas import ChainGraph, ChainLink, ChainNode, ChainPicture

#: How the code of a case elsewhere begins: nothing that is typed or registered does.
_ELSEWHERE = "~"


class _Member(NamedTuple):
    """A case as chains ask for it. `code` is the case's own, or one for this drawing only (`is_open` False)."""

    id: int
    code: str
    person_id: int
    area: str
    classification: str
    onset_on: date | None
    is_open: bool


class _Edge(NamedTuple):
    """Who is held to have infected whom, by codes. `id`: of the exposure, 0 for a link that only a list names; then `person` is the
    infector, who may be no case (else 0)."""

    id: int
    infector: str
    infectee: str
    how: str
    why: str
    setting: str
    person: int = 0


class _Found(NamedTuple):
    """An outbreak's chains with what they were worked out from, by the codes that the actor may know."""

    chains: Chains
    members: Mapping[str, _Member]
    links: Sequence[_Edge]


def chains(by: Actor, outbreak: str) -> Chains:
    """The chains over all cases of an outbreak that were not ruled out, keyed by the codes of the cases.

    For whoever may see the outbreak's cases anywhere: numbers and codes only, no person. Loops are named, not refused.
    """
    return _found(by, cases.outbreak(by, outbreak).id).chains


def chain_graph(by: Actor, outbreak: str, cluster: int | None = None) -> ChainGraph:
    """Nodes and links to draw: of one chain by its number (`Chains.clusters`, the largest is 1), or of all cases."""
    by.must("tracing.view")
    found = _found(by, cases.outbreak(by, outbreak).id)
    return _drawn(found, found.chains.graph(cluster))


def chain_picture(by: Actor, outbreak: str, most: int) -> ChainPicture:
    """What a picture of all chains of an outbreak needs, without anybody's name: at most so many cases, the largest chains first.

    For whoever may see tracing and a part of the outbreak.
    """
    by.must("tracing.view")
    found = _found(by, cases.outbreak_name(by, outbreak).id)
    kept = found.chains.graph(most=most)
    return ChainPicture(_drawn(found, kept, named=False), place(kept), len(found.chains.ids) - len(kept.nodes))


def chain_around(by: Actor, case: str) -> ChainGraph:
    """The chain that a case belongs to; the case alone, where nobody is known to have infected it or been infected by it."""
    one = sources.case(by, case)
    by.must("tracing.view", one.area)
    found = _found(by, one.outbreak_id, _linked(one.outbreak_id, one.id))
    if not found.members:  # reported a moment ago, or ruled out: nobody investigates it
        member = _Member(one.id, one.code, one.person_id, one.area, one.classification, one.onset_on, True)
        found = _Found(analyse([one.code], [], {one.code: one.onset_on}), {one.code: member}, [])
    return _drawn(found, found.chains.graph())


def _edges(outbreak_id: int) -> Any:
    """Exposures that are held to be transmissions between cases; a partial index serves it."""
    return Exposure.objects.filter(outbreak_id=outbreak_id, infected__isnull=False, case__isnull=False)


def _linked(outbreak_id: int, case_id: int) -> set[int]:
    """The cases that a chain of links connects with this one, and itself. Two queries, over links only."""
    near: dict[int, list[int]] = defaultdict(list)
    pairs = list(_edges(outbreak_id).values_list("case_id", "infected_id"))
    by_person: dict[int, list[int]] = defaultdict(list)
    for person, infected in UnlistedInfector.objects.filter(outbreak_id=outbreak_id).values_list(
        "person_id", "infected_id"
    ):
        by_person[person].append(infected)
    pairs += [(group[0], other) for group in by_person.values() for other in group[1:]]
    for one, other in pairs:
        near[one].append(other)
        near[other].append(one)
    found, waiting = {case_id}, [case_id]
    while waiting:
        for other in near[waiting.pop()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _found(by: Actor, outbreak_id: int, only: Collection[int] | None = None) -> _Found:
    members = {member.id: member for member in _members(by, outbreak_id, only)}
    edges = _edges(outbreak_id)
    if only is not None:
        edges = edges.filter(infected_id__in=only)
    rows = edges.order_by("id").values_list("id", "case_id", "infected_id", "infected_how", "infected_why", "setting")
    links = [
        _Edge(pk, members[case].code, members[infected].code, how, why, setting)
        for pk, case, infected, how, why, setting in rows
        if case in members and infected in members
    ]
    pairs = [(link.infector, link.infectee) for link in links]
    told = set(pairs)
    for link in _unlisted(outbreak_id, members):
        if (pair := (link.infector, link.infectee)) not in told:
            links.append(link)
            pairs.append(pair)
    by_code = {member.code: member for member in members.values()}
    onset = np.array([member.onset_on for member in by_code.values()], "datetime64[D]")
    found = analyse(list(by_code), pairs, onset)
    return _Found(found, by_code, links)


def _members(by: Actor, outbreak_id: int, only: Collection[int] | None) -> Iterator[_Member]:
    """The cases of an outbreak (or only these) in the order of their reports.

    Those that the actor may not see go under a name of the drawing.
    """
    rows = Investigation.objects.filter(~Q(case__classification=DISCARDED), case__outbreak_id=outbreak_id)
    if only is not None:
        rows = rows.filter(case_id__in=only)
    columns = "id code person_id area classification onset_on organisation_id".split()
    wanted = rows.order_by("case__reported_at", "case_id").values_list(*(f"case__{name}" for name in columns))
    reach: dict[tuple[str, int], bool] = {}
    for number, (pk, code, person_id, area, classification, onset_on, organisation_id) in enumerate(wanted, 1):
        key = area, organisation_id
        if key not in reach:
            reach[key] = by.may("cases.view", area, organisation_id)
        shown = code if reach[key] else f"{_ELSEWHERE}{number}"
        yield _Member(pk, shown, person_id, area, classification, onset_on, reach[key])


def _unlisted(outbreak_id: int, members: Mapping[int, _Member]) -> Iterator[_Edge]:
    """Links whose infector is no case on record, or was none when the list named them: the code is the case's, else the person's."""
    rows = UnlistedInfector.objects.filter(outbreak_id=outbreak_id).order_by("id")
    found = [one for one in rows.values_list("person_id", "infected_id", "setting") if one[1] in members]
    humans = sources.humans({person for person, _infected, _setting in found})
    records = sources.records(humans.values())
    case_of = {records[person]: case for person, case in cases.by_person(outbreak_id, records).items()}
    card_of = registry.cards({human for human in humans.values() if case_of.get(human) not in members})
    named = {humans[person] for person, infected, _setting in found if members[infected].is_open}
    hidden: dict[int, str] = {}
    for person, infected, setting in found:
        human = humans[person]
        case = members.get(case_of.get(human, 0))
        if case is not None:
            code = case.code
        elif human in named:
            code = card_of[human].code
        else:
            code = hidden.setdefault(human, f"{_ELSEWHERE}u{len(hidden) + 1}")
        yield _Edge(0, code, members[infected].code, infectors.SOURCE, "", setting, human)


def _drawn(found: _Found, graph: Graph, *, named: bool = True) -> ChainGraph:
    members, shown = found.members, {str(node.id) for node in graph.nodes}
    drawn = [link for link in found.links if link.infector in shown and link.infectee in shown]
    person_of = {link.infector: link.person for link in drawn if link.person}
    person_of |= {code: members[code].person_id for code in shown if code in members}
    wanted = [pk for code, pk in person_of.items() if named and not code.startswith(_ELSEWHERE)]
    names = registry.names(wanted) if wanted else {}
    nodes = []
    for node in graph.nodes:
        code = str(node.id)
        member = members.get(code)
        is_open = not code.startswith(_ELSEWHERE)
        nodes.append(
            ChainNode(
                code=code,
                label=names.get(person_of[code], "") if is_open else "",
                area=member.area if member and is_open else "",
                onset=node.onset,
                classification=member.classification if member else "",
                generation=node.generation,
                order=node.order,
                out_degree=found.chains.out_degree[code],
                cluster=node.cluster,
                infector=str(node.infector or ""),
                kind="elsewhere" if not is_open else "case" if member else "unlisted",
            )
        )
    loops = tuple(tuple(map(str, loop)) for loop in found.chains.loops if shown >= set(map(str, loop)))
    links = tuple(_link(link, line.tree) for link, line in zip(drawn, graph.links, strict=True))
    return ChainGraph(tuple(nodes), links, loops)


def _link(link: _Edge, tree: bool) -> ChainLink:
    if link.infector.startswith(_ELSEWHERE) or link.infectee.startswith(_ELSEWHERE):
        return ChainLink(0, link.infector, link.infectee, "", "", "", tree)
    why = why_infected(link.how, link.why)
    return ChainLink(link.id, link.infector, link.infectee, link.how, why, link.setting, tree)
