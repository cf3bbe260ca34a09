"""Static files: kept for ever by browsers, sent small, and under a new address as soon as one of them changes."""

import gzip
from pathlib import Path

import pytest
from django.test import Client

from fangxian.site import fingerprint


def test_an_address_stands_for_the_content_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("one")
    before = fingerprint.of([tmp_path], ["django"])
    assert before == fingerprint.of([tmp_path], ["django"]) and len(before) == 10
    (tmp_path / "a.js").write_text("two")
    changed = fingerprint.of([tmp_path], ["django"])
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert len({before, changed, fingerprint.of([tmp_path], ["django"])}) == 3


@pytest.mark.parametrize("name", ["web/js/page.js", "web/css/tokens.css", "web/icons.svg"])
def test_a_file_is_sent_small_and_kept_for_ever(name: str) -> None:
    from django.templatetags.static import static

    answer = Client().get(static(name), headers={"accept-encoding": "gzip"})
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert "immutable" in answer["Cache-Control"] and "max-age=315360000" in answer["Cache-Control"]
    assert answer["Content-Encoding"] == "gzip" and len(body) < len(gzip.decompress(body))
