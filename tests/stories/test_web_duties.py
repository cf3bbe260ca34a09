"""My duties on a page: sorted by what is latest, done with evidence, refused in words, nothing typed lost."""

import re
from typing import Any

import pytest

from fangxian.core import accounts, journal
from fangxian.core.access import SYSTEM, Grant
from fangxian.core.models import Account
from fangxian.duties import actions, queries
from fangxian.duties.models import Step
from fangxian.tracing import queries as tracing
from fangxian.web.duties import cards
from tests.support import world
from tests.support.web import HTMX, NOW, signed_in
from tests.support.world import WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


def _step(city: World, post: str, kind: str, key: str = "") -> Any:
    """The first open step of that kind among somebody's duties."""
    mine = queries.my_steps(city.actor(post), limit=1000)
    return next(one for one in mine if one.kind == kind and one.key.startswith(key))


def test_the_latest_comes_first_with_its_lateness_in_words(city: World) -> None:
    page = signed_in(city, "grid").get("/").content.decode()
    late = re.findall(
        r'<time class="clock" datetime="([^"]+)" data-tone="(\w+)"[^>]*>.*?<span>([^<]+)</span>', page, re.S
    )
    assert [one[0] for one in late] == sorted(one[0] for one in late)
    assert late[0][1] == "late" and "逾期" in late[0][2]
    assert late[-1][1] == "calm" and "剩余" in late[-1][2]


def test_each_duty_says_who_by_when_under_which_clause(city: World) -> None:
    page = signed_in(city, "nurse", "en").get("/").content.decode()
    assert "Daily check" in page and "Central isolation daily" in page
    assert "grade B" in page or "grade G" in page
    assert "covid-19-cn-9@" in page
    assert "阿依古丽" not in page and "محمد" not in page, "names are masked"


@pytest.mark.parametrize(("show", "is_shown"), [("late", lambda due: due <= NOW), ("today", lambda due: due > NOW)])
def test_the_filters_show_what_they_say_and_count_it(city: World, show: str, is_shown: Any) -> None:
    client = signed_in(city, "nurse")
    page = client.get("/", {"show": show})
    due = [card.step.due_at for card in page.context["cards"]]
    assert due and all(is_shown(one) for one in due)
    counts = {key: count for key, _name, count, _current in page.context["tabs"]}
    assert counts["late"] + counts["today"] < counts["all"]


def test_pages_follow_each_other_without_gap_or_repeat(city: World) -> None:
    client = signed_in(city, "nurse")
    wanted = [step.pk for step in queries.my_steps(city.actor("nurse"), limit=1000)]
    seen: list[int] = []
    address: dict[str, str] = {}
    while True:
        context = client.get("/", address).context
        seen += [card.step.pk for card in context["cards"]]
        if not context["after"]:
            break
        address = {"after": context["after"]}
    assert seen == wanted and len(seen) > 3 * 15


def test_a_visit_is_saved_with_its_evidence_and_the_card_makes_room(city: World) -> None:
    step = _step(city, "nurse", "contact.observation", "visit")
    form = {f"s{step.pk}-temperature": "３６．８℃", f"s{step.pk}-symptoms": "none"}
    answer = signed_in(city, "nurse").post(f"/duties/{step.pk}/complete/", form, **HTMX)
    assert answer.status_code == 200 and "已完成" in answer.content.decode()
    step.refresh_from_db()
    assert step.state == "done" and step.evidence == {"temperature": 36.8, "symptoms": "none"}
    assert 'hx-swap-oob="true"' in answer.content.decode(), "the counts follow"


def test_symptoms_at_a_visit_propose_a_case(city: World) -> None:
    step = _step(city, "nurse", "contact.observation", "visit")
    form = {f"s{step.pk}-temperature": "38.9", f"s{step.pk}-symptoms": "some"}
    signed_in(city, "nurse").post(f"/duties/{step.pk}/complete/", form, **HTMX)
    code = next(code for code in city.contacts if tracing.contact(SYSTEM, code).row.id == step.duty.subject_id)
    assert tracing.contact(SYSTEM, code).row.suspected_at == NOW


@pytest.mark.parametrize("temperature", ["", "warm", "3.68", "368"])
def test_evidence_that_cannot_be_is_refused_at_its_field_and_stays_typed(city: World, temperature: str) -> None:
    step = _step(city, "nurse", "contact.observation", "visit")
    form = {f"s{step.pk}-temperature": temperature, f"s{step.pk}-symptoms": "none"}
    answer = signed_in(city, "nurse").post(f"/duties/{step.pk}/complete/", form, **HTMX)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'class="fault"' in page and 'aria-invalid="true"' in page
    assert f'value="{temperature}"' in page or not temperature
    assert re.search(r'value="none"[^>]*checked', page), "the choice made is still made"
    step.refresh_from_db()
    assert step.state == "open"


