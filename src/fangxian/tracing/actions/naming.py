"""Infectors whom a list names and does not list: people without a case, links of a chain all the same."""

from collections.abc import Mapping

from fangxian.core import bulk, clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.registry import actions as registry
from fangxian.registry.checking import Checked
from fangxian.tracing import infectors, sources
from fangxian.tracing.models import UnlistedInfector

RIGHT = "tracing.link"


@action
def name_infectors(by: Actor, outbreak: str, links: Mapping[tuple[str, str], tuple[Checked, str]]) -> None:
    """Note for cases by whom the source says they were infected: (code of the case, source's number of the infector) → who, and where.

    The persons are registered where they are not yet. A link that is there already is not made twice.
    """
    if not links:
        return
    outbreak_id = sources.outbreak_id(outbreak)
    cases = sources.by_case_codes(case for case, _number in links)
    people = registry.register_many(by, [person for person, _setting in links.values()])
    humans = sources.humans(people)
    known = set(
        UnlistedInfector.objects.filter(infected__in=[case.id for case in cases.values()]).values_list(
            "infected", "person"
        )
    )
    rows = []
    for ((code, _number), (_person, setting)), person in zip(links.items(), people, strict=True):
        case, infector = cases[code], humans[person]
        by.must(RIGHT, case.area)
        if (case.id, infector) in known or infector == case.person_id:
            continue
        known.add((case.id, infector))
        rows.append((outbreak_id, infector, case.id, setting[:30], clock.now()))
        record(
            by, "case.infector", ("case", case.id), area=case.area, data={"person": infector, "how": infectors.SOURCE}
        )  # fmt: skip
    bulk.insert(UnlistedInfector, ("outbreak_id", "person_id", "infected_id", "setting", "created_at"), rows)
