"""Transmission chains of an outbreak: cases, who is held to have infected whom, onsets; labels masked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Q

from fangxian.analytics.chains import Chains, analyse
from fangxian.cases import queries as cases
from fangxian.cases.schemas import DISCARDED, CaseFacts
from fangxian.core.access import Actor
from fangxian.registry import queries as registry
from fangxian.tracing import infectors, sources
from fangxian.tracing.models import Exposure, Investigation, UnlistedInfector
from fangxian.tracing.queries.exposures import why_infected
from fangxian.tracing.schemas import ChainGraph, ChainLink, ChainNode


def chains(by: Actor, outbreak: str) -> Chains:
    """The chains over all cases of an outbreak that were not ruled out, keyed by the codes of the cases.

    For whoever may see the outbreak's cases anywhere: numbers and codes only, no person. Loops are named, not refused.
    """
    return _analysed(by, outbreak)[0]


def chain_graph(by: Actor, outbreak: str, cluster: int | None = None) -> ChainGraph:
    """Nodes and links to draw: of one chain by its number (`Chains.clusters`, the largest is 1), or of all cases."""
    found, facts, links = _analysed(by, outbreak)
    return _drawn(found, facts, links, cluster)


def chain_around(by: Actor, case: str) -> ChainGraph:
    """The chain that a case belongs to; the case alone, where nobody is known to have infected it or been infected by it."""
    (one,) = sources.facts_of([sources.case_id(by, case)])
    by.must("tracing.view", one.area)
    found, facts, links = _analysed_id(one.outbreak_id)
    cluster = next((chain.number for chain in found.clusters if one.code in chain.members), None)
    if cluster is None:
        alone = analyse([one.code], [], {one.code: one.onset_on})
        return _drawn(alone, facts, [], None)
    return _drawn(found, facts, links, cluster)


def _analysed(by: Actor, outbreak: str) -> tuple[Chains, Mapping[str, CaseFacts], Sequence[dict[str, Any]]]:
    return _analysed_id(cases.outbreak(by, outbreak).id)


def _analysed_id(outbreak_id: int) -> tuple[Chains, Mapping[str, CaseFacts], Sequence[dict[str, Any]]]:
    rows = Investigation.objects.filter(~Q(case__classification=DISCARDED), case__outbreak_id=outbreak_id)
    found = sources.facts_of(rows.values_list("case_id", flat=True))
    facts = {case.code: case for case in sorted(found, key=lambda case: (case.reported_at, case.id))}
    code_of = {case.id: case.code for case in found}
    edges: Any = Exposure.objects.filter(outbreak_id=outbreak_id, infected__isnull=False, case__isnull=False).order_by(
        "id"
    )
    links = [
        link
        for link in edges.values("id", "case_id", "infected_id", "infected_how", "infected_why", "setting")
        if link["case_id"] in code_of and link["infected_id"] in code_of
    ]
    for link in links:
        link["infector"], link["infectee"] = code_of[link["case_id"]], code_of[link["infected_id"]]
    told = {(link["infector"], link["infectee"]) for link in links}
    links += [link for link in _unlisted(outbreak_id, code_of) if (link["infector"], link["infectee"]) not in told]
    pairs = [(link["infector"], link["infectee"]) for link in links]
    return analyse(list(facts), pairs, {code: case.onset_on for code, case in facts.items()}), facts, links


def _unlisted(outbreak_id: int, code_of: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """Links whose infector is no case on record, or was none when the list named them: the code is the case's, else the person's."""
    rows = UnlistedInfector.objects.filter(outbreak_id=outbreak_id, infected__in=code_of).order_by("id")
    found = list(rows.values_list("person_id", "infected_id", "setting"))
    humans = sources.humans({person for person, _infected, _setting in found})
    records = sources.records(humans.values())
    case_of = {records[person]: case for person, case in cases.by_person(outbreak_id, records).items()}
    card_of = registry.cards({human for human in humans.values() if case_of.get(human) not in code_of})
    for person, infected, setting in found:
        human = humans[person]
        code = code_of.get(case_of.get(human, 0)) or card_of[human].code
        yield {
            "id": 0, "infector": code, "infectee": code_of[infected],
            "infected_how": infectors.SOURCE, "infected_why": "", "setting": setting, "person": human,
        }  # fmt: skip


def _drawn(
    found: Chains, facts: Mapping[str, CaseFacts], links: Sequence[dict[str, Any]], cluster: int | None
) -> ChainGraph:
    graph = found.graph(cluster)
    shown = {str(node.id) for node in graph.nodes}
    drawn = [link for link in links if link["infector"] in shown]
    person_of = {link["infector"]: link["person"] for link in drawn if "person" in link}
    person_of |= {code: facts[code].person_id for code in shown if code in facts}
    names = registry.names(person_of.values())
    nodes = tuple(
        ChainNode(
            code=(code := str(node.id)),
            label=names.get(person_of[code], ""),
            area=facts[code].area if code in facts else "",
            onset=node.onset,
            classification=facts[code].classification if code in facts else "",
            generation=node.generation,
            order=node.order,
            out_degree=found.out_degree[code],
            cluster=node.cluster,
            infector=str(node.infector or ""),
        )
        for node in graph.nodes
    )
    return ChainGraph(
        nodes,
        tuple(
            ChainLink(
                link["id"], link["infector"], link["infectee"], link["infected_how"],
                why_infected(link["infected_how"], link["infected_why"]), link["setting"], line.tree,
            )
            for link, line in zip(drawn, graph.links, strict=True)
        ),
        tuple(tuple(map(str, loop)) for loop in found.loops if shown >= set(map(str, loop))),
    )  # fmt: skip
