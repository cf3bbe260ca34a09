"""The pages of searches for contacts: begun from a case, watched, decided, taken along; no page asks once a line."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fangxian.core import jobs, journal
from fangxian.core.errors import NotFound
from fangxian.tracing import actions
from fangxian.tracing.models import Candidate, Contact, Search
from tests.support.county import COUNTY, OTHER_COUNTY, with_pack
from tests.support.night import Night, night
from tests.support.web import HTMX

pytestmark = pytest.mark.django_db
#: As for every page: nothing is asked once for each line.
BUDGET = 12


@pytest.fixture
def town() -> Iterator[Night]:
    with with_pack(), night() as town:
        guests = town.people(30)
        (stranger,) = town.people(1, area=OTHER_COUNTY)
        dinner = [(one, "diner", 29.9, 28 + at / 40) for at, one in enumerate(guests)]
        town.stay((town.patient, "diner", 30, 28), (stranger, "diner", 30, 28), *dinner)
        town.stay((guests[0], "office", 20, 16), *((one, "office", 20, 16) for one in town.people(5)))
        yield town


def browser(town: Night, post: str, language: str = "en") -> Client:
    account: Any = town.staff.accounts[post]
    get_user_model().objects.filter(pk=account.pk).update(language=language)
    client = Client()
    client.force_login(account)
    return client


def asked(client: Client, address: str) -> tuple[str, int]:
    client.get(address)  # what is read once and kept does not count
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode(), len([one for one in captured if "SAVEPOINT" not in one["sql"]])


def test_from_the_case_to_the_duties(town: Night) -> None:
    client = browser(town, "investigator")
    case = reverse("web:case", args=[town.index.code])
    begin = reverse("web:case_find", args=[town.index.code])
    assert begin in client.get(case).content.decode()
    page = client.get(begin).content.decode()
    assert "15 min" in page and "general knowledge" in page, "by which number, and how far it can be trusted"
    refused = client.post(begin, {"around": "case", "rings": "2", "why": ""})
    assert (refused.status_code, Search.objects.count()) == (422, 0)
    answer = client.post(begin, {"around": "case", "rings": "2", "why": "Night search"})
    search = Search.objects.get()
    address = reverse("web:search", args=[search.code])
    assert answer["Location"] == address
    waiting = client.get(address).content.decode()
    assert 'hx-trigger="every 1s"' in waiting and "<progress" in waiting
    assert search.job is not None
    jobs.run(search.job.pk)
    assert client.get(f"{address}?part=progress", **HTMX)["HX-Refresh"] == "true"
    page = client.get(address).content.decode()
    assert page.count("data-line") == 35 and "村民" not in page, "names are masked"
    first, second = own(search)[:2]
    decide = reverse("web:search_decide", args=[search.code])
    client.post(decide, {"candidate": [first.pk, second.pk], "do": "confirm", "query": "state=proposed"})
    assert Contact.objects.count() == 2
    struck = client.post(
        decide, {"candidate": [own(search)[2].pk], "do": "strike", "reason": "Sat outside"}, follow=True
    )
    assert "1 person struck." in struck.content.decode()
    told = client.get(f"{address}?state=struck").content.decode()
    assert told.count("data-line") == 1 and "Sat outside" in told


def own(search: Search) -> list[Candidate]:
    """Whom the county itself decides about, in the order of calling."""
    return list(Candidate.objects.filter(search=search, area__startswith=COUNTY).order_by("rank"))


def test_what_the_pages_cost_does_not_grow_with_the_lines(town: Night) -> None:
    search = town.search()
    client = browser(town, "investigator", "zh-hans")
    one, other = own(search)[0], next(one for one in own(search) if one.ring == 2)
    pages = [reverse("web:searches"), reverse("web:case_find", args=[town.index.code])]
    pages += [reverse(f"web:{name}", args=[search.code]) for name in ("search", "search_map")]
    pages += [reverse("web:candidate", args=[search.code, row.pk]) for row in (one, other)]
    for address in pages:
        _page, queries = asked(client, address)
        assert queries <= BUDGET, f"{queries}: {address}"


def test_somebody_elsewhere_sees_only_their_own_and_nothing_of_the_case(town: Night) -> None:
    search = town.search()
    address = reverse("web:search", args=[search.code])
    page = browser(town, "other_investigator").get(address).content.decode()
    assert page.count("data-line") == 1
    for secret in (town.index.code, "密接排查", "流调孙", "found in all</strong> · met a case 30"):
        assert secret not in page
    for post in ("grid", "clinic", "nurse"):
        assert browser(town, post).get(address).status_code in (403, 404)
    hidden = reverse("web:candidate", args=[search.code, own(search)[0].pk])
    assert browser(town, "other_investigator").get(hidden).status_code == 404


def test_the_file_has_the_lines_that_are_seen_and_the_journal_says_who_took_it(town: Night) -> None:
    search = town.search()
    client = browser(town, "investigator")
    address = reverse("web:search_export", args=[search.code])
    assert client.post(address, {"kind": "csv", "query": "state=proposed"}).status_code == 422, "what for?"
    answer = client.post(address, {"kind": "csv", "query": "state=proposed&ring=1", "purpose": "investigation"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 31 and rows[0][0] == "Order of calling"
    assert "村民" not in text
    (line,) = journal.of("search", search.pk, actions=("contacts.exported",))
    assert (line.purpose, line.content["rows"]) == ("investigation", 30)


def test_a_candidate_shows_every_time_together_and_is_revealed_for_a_purpose(town: Night) -> None:
    search = town.search()
    client = browser(town, "investigator")
    one = own(search)[0]
    page = client.get(reverse("web:candidate", args=[search.code, one.pk])).content.decode()
    assert "河口小馆" in page and town.index.code in page and "village" not in page
    reveal = reverse("web:candidate_reveal", args=[search.code, one.pk])
    shown = client.post(reveal, {"purpose": "investigation", "reason": "电话核实", "fields_wanted": ["name"]})
    assert "村民" in shown.content.decode()


def test_a_crowd_leads_to_a_notice_that_is_filled_in(town: Night) -> None:
    town.stay((town.patient, "mall", 26, 25), *((one, "mall", 26, 25) for one in town.people(40)))
    search = town.search(crowd=38)
    page = browser(town, "investigator").get(reverse("web:search", args=[search.code])).content.decode()
    assert "江城广场" in page and "10 to 49 people" in page
    link = page.split('class="button small" href="')[1].split('"')[0].replace("&amp;", "&")
    form = browser(town, "officer").get(link).content.decode()
    assert 'value="江城广场"' in form


def test_rubbish_in_a_form_is_refused_or_left_out(town: Night) -> None:
    search = town.search()
    client = browser(town, "investigator")
    one = own(search)[0]
    for rubbish in ("9" * 20, "9" * 5000, "²", "\0"):
        for name in ("searches", "search"):
            address = reverse(f"web:{name}", args=[search.code] if name == "search" else [])
            assert client.get(address, {"after": rubbish, "ring": rubbish, "state": rubbish}).status_code == 200, (
                rubbish
            )
        decide = reverse("web:search_decide", args=[search.code])
        for kind in ("confirm", "strike"):
            answer = client.post(decide, {"candidate": rubbish, "do": kind, "reason": "Sat outside", "query": rubbish})
            assert answer.status_code in (404, 422), rubbish
        begin = reverse("web:case_find", args=[town.index.code])
        for field in ("around", "tau", "rings", "crowd"):
            told = {"around": "case", "rings": "2", "why": "Night search", field: rubbish}
            assert client.post(begin, told).status_code == 422, (field, rubbish)
    with pytest.raises(NotFound):
        actions.confirm(town.actor("investigator"), search.code, [one.pk, 2**70])
    assert Contact.objects.count() == 0 and Search.objects.count() == 1
