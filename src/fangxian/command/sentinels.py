"""The sources of the fictional city: forty of them with four months of numbers, a rise in one county before anybody was diagnosed.

Numbers are drawn about what each kind of source tells on such a weekday, the same at every building of the city.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np

from fangxian.command.city import COUNTIES, City
from fangxian.core.access import SYSTEM, Actor
from fangxian.registry import actions as registry
from fangxian.surveillance import actions, queries
from fangxian.surveillance.schemas import ObservationForm, ReportForm, RumourForm, SourceForm, UntestedForm

#: Days of numbers before the story begins.
HISTORY = 120
#: The county that is struck, and how many days before the first diagnosis its numbers begin to rise.
STRUCK, RISE = "990101", 6
_WEEKDAYS = (1.12, 1.05, 1.0, 1.0, 1.02, 0.92, 0.89)
#: What each kind tells on an ordinary day, and how much of the rise it shows.
_USUAL: dict[str, dict[str, tuple[float, float]]] = {
    "fever_clinic": {"visits": (90, 0.2), "fever": (22, 0.9), "ili": (9, 1.6)},
    "pharmacy": {"antipyretic": (38, 1.0), "cough": (30, 0.7), "antiviral": (7, 1.1)},
    "school": {"absent": (6, 0.3), "ill": (0.4, 0.0)},
    "care_home": {"ill": (0.4, 0.4), "deaths": (0.03, 0.0)},
    "market": {"samples": (30, 0.0), "positive": (0.0, 0.0)},
    "laboratory": {"tested": (140, 0.1), "positive": (4, 1.2)},
    "wastewater": {"copies": (5200, 0.8), "flow": (41_000, 0.0), "population": (210_000, 0.0)},
    "hotline": {"calls": (16, 0.9)},
    "emergency": {"visits": (160, 0.1), "respiratory": (26, 0.7), "severe": (1.1, 0.5)},
    "transport": {"checked": (900, 0.0), "fever": (1.4, 0.4)},
    "port": {"arrivals": (420, 0.0), "symptomatic": (3.2, 0.1), "positive": (0.2, 0.0)},
}
#: kind, kind of the body that reports (empty: one of its own), and what it is called.
_SOURCES: tuple[tuple[str, str, str, str], ...] = (
    ("fever_clinic", "clinic", "人民医院发热门诊", "People's Hospital fever clinic"),
    ("pharmacy", "enterprise", "百草堂药店", "Baicao pharmacy"), ("pharmacy", "enterprise", "康宁大药房", "Kangning pharmacy"),
    ("pharmacy", "enterprise", "惠民药店", "Huimin pharmacy"), ("school", "school", "实验小学", "Experimental Primary School"),
    ("school", "", "第二中学", "Second Middle School"), ("care_home", "", "夕阳红养老院", "Xiyanghong care home"),
    ("market", "", "老码头农贸市场", "Old Quay market"), ("laboratory", "laboratory", "核酸检测实验室", "nucleic acid laboratory"),
    ("wastewater", "cdc", "城区污水处理厂", "town sewage works"), ("hotline", "cdc", "12320 热线", "12320 hotline"),
    ("emergency", "hospital", "第一人民医院急诊", "First People's Hospital emergency"),
    ("transport", "", "客运站卡口", "coach station gate"),
)  # fmt: skip
_BODIES = {
    "school": "school",
    "care_home": "care_home",
    "market": "market",
    "transport": "transport",
    "pharmacy": "enterprise",
}
_CLASSES = ("一年级1班", "一年级2班", "二年级1班", "二年级2班")
Who = Callable[[str, str], Actor]


class Sentinels:
    """The sources, their numbers day by day, and what comes of them. `first` is the first day of the story."""

    def __init__(self, city: City, first: date) -> None:
        self.city, self.first = city, first
        self.sources: list[Any] = []
        self.alert = ""

    def register(self) -> None:
        """Every source, with its history up to the eve of the story; what is unusual in it is noticed the same night."""
        since = self.first - timedelta(days=HISTORY)
        for county, zh, en in COUNTIES:
            for place, (kind, body, name, name_en) in enumerate(_SOURCES):
                form = SourceForm(
                    kind=kind, name_zh=zh + name, name_en=f"{name_en}, {en}", area=f"{county}{1 + place % 2:03}",
                    organisation=self._body(kind, body, county, zh + name, f"{name_en}, {en}"), since=since, owed_from=self.first,
                    units=_CLASSES if kind == "school" and body else (), weekday=0,
                    measures=("copies", "flow", "population") if kind == "wastewater" else (),
                )  # fmt: skip
                self.sources.append(actions.register_source(SYSTEM, form))
        port = SourceForm(
            kind="port", name_zh="汐州港海关", name_en="Customs at the port of Xizhou", area="9901", since=since, owed_from=self.first,
            organisation=self.city.organisations["cdc", "9901"],
        )  # fmt: skip
        self.sources.append(actions.register_source(SYSTEM, port))
        eve = self.first - timedelta(days=1)
        rows = [
            row
            for one in self.sources
            for back in range(HISTORY)
            for row in self._numbers(one, eve - timedelta(days=back))
        ]
        for start in range(0, len(rows), actions.MOST):
            actions.report_many(SYSTEM, rows[start : start + actions.MOST])
        actions.detect(SYSTEM, [one.pk for one in self.sources])

    def triage(self, who: Who) -> None:
        """The duty officer sends the alert of the night to the field, where somebody looks; what chance raised elsewhere is dismissed."""
        for row in queries.alerts(SYSTEM, "9901", state="open"):
            if row.area != STRUCK:
                version = queries.alert(SYSTEM, row.code).version
                actions.dismiss_alert(who("duty", row.area), row.code, version, "chance", "单一来源，电话核实无聚集")
        (row,) = [row for row in queries.alerts(SYSTEM, STRUCK, state="open") if row.origin == "signals"]
        self.alert = row.code
        version = queries.alert(SYSTEM, row.code).version
        version = actions.triage_alert(who("duty", STRUCK), row.code, version, "发热门诊、药店、热线同时升高").version
        findings = {
            "ill": 5,
            "severe": 1,
            "samples": 5,
            "link": "同一农贸市场及周边",
            "seen": "五名发热者三日内先后就诊，两户有共同活动史",
        }
        actions.verify_alert(who("investigator", STRUCK), row.code, version, findings)

    def confirm(self, who: Who, outbreak: str) -> None:
        """The first result is in: the alert was true, and belongs to the outbreak that was opened for it."""
        version = queries.alert(SYSTEM, self.alert).version
        actions.confirm_alert(who("duty", STRUCK), self.alert, version, "首例核酸阳性，启动应急响应", outbreak=outbreak)

    def report(self, day: date, *, last: bool) -> None:
        """The numbers of yesterday and of this morning come in; on the last day one pharmacy has not reported."""
        rows: list[ObservationForm] = []
        actions.owe(SYSTEM)
        for one in self.sources:
            if not (last and one.area.startswith(STRUCK) and one.name_zh.endswith("惠民药店")):
                rows += self._numbers(one, day - timedelta(days=one.lag))
        actions.report_many(SYSTEM, rows)
        if not last:
            return
        clinic = self.sources[0]
        told = ReportForm(
            source=clinic.code, day=day - timedelta(days=1), values={"fever": 41, "visits": 131, "ili": 17, "tested": 39},
            untested=(UntestedForm("F-1192", "拒绝采样"), UntestedForm("F-1207", "未等候即离开")), confirmed=True, reason="补报",
        )  # fmt: skip
        actions.report(SYSTEM, told)
        self._cluster(day)
        actions.detect(SYSTEM, [one.pk for one in self.sources])
        actions.notice_silence(SYSTEM)

    def hear(self, who: Who) -> None:
        """Somebody calls."""
        actions.report_rumour(
            who("investigator", STRUCK),
            RumourForm(area=STRUCK, told="栖霞街道映月社区多人腹泻，疑与聚餐有关", heard_from="村医来电", ill=9),
        )  # fmt: skip

    # ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _body(self, kind: str, body: str, county: str, name: str, name_en: str) -> int:
        if body and (body, county) in self.city.organisations:
            return self.city.organisations[body, county]
        return registry.create_organisation(SYSTEM, body or _BODIES[kind], name, county, name_en=name_en).pk

    def _numbers(self, one: Any, day: date) -> list[ObservationForm]:
        """What a source tells of a day, where it owes anything."""
        if (one.rhythm == "weekly" and day.weekday() != one.weekday) or (
            one.rhythm == "workdays" and day.weekday() > 4
        ):
            return []
        random = np.random.default_rng([day.toordinal(), one.pk, len(one.name_zh)])
        told: dict[str, float] = {}
        for measure, (usual, shows) in _USUAL[one.kind].items():
            mean = usual * _WEEKDAYS[day.weekday()] * (1 + shows * self._rise(one, day))
            told[measure] = float(round(usual * random.lognormal(0, 0.08)) if usual > 2000 else random.poisson(mean))
        if one.kind == "wastewater":
            told["population"] = _USUAL[one.kind]["population"][0]
            told["copies"] *= 1 + 0.8 * self._rise(one, day)
        for part, whole in (
            ("ili", "fever"),
            ("fever", "visits"),
            ("positive", "tested"),
            ("ill", "absent"),
            ("positive", "samples"),
        ):
            if part in told and whole in told:
                told[part] = min(told[part], told[whole])
        if one.kind == "fever_clinic":
            told["tested"] = told["fever"]
        if one.units:
            return [
                row
                for unit in one.units
                for row in self._rows(one, day, {k: v // len(one.units) for k, v in told.items()}, unit)
            ]
        return self._rows(one, day, told, "")

    def _rows(self, one: Any, day: date, told: dict[str, float], unit: str) -> list[ObservationForm]:
        return [
            ObservationForm(source=one.code, day=day, measure=measure, unit=unit, value=value, confirmed=True)
            for measure, value in told.items()
        ]

    def _rise(self, one: Any, day: date) -> float:
        """From nothing to about twice the usual, in the struck county; a little later in its neighbour."""
        begun = {STRUCK: -RISE, "990102": 2}.get(one.area[:6])
        return 0.0 if begun is None else float(np.clip(((day - self.first).days - begun) / 5, 0, 1.4))

    def _cluster(self, day: date) -> None:
        """Four pupils of one class are ill with the same signs."""
        school = next(
            one for one in self.sources if one.kind == "school" and one.units and one.area.startswith("990102")
        )
        values = {"absent:一年级1班": 5, "ill:一年级1班": 4}
        actions.report(SYSTEM, ReportForm(source=school.code, day=day, values=values, confirmed=True))
