"""The law of exports: a file holds exactly the lines, columns, order and words that its reader sees, whatever they arranged."""

import csv
import io
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fangxian.web import saying
from fangxian.web.cases.columns import COLUMNS
from tests.support import web
from tests.support.web import signed_in
from tests.support.world import World

pytestmark = pytest.mark.django_db
ORDERS = sorted({word for one in COLUMNS if one.order for word in (one.order, f"-{one.order}")})
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "classification": st.sampled_from(["confirmed", "suspected", "discarded"]),
        "reviewed": st.sampled_from(["reported", "returned", "county", "city"]),
        "origin": st.sampled_from(["local", "unknown"]),
        "onset_from": st.dates(date(2026, 2, 25), date(2026, 3, 5)).map(str),
        "area": st.sampled_from(["990101", "990102"]),
    },
)


class _Cells(HTMLParser):
    """The texts of the table's cells, line by line, without what stands below a value in small print."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in, self._below, self._body = False, False, False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self._body = self._body or tag == "tbody"
        if self._body and tag == "tr":
            self.rows.append([])
        elif self._body and tag in ("td", "th") and known.get("class") != "tick":
            self.rows[-1].append("")
            self._in = True
        elif known.get("class") == "cell-sub":
            self._below = True

    def handle_endtag(self, tag: str) -> None:
        self._body = self._body and tag != "tbody"
        if tag in ("td", "th"):
            self._in = False
        elif tag == "span":
            self._below = False

    def handle_data(self, data: str) -> None:
        if self._in and not self._below:
            self.rows[-1][-1] += data.strip()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    narrowed=FILTERS,
    order=st.sampled_from(ORDERS),
    keys=st.lists(st.sampled_from([one.key for one in COLUMNS]), unique=True, min_size=1, max_size=8),
    language=st.sampled_from(["zh-hans", "en"]),
)
def test_what_is_exported_is_what_is_seen(
    city: World, narrowed: dict[str, str], order: str, keys: list[str], language: str
) -> None:
    with web.a_test():
        client = signed_in(city, "city_reviewer", language)
        page = client.get("/cases/", {**narrowed, "order": order, "columns": ",".join(keys)})
        table = page.context["table"]
        asked = {"kind": "csv", "query": table.query, "purpose": "review"}
        answer: Any = client.post("/cases/export/", asked)
        sent = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
        shown = [row for row in _Cells(page.content.decode()).rows if row]
        assert [cell.lstrip("'") for cell in sent[0]] == [str(heading.column.name) for heading in table.headings]
        assert len(sent) - 1 == len(shown) == len(page.context["rows"])
        for line, row, seen in zip(sent[1:], page.context["rows"], shown, strict=True):
            assert len(line) == len(seen) == len(table.columns)
            for column, told, words in zip(table.columns, line, seen, strict=True):
                if column.labelled:  # a date: written as a date, said as the reader says it
                    value = getattr(row, column.key)
                    said = saying.day if column.key.endswith("_on") else saying.instant
                    with translation.override(language):
                        assert words == said(value)
                    assert bool(told) == (value is not None)
                else:
                    assert told.lstrip("'") == words.replace("–", "") or told == words
