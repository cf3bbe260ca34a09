"""Sources of the city of Xizhou, and their numbers, for stories about surveillance."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM, Grant
from fangxian.registry import actions as registry
from fangxian.surveillance import actions
from fangxian.surveillance.models import Source
from fangxian.surveillance.schemas import ObservationForm, SourceForm
from tests.support.world import PASSWORD, STREET, WANGCHAO, World

#: What a source of each kind tells on an ordinary day.
ORDINARY: dict[str, dict[str, float]] = {
    "fever_clinic": {"visits": 120, "fever": 20, "ili": 8},
    "pharmacy": {"antipyretic": 40, "cough": 30, "antiviral": 6},
    "emergency": {"visits": 200, "respiratory": 30, "severe": 1},
    "hotline": {"calls": 12},
    "laboratory": {"tested": 100, "positive": 3},
}


def school(city: World) -> int:
    """A school with somebody who reports for it; its organisation."""
    body = registry.create_organisation(SYSTEM, "school", "望潮第一小学", STREET, name_en="Wangchao Primary School").pk
    city.bodies["school"] = body
    city.staff["school"] = accounts.create_account(
        SYSTEM, "school", "孟校医", grants=[Grant("reporter", STREET, body)], password=PASSWORD
    )
    return body


def source(city: World, kind: str = "fever_clinic", body: str = "clinic", **more: Any) -> Source:
    """A source of the county, registered by its duty officer."""
    form = {
        "kind": kind, "name_zh": f"望潮{kind}", "name_en": f"Wangchao {kind}", "organisation": city.bodies[body], "area": WANGCHAO,
    }  # fmt: skip
    return actions.register_source(city.actor("duty"), SourceForm(**{**form, **more}))


def history(one: Source, days: int = 60, **changed: float) -> None:
    """Ordinary numbers up to yesterday, with a weekly rhythm and a little unrest that is the same every time."""
    rows = []
    for back in range(days, 0, -1):
        day = clock.today() - timedelta(days=back)
        if day < one.since:
            continue
        for measure, value in {**ORDINARY[one.kind], **changed}.items():
            rows.append(
                ObservationForm(source=one.code, day=day, measure=measure, value=_restless(value, day, measure))
            )
    taken = actions.report_many(SYSTEM, rows)
    assert not taken.refused, taken.refused


def _restless(value: float, day: date, measure: str) -> float:
    """A count about this value, as chance has it: the same every time."""
    weekday = (1.05, 1.0, 1.0, 1.0, 1.0, 0.95, 0.95)[day.weekday()]
    return int(
        np.random.default_rng([day.toordinal(), len(measure), ord(measure[0])]).poisson(value * weekday * 25) / 25 + 0.5
    )
