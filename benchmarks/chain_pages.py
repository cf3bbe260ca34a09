"""The chains of a whole outbreak as the page and the API give them: `make bench ONLY=chain_pages ARGS=100000` (cases).

Target: under 0.5 s at 100,000 cases. Asked five times, the least is told; the process's own time is what a busy machine does not stretch.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from benchmarks import Figure, database, show
from benchmarks.chains import outbreak as simulated

TARGET, TIMES, NOW = 0.5, 5, datetime(2022, 7, 18, 16, tzinfo=UTC)


def run(number: int = 100_000) -> list[Figure]:
    with database() as connection:
        from fangxian.core import clock

        with clock.at(NOW):
            code = _outbreak(number)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            return list(_timed(code))


def _timed(code: str) -> Any:
    from pydantic import TypeAdapter

    from fangxian.api.tracing import ChainsView, _chains
    from fangxian.core.access import SYSTEM
    from fangxian.tracing import queries
    from fangxian.web.chains.picture import columns
    from fangxian.web.chains.views import MOST

    answer: TypeAdapter[Any] = TypeAdapter(ChainsView)

    def api() -> int:
        found = _chains(SYSTEM, queries.chains(SYSTEM, code))
        return len(answer.dump_json(answer.validate_python(found, from_attributes=True)))

    def page() -> int:
        return len(json.dumps(columns(queries.chain_picture(SYSTEM, code, MOST)), ensure_ascii=False))

    yield from (_least("the page's picture", page), _least("GET /outbreaks/{outbreak}/chains", api))


def _least(what: str, work: Callable[[], int]) -> Figure:
    least, own, size = float("inf"), float("inf"), 0
    for _ in range(TIMES):
        begun, spent = time.perf_counter(), time.process_time()
        size = work()
        least, own = min(least, time.perf_counter() - begun), min(own, time.process_time() - spent)
    return Figure(what, least, TARGET, note=f"{own:.2f} s of the process's own; {size / 1e6:.1f} MB")


def _outbreak(number: int) -> str:
    """Cases with their investigations and who infected whom, by COPY; its code."""
    from fangxian.cases import actions as cases
    from fangxian.cases.models import Case
    from fangxian.cases.schemas import OutbreakForm
    from fangxian.core import bulk, ids
    from fangxian.core.access import SYSTEM
    from fangxian.registry import actions as registry
    from fangxian.registry.models import Person
    from fangxian.registry.schemas import Division
    from fangxian.tracing.models import Exposure, Investigation

    areas = ["99", "9901", "990101"]
    registry.import_divisions(SYSTEM, [Division(code=code, name=code) for code in areas])
    office = registry.create_organisation(SYSTEM, "cdc", "疾控", areas[-1]).pk
    outbreak = cases.open_outbreak(
        SYSTEM, OutbreakForm(name_zh="基准", name_en="Benchmark", pack="covid-19-cn-9", area="99")
    )
    names, links, onset = simulated(round((number - 1) * 0.9))
    place, codes = {name: at for at, name in enumerate(names, 1)}, ids.new_codes(2 * len(names))
    count = len(names)
    people = "id code name name_latin pinyin sex nationality area address occupation created_at version".split()
    bulk.insert(
        Person, people, ((n, codes[n - 1], "", "", "", "", "", areas[-1], "", "", NOW, 1) for n in place.values())
    )
    columns = (
        "id code outbreak_id person_id source_ref pack area organisation_id classification classified_by origin facts onset_on "
        "reported_at dates severity outcome review note created_at version"
    ).split()
    days: list[date] = onset.tolist()
    bulk.insert(
        Case, columns,
        (
            (n, codes[count + n - 1], outbreak.pk, n, "", "covid-19-cn-9", areas[-1], office, "confirmed", "", "local", {}, days[n - 1],
             NOW - timedelta(seconds=count - n), {}, "", "", "reported", "", NOW, 1) for n in place.values()
        ),
    )  # fmt: skip
    bulk.insert(
        Investigation, "case_id team_id opened_at summary".split(), ((n, office, NOW, "") for n in place.values())
    )
    exposed = (
        "outbreak_id case_id person_id infected_id infected_how infected_why setting place_text facts category classified_by relation "
        "source created_at version"
    ).split()
    bulk.insert(
        Exposure, exposed,
        (
            (outbreak.pk, place[one], place[other], place[other], "rule", "", "home", "", {}, "", "", "", "interview", NOW, 1)
            for one, other in links
        ),
    )  # fmt: skip
    return outbreak.code


if __name__ == "__main__":
    show("Chains of a whole outbreak", run(*map(int, sys.argv[1:2])))
