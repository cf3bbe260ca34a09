"""The page of a case at work: its course, its track edited by several people, exposures judged before they are saved."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.cases import actions as case_actions
from fangxian.core import clock, ids, journal
from fangxian.core.access import SYSTEM
from fangxian.registry import actions as registry
from fangxian.registry.schemas import PersonForm
from fangxian.tracing import actions, queries
from fangxian.tracing.schemas import ExposureForm, StayForm
from fangxian.web.cases.tracks import lay_out
from tests.support.web import HTMX, NOW, signed_in
from tests.support.world import LANYUE, NAMES, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]
BUDGET = 12


def _pages(city: World) -> dict[str, str]:
    case = city.cases[0]
    track = queries.track(SYSTEM, case)
    (first, *_rest) = queries.exposures(SYSTEM, case=case)
    return {
        "track": f"/cases/{case}/track/",
        "track map": f"/cases/{case}/track/map/",
        "add a stay": f"/cases/{case}/track/add/",
        "correct a stay": f"/cases/{case}/track/{track.stays[0].id}/",
        "places": f"/cases/{case}/track/places/?where=市场",
        "enter an exposure": f"/cases/{case}/exposures/add/",
        "correct an exposure": f"/cases/{case}/exposures/{first.id}/",
        "follow-up": f"/cases/{case}/follow-up/",
        "exposures": f"/cases/{case}/contacts/",
        "outbreaks": "/outbreaks/",
        "outbreak": f"/outbreaks/{city.outbreak}/",
    }


PAGES = (
    "track", "track map", "add a stay", "correct a stay", "places", "enter an exposure", "correct an exposure", "follow-up",
    "exposures", "outbreaks", "outbreak",
)  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_each_page_opens_within_its_budget_and_masks_everybody(city: World, page: str, language: str) -> None:
    address = _pages(city)[page]
    client = signed_in(city, "investigator", language)
    client.get(address)
    with CaptureQueriesContext(connection) as counted:
        answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[-1500:]
    listed = "\n".join(query["sql"][:150] for query in counted.captured_queries)
    assert len(counted) <= BUDGET, f"{len(counted)} queries\n{listed}"
    text = answer.content.decode()
    assert "style=" not in text and not re.search(r"<script(?![^>]*src=)", text)
    assert not any(name in text for name in (NAMES[0], NAMES[6], NAMES[7]))


@pytest.mark.parametrize("page", PAGES[:9])
@pytest.mark.parametrize("post", ["stranger", "grid", "clinic"])
def test_who_may_not_know_the_case_gets_the_same_404_everywhere(city: World, page: str, post: str) -> None:
    answer = signed_in(city, post).get(_pages(city)[page])
    text = answer.content.decode()
    assert answer.status_code in (403, 404)
    assert "江**" not in text and "渔港" not in text
    if post == "stranger":
        unknown = signed_in(city, post).get(_pages(city)[page].replace(city.cases[0], "0000000000"))
        assert answer.status_code == unknown.status_code == 404


def test_the_course_is_drawn_with_its_window_and_says_itself_in_words(city: World) -> None:
    text = signed_in(city, "investigator", "en").get(f"/cases/{city.cases[0]}/").content.decode()
    (said,) = re.findall(r'role="img" aria-label="([^"]*onset[^"]*)"', text)
    assert [word for word in ("onset", "sampled", "diagnosed", "reported") if word in said] == [
        "onset", "sampled", "diagnosed", "reported",
    ]  # fmt: skip
    course = text[text.index('class="course"') :]
    assert 'class="window"' in course and 'class="span ill"' in course and 'class="now"' in course


# ── the track ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_track_is_drawn_by_local_day_with_lanes_gaps_and_contradictions(city: World) -> None:
    case, by = city.cases[0], city.actor("investigator")
    known = queries.track(by, case)
    home = known.stays[1]
    actions.add_stay(
        by, case, StayForm(from_at=home.from_at, to_at=home.from_at + timedelta(hours=1), place_text="车站")
    )
    drawing = lay_out(queries.track(by, case))
    assert sum(len(row.gaps) for row in drawing.rows) >= 5, "unknown hours are cut at midnight"
    lanes = {line.stay.place_name: line.lane for line in drawing.lines}
    assert lanes["渔港社区 3 幢"] != lanes["车站"]
    assert {line.stay.place_name for line in drawing.lines if line.doubtful} == {"渔港社区 3 幢", "车站"}
    parts = [part for row in drawing.rows for part in row.stays if part.stay and part.stay.id == home.id]
    share = sum(float(part.width.rstrip("%")) for part in parts)
    assert share == pytest.approx(100 * 8 / 24, abs=0.01), "eight hours, wherever midnight falls"
    text = signed_in(city, "investigator").get(f"/cases/{case}/track/").content.decode()
    assert text.count("data-doubtful") >= 4 and 'fill="url' not in text


def test_a_stay_is_entered_with_a_place_that_was_suggested(city: World) -> None:
    case = city.cases[0]
    place = registry.create_place(
        SYSTEM, registry.PlaceForm(kind="market", name_zh="望潮农贸市场", area="990101", lon=112.0, lat=3.9)
    )
    client = signed_in(city, "investigator")
    offered = client.get(f"/cases/{case}/track/places/", {"where": "农贸"}).content.decode()
    assert f'value="望潮农贸市场 · {place.code}"' in offered
    entered = {
        "where": f"望潮农贸市场 · {place.code}", "from_at": "2026-03-03T09:00", "to_at": "2026-03-03T09:40", "source": "camera",
        "masked": "no", "with_whom": "𠮷川、阿依古丽·买买提江 😷", "reason": "补调农贸市场监控",
    }  # fmt: skip
    unexplained = client.post(f"/cases/{case}/track/add/", entered | {"reason": ""})
    assert unexplained.status_code == 422 and "reason" in unexplained.context["form"].errors
    assert client.post(f"/cases/{case}/track/add/", entered).status_code == 302
    stay = next(one for one in queries.track(SYSTEM, case).stays if one.place == place.code)
    assert (stay.masked, stay.source, stay.lon, stay.with_whom) == (
        False,
        "camera",
        112.0,
        "𠮷川、阿依古丽·买买提江 😷",
    )
    assert stay.from_at.astimezone(clock.zone()).hour == 9, "hours are those of the deployment"
    line = list(journal.read(prefix="track.added"))[-1]
    assert line.content["reason"] == "补调农贸市场监控"
    offered = client.get(f"/cases/{case}/track/add/").context["form"]["reason"].value()
    assert offered == "补调农贸市场监控", "stay after stay of one interview"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"where": ""}, "where"), ({"to_at": "2026-03-03T08:00"}, "to_at"), ({"from_at": "2027-01-01T08:00"}, "from_at"),
        ({"where": f"码头 · {ids.new_code()}"}, "where"), ({"with_whom": "人" * 201}, "with_whom"), ({"source": "gossip"}, "source"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field_and_stays_typed(city: World, wrong: dict[str, str], field: str) -> None:
    entered = {
        "where": "码头",
        "from_at": "2026-03-03T09:00",
        "to_at": "2026-03-03T09:40",
        "source": "interview",
        "reason": "电话补调",
    } | wrong
    answer = signed_in(city, "investigator").post(f"/cases/{city.cases[0]}/track/add/", entered)
    assert 400 <= answer.status_code < 500
    assert field in answer.context["form"].errors
    assert all(str(answer.context["form"][name].value()) == value for name, value in entered.items())


def _moved(city: World, place: int = 0) -> tuple[Any, dict[str, Any]]:
    stay = queries.track(SYSTEM, city.cases[0]).stays[place]
    start = (stay.from_at + timedelta(minutes=25)).astimezone(clock.zone())
    end = stay.to_at.astimezone(clock.zone()) if stay.to_at else None
    posted = {
        "stay": stay.id, "version": stay.version, "from_at": f"{start:%Y-%m-%dT%H:%M}",
        "to_at": f"{end:%Y-%m-%dT%H:%M}" if end else "", "reason": "监控显示晚到二十五分钟",
    }  # fmt: skip
    return stay, posted


def test_dragging_saves_times_alone_with_the_reason(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "investigator")
    stay, posted = _moved(city)
    answer = client.post(f"/cases/{case}/track/times/", posted, **HTMX)
    assert answer.status_code == 200 and "已保存" in answer.content.decode()
    now = queries.track(SYSTEM, case).stays[0]
    assert (now.from_at, now.version) == (stay.from_at + timedelta(minutes=25), stay.version + 1)
    assert (now.place_name, now.with_whom, now.lon) == (stay.place_name, stay.with_whom, stay.lon)
    (line,) = journal.of("case", _id(case), actions=("track.edited",))
    assert line.content["reason"] == "监控显示晚到二十五分钟" and line.actor == "陆远山"
    assert client.post(f"/cases/{case}/track/times/", posted | {"reason": ""}, **HTMX).status_code == 422


def test_two_people_drag_one_stay_and_the_second_sees_the_first_and_loses_nothing(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "investigator")
    stay, posted = _moved(city)
    theirs = StayForm(from_at=stay.from_at - timedelta(hours=1), to_at=stay.to_at, place_text=stay.place_name)
    actions.edit_stay(SYSTEM, stay.id, theirs, "票务记录", stay.version)
    answer = client.post(f"/cases/{case}/track/times/", posted, **HTMX)
    text = answer.content.decode()
    assert answer.status_code == 409 and "system" in text and "期间已被改动" in text
    form = text[text.index("data-track-form") :]
    assert "hidden>" not in form[: form.index(">") + 1]
    assert f'value="{posted["from_at"]}"' in form and posted["reason"] in form
    assert f'name="version" value="{stay.version + 1}"' in form, "saved again, it is on the newest version"
    again = client.post(f"/cases/{case}/track/times/", posted | {"version": stay.version + 1}, **HTMX)
    assert again.status_code == 200
    assert queries.track(SYSTEM, case).stays[0].from_at == stay.from_at + timedelta(minutes=25)


def test_a_form_on_an_old_version_shows_both_values(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "investigator", "en")
    stay, _posted = _moved(city)
    address = f"/cases/{case}/track/{stay.id}/"
    form = client.get(address).context["form"]
    typed = {name: "" if form[name].value() is None else str(form[name].value()) for name in form.fields}
    typed |= {name: f"{getattr(stay, name).astimezone(clock.zone()):%Y-%m-%dT%H:%M}" for name in ("from_at", "to_at")}
    theirs = StayForm(from_at=stay.from_at, to_at=stay.to_at, place_text="灯塔街道 8 号", with_whom="同事两人")
    actions.edit_stay(SYSTEM, stay.id, theirs, "走访核实", stay.version)
    mine = typed | {"with_whom": "邻居", "reason": "asked the neighbour"}
    conflict = client.post(address, mine)
    assert conflict.status_code == 409
    rows = {name: (now, entered) for name, now, entered in conflict.context["theirs"]}
    assert rows["With whom"] == ("同事两人", "邻居") and rows["Where"][0] == "灯塔街道 8 号"
    assert "asked the neighbour" in conflict.content.decode()
    saved = client.post(address, mine | {"version": conflict.context["form"]["version"].value()})
    assert saved.status_code == 302
    assert queries.track(SYSTEM, case).stays[0].with_whom == "邻居"


def test_a_stay_is_taken_off_with_a_reason_once(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "investigator", "en")
    stay, _posted = _moved(city)
    address = f"/cases/{case}/track/{stay.id}/remove/"
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "wrong person", "version": stay.version + 7}).status_code == 409
    assert client.post(address, {"reason": "wrong person", "version": stay.version}).status_code == 302
    assert stay.id not in {one.id for one in queries.track(SYSTEM, case).stays}
    assert client.post(address, {"reason": "wrong person"}).status_code == 404


def test_who_may_only_look_is_offered_nothing_to_change(city: World) -> None:
    text = signed_in(city, "leader").get(f"/cases/{city.cases[0]}/track/").content.decode()
    assert "data-track-form" not in text and "/track/add/" not in text
    stay, posted = _moved(city)
    assert signed_in(city, "leader").post(f"/cases/{city.cases[0]}/track/times/", posted).status_code == 403
    assert signed_in(city, "stranger").post(f"/cases/{city.cases[0]}/track/times/", posted).status_code == 404
    other = signed_in(city, "investigator").post(f"/cases/{city.cases[2]}/track/times/", posted)
    assert other.status_code == 404, "a stay is reached through its own case only"
    assert queries.track(SYSTEM, city.cases[0]).stays[0].version == stay.version


# ── exposures ──────────────────────────────────────────────────────────────────────────────────────────────────────────

LUNCH = {"setting": "restaurant", "from_at": "2026-03-03T12:00", "to_at": "2026-03-03T13:00", "source": "interview"}


def test_the_protocol_says_what_it_would_be_before_anything_is_saved(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "investigator", "en")
    address = f"/cases/{case}/exposures/proposal/"
    before = len(queries.exposures(SYSTEM, case=case))
    near = client.post(address, LUNCH | {"facts": ["same_table", "poorly_ventilated"]}, **HTMX).content.decode()
    assert "Close contact" in near or "close contact" in near
    far = client.post(address, LUNCH | {"setting": "outdoors"}, **HTMX).content.decode()
    assert "no contact by it" in far and "Still worth asking" in far
    early = client.post(address, LUNCH | {"from_at": "2026-01-01T12:00", "to_at": "2026-01-01T13:00"}, **HTMX)
    assert "outside the infectious window" in early.content.decode()
    assert len(queries.exposures(SYSTEM, case=case)) == before
    assert signed_in(city, "stranger").post(address, LUNCH).status_code == 404
    assert signed_in(city, "leader").post(address, LUNCH).status_code == 403


def test_an_exposure_of_somebody_new_becomes_a_contact_with_its_clause(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "investigator", "en")
    entered = LUNCH | {"name": "محمد بن عبد الله", "phone": "13900001234", "facts": ["household"], "setting": "home"}
    answer = client.post(f"/cases/{case}/exposures/add/", entered, follow=True)
    text = answer.content.decode()
    assert answer.status_code == 200 and "Under watch" in text and "محمد بن" not in text
    one = max(queries.exposures(SYSTEM, case=case), key=lambda view: view.id)
    assert (one.category, one.setting) == ("contact", "home") and one.contact and one.entry
    assert f"#{one.entry}" in text, "why? names the journal's line"


def test_somebody_on_record_is_suggested_masked_and_only_to_who_may_see_them(city: World) -> None:
    case = city.cases[0]
    code = registry.register_person(SYSTEM, PersonForm(name="欧阳修竹", area="990101001001001", birth_year=1990)).code
    far = registry.register_person(SYSTEM, PersonForm(name="欧阳远客", area=LANYUE, birth_year=1990)).code
    client = signed_in(city, "investigator")
    offered = client.post(f"/cases/{case}/exposures/people/", {"known": "欧阳"}).content.decode()
    assert code in offered and far not in offered and "修竹" not in offered
    assert client.get(f"/cases/{case}/exposures/people/").status_code == 405, "names do not belong into addresses"
    value = re.findall(rf'value="([^"]*{code})"', offered)[0]
    assert client.post(f"/cases/{case}/exposures/add/", LUNCH | {"known": value}).status_code == 302
    wrong = client.post(f"/cases/{case}/exposures/add/", LUNCH | {"known": "欧阳"})
    assert wrong.status_code == 422 and "known" in wrong.context["form"].errors
    assert signed_in(city, "stranger").post(f"/cases/{case}/exposures/people/", {"known": "欧阳"}).status_code == 404


def test_an_exposure_is_corrected_with_a_reason_and_judged_anew(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "investigator")
    one = next(
        view for view in queries.exposures(SYSTEM, case=case) if view.category == "exposed" and not view.infected
    )
    address = f"/cases/{case}/exposures/{one.id}/"
    typed: dict[str, Any] = LUNCH | {"version": one.version, "facts": ["household"], "reason": "同住，此前漏问"}
    assert client.post(address, typed | {"reason": ""}).status_code == 422
    assert client.post(address, typed).status_code == 302
    now = next(view for view in queries.exposures(SYSTEM, case=case) if view.id == one.id)
    assert (now.category, now.version) == ("contact", one.version + 1)
    stale = client.post(address, typed | {"reason": "第二次"})
    assert stale.status_code == 409 and "陆远山" in stale.content.decode() and "第二次" in stale.content.decode()
    assert client.post(f"/cases/{city.cases[2]}/exposures/{one.id}/", typed).status_code == 404


def test_a_no_that_was_recorded_stays_a_no(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "investigator")
    one = next(view for view in queries.exposures(SYSTEM, case=case) if view.facts.get("protected") is False)
    typed: dict[str, Any] = LUNCH | {"version": one.version, "reason": "改时间"}
    assert client.post(f"/cases/{case}/exposures/{one.id}/", typed).status_code == 302
    now = next(view for view in queries.exposures(SYSTEM, case=case) if view.id == one.id)
    assert now.facts["protected"] is False


# ── follow-up, journal, outbreaks ──────────────────────────────────────────────────────────────────────────────────────


def test_the_calendar_has_a_row_for_each_contact_and_what_is_missing_first(city: World) -> None:
    answer = signed_in(city, "investigator", "en").get(f"/cases/{city.cases[0]}/follow-up/")
    grid = answer.context["grid"]
    assert {row.below for row in grid.rows} == set(city.contacts)
    late = [any(cell.tone == "late" for cell in row.cells) for row in grid.rows]
    assert late == sorted(late, reverse=True) and grid.missing
    assert sum(today for _day, today in grid.days) == 1
    assert len({len(row.cells) for row in grid.rows}) == 1
    visited = next(row for row in grid.rows if row.below == city.contacts[0])
    assert any("36.6" not in cell.tip and cell.state for cell in visited.cells)
    assert "icon" in answer.content.decode() and "done" in answer.content.decode(), "words beside every colour"


def test_why_leads_to_the_journal_for_who_may_read_it(city: World) -> None:
    case = city.cases[0]
    text = signed_in(city, "investigator").get(f"/cases/{case}/").content.decode()
    number = re.findall(r"#(\d+)</span></small>", text)[0]
    assert "/journal/?entry=" not in text
    found = signed_in(city, "auditor").get("/journal/", {"entry": number})
    assert [line["entry"].seq for line in found.context["lines"]] == [int(number)]
    for nonsense in ("99999999", "x", "-1", "9" * 40):
        assert signed_in(city, "auditor").get("/journal/", {"entry": nonsense}).status_code == 404
    assert signed_in(city, "investigator").get("/journal/", {"entry": number}).status_code == 403


def test_an_outbreak_is_opened_dated_and_closed_with_its_reason(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    assert client.post("/outbreaks/open/", {"name_zh": "", "pack": "measles", "area": "990101"}).status_code == 422
    opened = client.post("/outbreaks/open/", {"name_zh": "望潮麻疹", "pack": city_pack(client), "area": "990101"})
    assert opened.status_code == 302
    address = opened["Location"]
    days = {"emerged_on": "2026-02-20", "detected_on": "2026-02-25", "notified_on": "2026-02-24", "responded_on": ""}
    assert client.post(f"{address}milestones/", days).status_code == 422
    assert client.post(f"{address}milestones/", days | {"notified_on": "2026-02-26"}).status_code == 302
    page = client.get(address)
    assert [one.days for one in page.context["intervals"]][:2] == [5, 1]
    assert client.post(f"{address}close/", {"reason": ""}).status_code == 422
    assert client.post(f"{address}close/", {"reason": "two incubation periods without a case"}).status_code == 302
    text = client.get(address).content.decode()
    assert "two incubation periods" in text and "outbreak closed" in text
    assert signed_in(city, "investigator").post(f"{address}close/", {"reason": "no"}).status_code == 403
    assert signed_in(city, "stranger").get(address).status_code == 404
    assert signed_in(city, "investigator").get("/outbreaks/open/").status_code == 403


def city_pack(client: Any) -> str:
    """A protocol that is in force."""
    return str(client.get("/outbreaks/open/").context["form"].fields["pack"].choices[0][0])


def test_a_case_of_long_and_rare_names_shows_and_saves(city: World) -> None:
    by, client = city.actor("investigator"), signed_in(city, "investigator")
    for name in ("阿" * 40, "𠮷野家·🧪", "محمد الأمين بن عبد الرحمن"):
        judged = actions.expose(
            by, ExposureForm(person=city.person(name), case=city.cases[0], setting="home", facts={"household": True})
        )
        page = client.get(f"/contacts/{judged.contact}/")
        assert page.status_code == 200 and "<bdi>" in page.content.decode() and name not in page.content.decode()


def test_a_session_that_ends_while_a_track_is_edited_says_that_nothing_is_lost(city: World) -> None:
    from django.test import Client

    _stay, posted = _moved(city)
    answer = Client().post(f"/cases/{city.cases[0]}/track/times/", posted, **HTMX)
    assert answer.status_code == 401 and answer["HX-Retarget"] == "#notices"


def test_a_correction_after_the_last_level_is_shown_to_whoever_opens_the_case(city: World) -> None:
    case, client = city.cases[0], signed_in(city, "reviewer", "en")
    case_actions.review(SYSTEM, case, "approve")
    words = "Corrected after the review was complete."
    assert words not in client.get(f"/cases/{case}/").content.decode()
    with clock.at(NOW + timedelta(minutes=1)):
        case_actions.amend(city.actor("reviewer"), case, {"severity": "severe"}, _version(case))
        text = client.get(f"/cases/{case}/").content.decode()
    told = text[text.index(words) :][:900]
    assert "顾明舟" in told and "severity" in told


def _version(case: str) -> int:
    from fangxian.cases import queries as cases

    return cases.case(SYSTEM, case).version


def test_a_case_that_was_ruled_out_keeps_its_page(city: World) -> None:
    case = city.cases[2]
    case_actions.discard(SYSTEM, case, "复核阴性")
    client = signed_in(city, "investigator")
    for part in ("", "track/", "contacts/", "follow-up/", "chain/"):
        assert client.get(f"/cases/{case}/{part}").status_code == 200, part


def _id(case: str) -> int:
    from fangxian.cases import queries as cases

    found = cases.id_of(case)
    assert found is not None
    return found