def test_who_comes_second_is_told_who_was_first_and_loses_nothing(city: World) -> None:
    step = _step(city, "nurse", "contact.observation", "visit")
    actions.complete(city.actor("duty"), step.pk, {"temperature": 36.5, "symptoms": "none"})
    form = {f"s{step.pk}-temperature": "37.1", f"s{step.pk}-symptoms": "none"}
    answer = signed_in(city, "nurse").post(f"/duties/{step.pk}/complete/", form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "苏望" in page and "已于" in page
    assert "37.1" in page, "what the second one typed is still there"


def test_not_reached_is_on_record_and_the_duty_stays_open(city: World) -> None:
    step = _step(city, "grid", "contact.notification", "reach")
    address = f"/duties/{step.pk}/not-reached/"
    assert signed_in(city, "grid").post(address, {"reason": ""}, **HTMX).status_code == 422
    assert signed_in(city, "grid").post(address, {"reason": "三次电话无人接听"}, **HTMX).status_code == 200
    step.refresh_from_db()
    assert step.state == "open"
    told = [entry for entry in journal.of("contact", step.duty.subject_id) if entry.action == "contact.not_reached"]
    assert told[-1].content["note"] == "三次电话无人接听"


def test_waiving_needs_the_right_and_a_reason(city: World) -> None:
    step = _step(city, "duty", "case.transfer")
    grid = _step(city, "grid", "contact.notification")
    assert signed_in(city, "grid").post(f"/duties/{grid.pk}/waive/", {"reason": "不需要"}).status_code == 403
    officer = signed_in(city, "duty")
    answer = officer.post(f"/duties/{step.pk}/waive/", {"reason": " "}, **HTMX)
    assert answer.status_code == 422 and "须写明理由" in answer.content.decode()
    assert officer.post(f"/duties/{step.pk}/waive/", {"reason": "已在定点医院就诊"}).status_code == 302
    step.refresh_from_db()
    assert (step.state, step.reason) == ("waived", "已在定点医院就诊")


def test_handing_over_offers_posts_around_and_moves_the_step(city: World) -> None:
    step = _step(city, "duty", "case.transfer")
    officer = signed_in(city, "duty")
    form = officer.get(f"/duties/{step.pk}/hand-over/").context["form"]
    offered = [key for _group, choices in form.fields["to"].choices[1:] for key, _name in choices]
    mine = next(key for key in offered if key.startswith("o"))
    answer = officer.post(f"/duties/{step.pk}/hand-over/", {"to": mine, "reason": "由急救中心派车"})
    assert answer.status_code == 302
    before = step.organisation_id, step.account_id
    step.refresh_from_db()
    assert (step.organisation_id, step.account_id) != before and step.account_id is None
    bad = officer.post(f"/duties/{step.pk}/hand-over/", {"to": "o999999", "reason": "试试"}, **HTMX)
    assert bad.status_code == 422 or bad.status_code == 404


def test_a_step_of_another_place_is_unknown(city: World) -> None:
    step = _step(city, "nurse", "contact.observation")
    for method in ("get", "post"):
        answer = getattr(signed_in(city, "stranger"), method)(
            f"/duties/{step.pk}/" + ("complete/" if method == "post" else "")
        )
        assert answer.status_code == 404
        assert step.duty.pack not in answer.content.decode()
    nothing = signed_in(city, "stranger").get(f"/duties/{2**40}/")
    assert nothing.status_code == 404


def test_nothing_to_do_says_what_happens_next(city: World) -> None:
    page = signed_in(city, "leader", "en").get("/").content.decode()
    assert "No open duties." in page and "as soon as a protocol gives you one" in page


def test_an_address_that_was_tampered_with_is_refused_in_words(city: World) -> None:
    answer = signed_in(city, "nurse").get("/", {"after": "yesterday_7"})
    assert answer.status_code == 422 and "此链接无法继续" in answer.content.decode()


def test_who_has_no_duties_begins_at_what_is_theirs(city: World) -> None:
    assert signed_in(city, "resident").get("/")["Location"] == "/me/"
    assert signed_in(city, "auditor").get("/")["Location"] == "/coverage/"


def test_a_house_shares_out_its_duties_by_role_and_what_nobody_is_there_for_is_everybodys(city: World) -> None:
    site = city.bodies["site"]
    accounts.create_account(
        SYSTEM, "crew", "贺一舟", grants=[Grant("transfer_team", WANGCHAO, site)], password=world.PASSWORD
    )
    city.staff["crew"] = Account.objects.get(login="crew")
    Step.objects.filter(organisation_id=site, account__isnull=False).update(account=None)
    roles = {step.role for step in queries.my_steps(city.actor("nurse"), limit=1000)}
    assert {"site_nurse", "sampler"} <= roles, "nobody at the site takes swabs alone, so the nurse does"
    assert {step.role for step in queries.my_steps(city.actor("crew"), limit=1000)} == {"sampler"}

    accounts.deactivate(SYSTEM, city.staff["nurse"].pk, "moved away")
    assert roles <= {step.role for step in queries.my_steps(city.actor("crew"), limit=1000)}, "nothing is nobody's"


def test_no_card_leads_to_a_page_that_is_closed_to_its_reader(city: World) -> None:
    """A case is visited at home by somebody who may not read the record of a patient."""
    mine = queries.my_steps(city.actor("reviewer"), limit=1000)
    step = next(one for one in mine if one.duty.subject_kind == "case" and one.state == "open")
    assert cards.card(city.actor("reviewer"), step).url
    assert not cards.card(city.actor("grid"), step).url


def test_a_clinic_sees_whom_it_reported(city: World) -> None:
    client = signed_in(city, "clinic")
    for part in ("", "person/", "duties/"):
        page = client.get(f"/cases/{city.cases[0]}/{part}")
        assert page.status_code == 200
        for address in re.findall(r'href="(/(?:duties|cases)/[^"#?]+)"', page.content.decode()):
            assert client.get(address).status_code == 200, address
