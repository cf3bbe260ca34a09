"""An outbreak in progress in the fictional city, made by the platform's own actions on the virtual clock: ten days up to now.

Most work was done in time, some late, one report was returned and corrected, and today's is still open: what a demonstration
must show. Nothing is written past the actions, so everything that is seen has its duty, its clause and its line in the journal.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any

from fangxian.cases import actions as cases
from fangxian.cases import queries as case_queries
from fangxian.cases.schemas import CaseForm, OutbreakForm
from fangxian.command import city as fictional
from fangxian.command import movements, zoning
from fangxian.command.city import ACCOUNTS, City
from fangxian.command.decisions import actions as deciding
from fangxian.command.decisions import queries as questions
from fangxian.command.decisions.schemas import QuestionForm
from fangxian.command.rooming import Rooming
from fangxian.command.sentinels import Sentinels
from fangxian.command.situation import actions as reports
from fangxian.command.swabbing import Swabbing
from fangxian.command.testing import Testing
from fangxian.containment.zones import actions as drawing
from fangxian.containment.zones import queries as zones
from fangxian.containment.zones.schemas import UnitForm, ZoneForm
from fangxian.core import accounts, clock, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action
from fangxian.core.errors import Refusal
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.duties import subjects
from fangxian.duties.sweep import sweep
from fangxian.tracing import actions as tracing
from fangxian.tracing.finds import SearchForm
from fangxian.tracing.schemas import ExposureForm, StayForm

PACK = "covid-19-cn-9"
DAYS = 10
#: Of the progress that is reported: the city, then each day.
PIECES = DAYS + 1
#: The hour at which the last day of the story is over; what comes after it is left to do.
LAST_HOUR = 17.6
#: Who fell ill with nobody known to have infected them: county, onset and report in days from the first.
SEEDS = (
    ("990101", -1, 0), ("990102", 1, 2), ("990101", 2, 3), ("990103", 3, 5), ("990101", 7, 9), ("990101", 8, 9), ("990102", 8, 9),
    ("990103", 8, 9),
)  # fmt: skip
#: Which case of the story (counted from 0) the city returns for correction.
RETURNED = 2
MOST = 26
Progress = Callable[[int, int], None]

#: What staff write down when a step is done.
_EVIDENCE = {
    "temperature": 36.5, "symptoms": "none", "result": "negative", "findings": "已核实", "contacts_listed": "已列出",
    "report_file": "调查报告.pdf", "visited_at": "已到达", "hospital": "第一人民医院", "vehicle": "转运车 2 号", "risk_assessed": "已评估",
    "phone_reached": "本人接听", "site": "海悦集中隔离点", "room": "302", "places_disinfected": "住所", "decision": "accepted",
    "households_checked": 6,
}  # fmt: skip
_SETTINGS: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("办公室", "office", {"setting": "office", "close_range": True, "prolonged": True}),
    ("海味小馆", "meal", {"setting": "meal", "same_table": True, "poorly_ventilated": True, "prolonged": True}),
    ("星光影城", "entertainment", {"setting": "entertainment", "poorly_ventilated": True, "prolonged": True}),
)
_VISITED = ("满仓超市", "老码头农贸市场", "百川书店", "3 路公交", "文化活动室")


@dataclass(slots=True)
class _Infected:
    """A person in the story: when ill and reported (days from the first), by whom and how infected."""

    person: str
    county: str
    onset: int
    reported: int
    household: tuple[str, int]
    contact: str = ""
    case: str = ""
    #: Which level of review is next.
    turn: str = ""


#: Somebody met: person, household, facts of the exposure, place, setting, and the chance of having been infected.
_Meeting = tuple[str, tuple[str, int], Mapping[str, object], str, str, float]


def is_built() -> bool:
    """Whether the demonstration city is in this database already."""
    return bool(case_queries.outbreaks(SYSTEM))


def build(on_progress: Progress = lambda done, total: None) -> None:
    """Build the city and play its outbreak: ten days that end today or, before the evening, yesterday; sweeps up to now.

    So it is the same story at whatever hour it is built, and there is always work left for today.
    """
    now = clock.now()
    local = now.astimezone(clock.zone())
    ended = local.hour + local.minute / 60 >= LAST_HOUR
    first = local.date() - timedelta(days=DAYS - 1 if ended else DAYS)
    with clock.at(clock.local_midnight(first) - timedelta(hours=1)):
        city = fictional.build()
        sentinels = Sentinels(city, first)
        sentinels.register()
    on_progress(1, PIECES)
    story = _Story(city, first, sentinels)
    story.play(lambda done: on_progress(1 + done, PIECES))
    story.isolate()
    story.search()
    sweep()


class _Story:
    def __init__(self, city: City, first: date, sentinels: Sentinels) -> None:
        self.city, self.first, self.sentinels = city, first, sentinels
        self.rng = random.Random(24)
        #: What is done in time is drawn apart from who falls ill, so that the one does not depend on the other.
        self.luck = random.Random(5)
        self.people: list[_Infected] = []
        self.used: set[tuple[str, int]] = set()
        #: Contacts on record as held.
        self.held: set[int] = set()
        self.outbreak = self.earlier = ""
        self.swabbing = Swabbing(city, self._who, self._holder)
        self.testing = Testing(city, self._who)

    def play(self, on_progress: Callable[[int], None]) -> None:
        self._at(0, 6.5, partial(self.sentinels.triage, self._who))
        self._at(0, 7.5, self._open)
        self._at(0, 8.0, lambda: self.sentinels.confirm(self._who, self.outbreak))
        for day in range(DAYS):
            today = [one for one in self.people if one.reported == day]
            last = day == DAYS - 1
            for hour, act in (
                (8.2, partial(self._tell, day)),
                (8.5, partial(self._report, today)),
                (8.9, partial(self.sentinels.report, self._day(day), last=last)),
                (9.0, sweep),
                (9.4, partial(self._review, "county", 2 if last else 0)),
                (10.0, partial(self._review, "city", 1 if last else 0)),
                (10.3, partial(self._review, "province", MOST if last else 0)),
                (11.0, partial(self._trace, today, day)),
                (12.0, partial(_at_once, self._work, day, "case.", 0.95)),
                (12.5, partial(self._draw, day)),
                (12.9, partial(self.testing.begin, self.outbreak, self.swabbing.point) if last else sweep),
                (13.0, sweep),
                (15.0, self._hold),
                (16.0, partial(self._come_down, day)),
                (16.2, partial(self._close_earlier, day)),
                (16.3, partial(self._decide, day)),
                (16.4, self.testing.come if last else sweep),
                (16.5, partial(_at_once, self._work, day, "zone.", 0.9)),
                (17.0, partial(_at_once, self._work, day, "contact", 0.93)),
                (17.5, partial(_at_once, self._work, day, "exposed", 0.85)),
                (LAST_HOUR, self._end if last else sweep),
            ):
                self._at(day, hour, act)
            if day == DAYS - 2:
                self._swab()
            on_progress(day + 1)

    def _swab(self) -> None:
        """The last night at the swab point and in the laboratory: a positive pool, resolved by the morning."""
        swabbing = self.swabbing
        for hour, act in (
            (18.5, partial(swabbing.evening, self.outbreak)), (19.2, swabbing.on_the_way), (20.1, swabbing.received),
            (26.2, swabbing.positive), (26.25, swabbing.held), (28.0, swabbing.singles), (30.0, swabbing.resolved),
        ):  # fmt: skip
            self._at(DAYS - 2, hour, act)

    def _at(self, day: int, hour: float, act: Callable[[], object]) -> None:
        with clock.at(clock.local_midnight(self._day(day)) + timedelta(hours=hour)):
            act()

    # ── the story ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _open(self) -> None:
        """Beside the outbreak of the story there is an earlier one that is all but over: one visitor, and the market they were at."""
        self.earlier = cases.open_outbreak(
            SYSTEM,
            OutbreakForm(
                name_zh="揽月县输入病例（演示）",
                name_en="Imported case in Lanyue (demonstration)",
                pack=PACK,
                area="990103",
            ),
        ).code
        self.outbreak = cases.open_outbreak(
            SYSTEM,
            OutbreakForm(
                name_zh="汐州市聚集性疫情（演示）", name_en="Xizhou outbreak (demonstration)", pack=PACK, area="9901"
            ),
        ).code
        for county, onset, reported in SEEDS:
            home = ("990101001001001", 0) if not self.people else self._new_household(county)
            self.used.add(home)
            person = self.city.households[home[0]][home[1]][0]
            self.people.append(_Infected(person, county, onset, reported, home))

    def _report(self, today: Sequence[_Infected]) -> None:
        for number, one in enumerate(today):
            now = clock.now()
            symptomatic = self.rng.random() < 0.8
            facts = {
                "pcr_positive": True,
                "symptomatic": symptomatic,
                "fever": symptomatic,
                "epidemiological_link": True,
            }
            if symptomatic:
                facts |= {"acute_respiratory_illness": True, "pneumonia_imaging": self.rng.random() < 0.7}
            form = CaseForm(
                person=one.person, outbreak=self.outbreak, organisation=self.city.organisations["clinic", one.county],
                facts=facts, classification="confirmed" if symptomatic else "asymptomatic",
                origin="imported" if one is self.people[0] else "local",
                onset_on=self._day(one.onset) if symptomatic else None, sampled_at=now - timedelta(hours=9),
                diagnosed_at=now - timedelta(minutes=35 + 110 * (number == 2)), reported_at=now,
                severity=self.rng.choice(("mild", "mild", "mild", "moderate")) if symptomatic else "",
                **self._admitted(one),
            )  # fmt: skip
            by = self._who("clinic", one.county)
            if one.contact:
                case = tracing.become_case(self._who("investigator", one.county), one.contact, form)
            else:
                case = cases.report(by, form)
            one.case, one.turn = case.code, "county"

    def _admitted(self, one: "_Infected") -> dict[str, Any]:
        """Whoever is found to be infected is in hospital when the card is written, but for the second of the last morning."""
        last = [other for other in self.people if other.reported == DAYS - 1]
        if one in last[1:2]:
            return {}
        at, hospital = clock.now() - timedelta(minutes=20), self.city.organisations["hospital", one.county]
        return {"isolated_at": at, "admitted_at": at, "hospital": hospital}

    def _review(self, level: str, left: int) -> None:
        """Each level approves what waits for it, but for the last `left`."""
        waiting = [one for one in self.people if one.turn == level]
        for one in waiting[: max(0, len(waiting) - left)]:
            by = self._who(level, one.county)
            if level == "city" and one is self.people[RETURNED]:
                cases.review(by, one.case, "return", "现住址未到门牌，请补充")
                version = case_queries.case(SYSTEM, one.case).version
                cases.correct(self._who("clinic", one.county), one.case, {"note": "住址已核实到户"}, version)
                cases.review(self._who("county", one.county), one.case, "approve")
            cases.review(by, one.case, "approve", "情况属实")
            one.turn = {"county": "city", "city": "province", "province": ""}[level]

    def _end(self) -> None:
        """The last hour: the dates of 7-1-7 are entered, somebody suspected has come in, a card was returned, and two visits
        found nobody at home.
        """
        self.sentinels.hear(self._who)
        self.swabbing.left_open()
        dates = {"emerged_on": -1, "detected_on": 0, "notified_on": 0, "responded_on": 2}
        cases.set_milestones(SYSTEM, self.outbreak, {name: self._day(day) for name, day in dates.items()})
        home = self._new_household("990103")
        person = self.city.households[home[0]][home[1]][0]
        signs = "symptomatic fever acute_respiratory_illness pneumonia_imaging epidemiological_link"
        facts = dict.fromkeys(signs.split(), True)
        cases.report(
            self._who("clinic", "990103"),
            CaseForm(
                person=person, outbreak=self.outbreak, organisation=self.city.organisations["clinic", "990103"], facts=facts,
                onset_on=self._day(DAYS - 2), sampled_at=clock.now() - timedelta(hours=1), diagnosed_at=clock.now() - timedelta(minutes=40),
                severity="moderate",
            ),
        )  # fmt: skip
        *_others, one = [one for one in self.people if one.turn == "county"]
        cases.review(self._who("county", one.county), one.case, "return", "发病日期与流调报告不一致，请核实")
        for step in duty_queries.open_steps(
            SYSTEM, "9901", kinds=("contact2.observation",), until=clock.now() + 2 * clock.DAY
        )[:2]:
            code = subjects.describe("contact", [step.duty.subject_id])[step.duty.subject_id].code
            tracing.not_reached(self._holder(step.account_id, step.organisation.name_zh), code, "敲门无人应，电话未接")
        sweep()

    def isolate(self) -> None:
        """Some of those who are held are on a site with rooms; a trip is under way."""
        rooming = Rooming(self.city, self._who, PACK)
        for act in (rooming.open, partial(rooming.fill, self.outbreak), rooming.drive):
            self._at(DAYS - 1, LAST_HOUR, act)

    def search(self) -> None:
        """The venues hand in where people were, and contacts of one of the last cases are looked for: they wait for a decision."""
        movements.record(self.city, self.outbreak, self._day(DAYS - 1))
        one = next(one for one in reversed(self.people) if one.case and one.county == "990101")
        self._at(DAYS - 1, LAST_HOUR, partial(self._search_around, one))

    def _decide(self, day: int) -> None:
        """Three days before the end a question is asked, answered and decided: how hard to go on."""
        if day != DAYS - 4:
            return
        chief = self._who("leader", "9901")
        asked = deciding.ask(
            chief, QuestionForm(
                name="下一步检测、追踪、限聚到什么程度", area="9901", outbreak=self.outbreak, people=5000, infected=30, lead=1, days=90,
                detail="coarse", beds=120, runs=8, packs=("covid-19-cn-8", "covid-19-cn-9"),
            ),
        )  # fmt: skip
        assert asked.job is not None
        jobs.run(asked.job.pk)
        answer = questions.question(chief, asked.code).answer
        assert answer is not None
        deciding.choose_policy(chief, asked.code, answer.knee, "按建议方案执行，三日后复核")

    def _search_around(self, one: _Infected) -> None:
        by = self._who("investigator", one.county)
        search = tracing.find_contacts(by, SearchForm(cases=[one.case], why="夜间流调，按场所码查找密接"))
        assert search.job is not None
        jobs.run(search.job.pk)

    def _trace(self, today: Sequence[_Infected], day: int) -> None:
        for one in today:
            by = self._who("investigator", one.county)
            self._walk(by, one)
            grid, number = one.household
            family = [code for code in self.city.households[grid][number] if code != one.person]
            met: list[_Meeting] = [(code, one.household, {"household": True}, "住所", "home", 0.3) for code in family]
            for place, setting, facts in self.rng.sample(_SETTINGS, 2):
                home = self._new_household(
                    one.county if self.rng.random() < 0.5 else self.rng.choice(fictional.COUNTIES)[0]
                )
                pair = self.city.households[home[0]][home[1]][:2]
                met += [(code, home, facts, place, setting, 0.3) for code in pair]
            home = self._new_household(one.county)
            met.append((self.city.households[home[0]][home[1]][0], home, {"setting": "shop"}, "满仓超市", "shop", 0.0))
            for meeting in met:
                self._meet(by, one, meeting, day)

    def _meet(self, by: Actor, one: _Infected, meeting: "_Meeting", day: int) -> None:
        code, home, facts, place, setting, risk = meeting
        met_on = self._day(day - (0 if setting == "home" else self.rng.choice((1, 1, 2))))
        start = clock.local_midnight(met_on) + timedelta(hours=7 if setting == "home" else 12)
        judged = tracing.expose(
            by,
            ExposureForm(
                case=one.case, person=code, from_at=start, to_at=start + timedelta(minutes=55), minutes=55, place_text=place,
                facts=facts,
            ),
        )  # fmt: skip
        if not judged.contact:
            return
        if judged.category == "contact" and setting != "home" and self.rng.random() < 0.6:
            for other in self.city.households[home[0]][home[1]][2:3]:
                tracing.expose(
                    self._who("investigator", home[0][:6]),
                    ExposureForm(
                        contact_of=judged.contact, person=other, from_at=start + timedelta(hours=8), to_at=clock.now(),
                        place_text="住所", facts={"household": True, "higher_risk_contact": True},
                    ),
                )  # fmt: skip
        known = {one.person for one in self.people}
        onset = day + self.rng.choice((1, 2, 2, 3))
        if code not in known and self.rng.random() < risk and len(self.people) < MOST:
            self.people.append(_Infected(code, home[0][:6], onset, onset + 1, home, contact=judged.contact))

    def _walk(self, by: Actor, one: _Infected) -> None:
        """The last three days before the report, as the interview has them."""
        stays = []
        for back in (3, 2, 1):
            begun = clock.local_midnight(self._day(one.reported - back)) + timedelta(hours=8 + self.rng.randint(0, 3))
            for stop in range(2):
                start = begun + timedelta(hours=4 * stop)
                minutes, name = self.rng.choice((25, 40, 90)), self.rng.choice(_VISITED)
                came = start + timedelta(minutes=round(20 * self.rng.random()))
                left = came + timedelta(minutes=minutes + round(10 * self.rng.random()))
                place, masked = self.city.land.venues[one.county, name], self.rng.random() < 0.6
                stays.append(StayForm(from_at=came, to_at=left, place=place, masked=masked, with_whom=""))
        tracing.add_stays(by, one.case, stays)

    def _draw(self, day: int) -> None:
        """What the rule proposes is decided on and published, but for what came in on the last two days in the other counties."""
        chief = self._who("leader", "9901")
        if (
            day == 0
        ):  # nobody's track leads here, so a person proposes it; no infection follows, so that it comes down by its rule
            cinema = UnitForm(kind="place", ref=self.city.land.venues["990102", "星光影城"])
            form = ZoneForm(level="medium", units=(cinema,))
            drawing.propose(self._who("investigator", "990102"), self.outbreak, form, "首例到访星光影城，场次待核实")
            market = UnitForm(kind="place", ref=self.city.land.venues["990103", _VISITED[0]])
            form = ZoneForm(level="medium", units=(market,))
            drawing.propose(self._who("investigator", "990103"), self.earlier, form, "来访者停留，本人已转回居住地治疗")
        zoning.accept(
            chief, "情况属实，同意划定", keep=lambda row: day >= DAYS - 2 and not row.area.startswith("990101")
        )

    def _come_down(self, day: int) -> None:
        """Areas whose days are over are tested and come down; on the last day nobody has tested yet, so one thing is missing."""
        if day < DAYS - 1:
            zoning.come_down(
                self._who("leader", "9901"), "连续无新增感染者，筛查均为阴性",
                tested=lambda row: zones.inside(SYSTEM, row.code).people,
            )  # fmt: skip
        drawing.catch_up(SYSTEM)

    def _close_earlier(self, day: int) -> None:
        """The earlier outbreak is closed once its areas are lifted."""
        if day == DAYS - 2:
            cases.close_outbreak(SYSTEM, self.earlier, "区域均已解除，无续发病例")

    def _tell(self, day: int) -> None:
        """The commander signs the report of the day before, and lets its numbers be told; on the last day it still lies as a draft."""
        if day == 0:
            return
        chief = self._who("leader", "9901")
        row = reports.draft(chief, self.outbreak, "9901", self._day(day - 1))
        if day < DAYS - 1:
            told = {
                "remarks_zh": "疫情处置有序，流调和转运按时限推进。",
                "remarks_en": "Handled in order; tracing and transfers keep to their times.",
            }
            row = reports.remark(chief, row.code, row.edition, **told, is_public=True)
            reports.sign(chief, row.code, row.edition)

    def _hold(self) -> None:
        """Whoever is watched and not yet held is brought to the site (close contacts) or stays at home; one in twenty waits."""
        for step in duty_queries.open_steps(SYSTEM, "9901", kinds=("contact.notification", "contact2.observation")):
            contact_id, to_site = step.duty.subject_id, step.kind == "contact.notification"
            if contact_id not in self.held and (step.key == "transfer" or not to_site) and contact_id % 20:
                self.held.add(contact_id)
                self._bring(contact_id, step.area, "site" if to_site else "home")

    def _bring(self, contact_id: int, area: str, where: str) -> None:
        code = subjects.describe("contact", [contact_id])[contact_id].code
        by = self._who("investigator", area[:6])
        for which in ("person", "place"):
            tracing.clear(by, code, which)
        site = self.city.organisations["isolation_site", area[:6]]
        tracing.hold(by, code, where, organisation=site if where == "site" else None)

    def _work(self, day: int, prefix: str, share: float) -> None:
        """Staff do what is due today, most of it; the evidence is that all is well."""
        end = clock.local_midnight(self._day(day + 1))
        for step in duty_queries.open_steps(SYSTEM, "9901", until=end, limit=3000):
            decided = subjects.reserved_for(step.kind) or step.key == "zones"
            if not step.kind.startswith(prefix) or decided or self.luck.random() > share:
                continue
            wanted = duty_queries.evidence_wanted(duty_queries.rule(step.duty), step.key)
            evidence = {name: _EVIDENCE.get(name, "已办") for name in wanted}
            try:
                duties.complete(self._holder(step.account_id, step.organisation.name_zh), step.pk, evidence)
            except Refusal as refusal:
                if refusal.code not in ("out_of_order", "already_settled"):
                    raise

    # ── who and when ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _day(self, number: int) -> date:
        return self.first + timedelta(days=number)

    def _new_household(self, county: str) -> tuple[str, int]:
        """A household of the county that is not yet in the story, as long as there is one."""
        homes = [
            (grid, number)
            for grid, there in self.city.households.items()
            if grid.startswith(county)
            for number in range(len(there))
        ]
        home = self.rng.choice([one for one in homes if one not in self.used] or homes)
        self.used.add(home)
        return home

    def _who(self, login: str, county: str) -> Actor:
        """The demonstration account of that name where the county is its own, else a colleague elsewhere (the system, named)."""
        account = next(one for one in ACCOUNTS if one.login == login)
        if county.startswith(account.area):
            return actor_for(accounts.of_id(self.city.accounts[login]), "web")
        return replace(SYSTEM, name=f"{county} {account.zh.partition('：')[0]}", channel="web")

    def _holder(self, account_id: int | None, organisation: str) -> Actor:
        if account_id is not None:
            return actor_for(accounts.of_id(account_id), "web")
        return replace(SYSTEM, name=organisation, channel="web")


def _at_once(work: Callable[[int, str, float], None], day: int, prefix: str, share: float) -> None:
    """What staff do in the same hour, as one unit of work: a third of the time it would take one by one."""
    _unit(SYSTEM, work, day, prefix, share)


@action
def _unit(_by: Actor, work: Callable[[int, str, float], None], day: int, prefix: str, share: float) -> None:
    work(day, prefix, share)
