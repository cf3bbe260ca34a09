"""The daily report: drafted by itself, signed by a person, corrected by a new version, and the same to the byte for ever."""

import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from docx import Document

from fangxian.cases import actions as cases
from fangxian.command.situation import actions, files, narrative, paper, queries
from fangxian.command.situation.frozen import thaw
from fangxian.command.situation.models import Produced, Sitrep
from fangxian.command.situation.paper import fonts
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from fangxian.text import Text
from tests.support.county import CITY, COUNTY, OTHER_COUNTY, PROVINCE, County, with_pack
from tests.support.pdf_text import text_of_pdf

FIRST = date(2024, 3, 4)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def at(number: int, hour: float) -> Any:
    return clock.at(clock.local_midnight(day(number)) + timedelta(hours=hour, microseconds=123_456))


def who(role: str, area: str = CITY, name: str = "") -> Actor:
    return Actor(None, name or f"{role} of {area}", (Grant(role, area),), "web")


@pytest.fixture
def county(db: None, settings: Any, tmp_path: Path) -> Iterator[County]:
    """Two cases on the first day, one on the second; it is the morning of the third."""
    settings.MEDIA_ROOT = tmp_path / "files"
    with with_pack():
        with at(0, 8):
            county = County.at()
            for _one in range(2):
                cases.report(SYSTEM, county.form())
        with at(1, 10):
            cases.report(SYSTEM, county.form())
        with at(2, 7):
            yield county


def drafted(county: County, number: int = 1, area: str = CITY) -> Sitrep:
    return actions.draft(SYSTEM, county.outbreak, area, day(number))


def text_of(made: bytes, form: str) -> str:
    """What a reader of the file reads, but for blanks and for the marks that lead to the appendix."""
    if form == "pdf":
        text = text_of_pdf(made)
    elif form == "docx":
        document = Document(io.BytesIO(made))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        runs = [node.text or "" for node in document.element.body.iter() if node.tag.endswith("}t")]
        text = "".join([*runs, *cells])
    else:
        text = unescape(re.sub(r"<style>.*?</style>|<[^>]+>", "", made.decode(), flags=re.DOTALL))
    return re.sub(r"\s+", "", re.sub(r"\[\d+\]", "", text))


# ── drafting ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reports_draft_themselves_once_for_every_place_that_writes_one(county: County, settings: Any) -> None:
    made = actions.draft_due()
    drafts = {(row.area, row.day) for row in Sitrep.objects.all()}
    assert made == len(drafts) == 4, (
        "the province of the outbreak, and the county that has a duty officer, two days each"
    )
    assert drafts == {(area, day(number)) for area in (PROVINCE, COUNTY) for number in (0, 1)}
    assert actions.draft_due() == 0
    told = thaw(Sitrep.objects.get(area=COUNTY, day=day(1)).figures)
    assert (told.value("cases.new"), told.value("cases.total")) == (1, 3)
    with at(3, 5):
        assert actions.draft_due() == 0, "the set hour has not come"
    settings.SITREP_HOUR = -1
    with at(3, 8):
        assert actions.draft_due() == 0


def test_a_draft_is_of_its_day_however_late_it_is_drafted(county: County) -> None:
    early = drafted(county, 0).figures
    Sitrep.objects.all().delete()
    cases.report(SYSTEM, county.form(reported_at=clock.local_midnight(day(0)) + timedelta(hours=20), diagnosed_at=None))
    late = drafted(county, 0).figures
    assert thaw(late).value("cases.total") == thaw(early).value("cases.total") == 2
    assert drafted(county, 0).figures == late, "the same report, not another one"


def test_who_may_draft_edit_and_sign(county: County) -> None:
    with pytest.raises(NotAllowed):
        actions.draft(who("reviewer"), county.outbreak, CITY, day(1))
    row = actions.draft(who("duty_officer"), county.outbreak, CITY, day(1))
    with pytest.raises(NotAllowed):
        actions.sign(who("duty_officer"), row.code, row.edition)
    for stranger in (who("leader", COUNTY), who("leader", OTHER_COUNTY), who("grid_worker")):
        with pytest.raises(NotFound):
            actions.sign(stranger, row.code, row.edition)
        with pytest.raises((NotFound, NotAllowed)):
            queries.sitrep(stranger, row.code)
        with pytest.raises((NotFound, NotAllowed)):
            files.produce(stranger, row.code, "zh", "html")
    assert queries.sitreps(who("leader", COUNTY)) == []
    assert [one.code for one in queries.sitreps(who("leader", PROVINCE))] == [row.code]
    for number in (-1, 3):
        with pytest.raises(Invalid):
            drafted(county, number)


# ── signing ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def signed(county: County, **remarks: Any) -> Sitrep:
    row = drafted(county)
    if remarks:
        row = actions.remark(who("duty_officer"), row.code, row.edition, **remarks)
    return actions.sign(who("leader", name="郭城"), row.code, row.edition)


def test_what_is_signed_does_not_change_and_is_on_record(county: County) -> None:
    row = signed(county, remarks_zh="形势平稳。", is_public=True)
    leader = who("leader")
    for refused in (
        lambda: actions.remark(leader, row.code, row.edition, remarks_zh="改一改"),
        lambda: actions.refresh(leader, row.code, row.edition),
        lambda: actions.sign(leader, row.code, row.edition),
    ):
        with pytest.raises(Conflict) as told:
            refused()
        assert told.value.code == "signed" and "郭城" in str(told.value.message)
    kept = Sitrep.objects.get(pk=row.pk)
    assert kept.remarks_zh == "形势平稳。" and actions.digest(kept) == kept.digest == row.digest
    (entry,) = journal.of("sitrep", row.pk, actions=["sitrep.signed"])
    assert json.loads(entry.data)["digest"] == row.digest
    assert [one for one in journal.verify() if isinstance(one, journal.Fault)] == []


def test_a_signature_is_for_what_was_read(county: County) -> None:
    row = drafted(county)
    actions.remark(who("duty_officer"), row.code, row.edition, remarks_zh="新的研判")
    with pytest.raises(Conflict) as stale:
        actions.sign(who("leader"), row.code, row.edition)
    assert stale.value.code == "stale"
    with pytest.raises(Conflict):
        actions.remark(who("duty_officer"), row.code, row.edition, remarks_zh="别人的研判")
    with pytest.raises(Invalid):
        actions.remark(who("duty_officer"), row.code, row.edition + 1, remarks_zh="长" * (actions.LONGEST + 1))


@pytest.mark.django_db(transaction=True)
def test_of_two_who_sign_at_once_one_does(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    with with_pack(), at(0, 8):
        county = County.at()
        moment = clock.now()
        row = actions.draft(SYSTEM, county.outbreak, CITY, day(0))
        outcomes: list[str] = []
        together = threading.Barrier(2)

        def sign(name: str) -> None:
            try:
                with clock.at(moment):
                    together.wait(timeout=20)
                    actions.sign(who("leader", name=name), row.code, row.edition)
                outcomes.append("done")
            except Refusal as refusal:
                outcomes.append(refusal.code)
            finally:
                connections.close_all()

        both = [threading.Thread(target=sign, args=(name,)) for name in ("甲", "乙")]
        for one in both:
            one.start()
        for one in both:
            one.join(timeout=60)
        assert sorted(outcomes) == ["done", "signed"], "the other is told that it was signed"
        assert len(journal.of("sitrep", row.pk, actions=["sitrep.signed"])) == 1


# ── correcting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_correction_is_a_new_version_that_says_what_changed(county: County) -> None:
    first = signed(county, remarks_zh="初报。")
    reported = clock.local_midnight(day(1)) + timedelta(hours=21)
    cases.report(SYSTEM, county.form(reported_at=reported, diagnosed_at=None, onset_on=day(0)))
    with pytest.raises(Invalid):
        actions.reissue(who("leader"), first.code, " ")
    with clock.at(clock.now() + timedelta(minutes=1)):
        second = actions.reissue(who("leader"), first.code, "补报一例")
        with pytest.raises(Conflict) as again:
            actions.reissue(who("leader"), first.code, "又一次")
        assert again.value.code == "later_version"
        view = queries.sitrep(who("leader"), second.code)
        assert (view.row.version, view.row.reason, view.remarks_zh) == (2, "补报一例", "初报。")
        assert ("New cases reported", 1, 2) in [(name.en, was, now) for name, was, now in view.differs]
        assert queries.sitrep(SYSTEM, first.code).row.state == "signed", "it holds until the new one is signed"
        actions.sign(who("leader"), second.code, view.row.edition)
    assert queries.sitrep(SYSTEM, first.code).row.state == "replaced"
    assert Sitrep.objects.get(pk=first.pk).figures == first.figures
    made = text_of(files.produce(SYSTEM, second.code, "zh", "html"), "html")
    assert "第2版订正说明补报一例" in made and "新报告病例12" in made


# ── on paper ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_pdf_word_and_json_tell_the_same_numbers(county: County, language: str) -> None:
    row = signed(county, remarks_zh="汐潮<b>&#特殊字符", remarks_en="Calm *so far* #ok")
    view = queries.sitrep(SYSTEM, row.code)
    document = paper.compose(report_of(view), language)
    rows = [
        table for section in document.sections for table in section.blocks if isinstance(table, paper.composing.Table)
    ][-1].rows
    assert [int(cells[2]) for cells in rows] == [one.value for one in view.situation.figures]
    for form in ("html", "docx", "pdf"):
        text = text_of(files.produce(SYSTEM, row.code, language, form), form)
        for one in view.situation.figures:
            name = one.name.zh if language == "zh" else one.name.en
            assert re.sub(r"\s", "", f"{name}{one.value}") in text, (form, one.key)
        said = [view.remarks_zh if language == "zh" else view.remarks_en, document.title, *document.lines]
        said += [narrative.text_of(one) for one in narrative.paragraphs(view.situation, language == "zh")]
        for words in said:
            assert re.sub(r"\s", "", words) in text, (form, words)


def report_of(view: Any) -> paper.Report:
    return paper.Report(
        view.row.code, view.situation, view.row.version, view.row.reason, view.differs, Text(view.remarks_zh, view.remarks_en),
        view.row.drafted_at, view.row.signed_at, view.row.signed_by, view.row.digest,
    )  # fmt: skip


@pytest.mark.parametrize("form", ["pdf", "docx", "html"])
def test_an_old_report_is_made_again_to_the_byte(county: County, settings: Any, form: str) -> None:
    row = signed(county)
    first = files.produce(SYSTEM, row.code, "zh", form)
    kept = Produced.objects.get(sitrep=row, form=form)
    with clock.at(clock.now() + timedelta(days=400)):
        cases.report(SYSTEM, county.form())
        assert files.produce(SYSTEM, row.code, "zh", form) == first
        for path in Path(str(settings.MEDIA_ROOT)).rglob(f"*.{form}"):
            path.unlink()
        assert files.produce(SYSTEM, row.code, "zh", form) == first, "gone from the store, and made again"
    assert Produced.objects.get(sitrep=row, form=form) == kept


def test_another_process_writes_the_same_bytes(county: County, tmp_path: Path) -> None:
    """Hash seeds, locale and start-up of a process leave no trace in a file."""
    row = signed(county)
    kept = tmp_path / "figures.json"
    kept.write_text(row.figures, encoding="utf-8")
    script = (
        "import sys, hashlib; from datetime import UTC, datetime; from pathlib import Path; import django; django.setup()\n"
        "from fangxian.command.situation import frozen, paper; from fangxian.text import Text\n"
        "told = frozen.thaw(Path(sys.argv[1]).read_text(encoding='utf-8'))\n"
        "stamp = datetime(2024, 3, 6, tzinfo=UTC)\n"
        "report = paper.Report('X', told, 1, '', (), Text('甲', 'a'), stamp, stamp, '郭城', 'd' * 64)\n"
        "for write, _kind in paper.FORMS.values():\n"
        "    for lang in ('zh', 'en'): print(hashlib.sha256(write(paper.compose(report, lang))).hexdigest())\n"
    )
    said = []
    for seed in ("1", "2"):
        home = tmp_path / seed
        environment = os.environ | {"PYTHONHASHSEED": seed, "FANGXIAN_HOME": str(home), "TZ": f"Etc/GMT-{seed}"}
        done = subprocess.run(
            [sys.executable, "-c", script, str(kept)], env=environment, capture_output=True, text=True, check=True
        )
        said.append(done.stdout)
    assert said[0] == said[1] and len(said[0].split()) == 6


def test_a_file_that_cannot_be_made_again_is_missed_in_words(
    county: County, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = signed(county)
    files.produce(SYSTEM, row.code, "zh", "html")
    for path in Path(str(settings.MEDIA_ROOT)).rglob("*.html"):
        path.unlink()
    monkeypatch.setattr(files, "write", lambda view, language, form: b"another program")
    with pytest.raises(files.Lost) as lost:
        files.produce(SYSTEM, row.code, "zh", "html")
    assert Produced.objects.get(sitrep=row).digest in str(lost.value.remedy)


def test_a_draft_says_that_it_is_one_and_is_not_kept(county: County) -> None:
    row = drafted(county)
    assert "草稿未签发" in text_of(files.produce(SYSTEM, row.code, "zh", "html"), "html")
    assert not Produced.objects.exists()
    for wrong in (("fr", "pdf"), ("zh", "odt")):
        with pytest.raises(Invalid):
            files.produce(SYSTEM, row.code, *wrong)


def test_word_files_carry_no_time_of_their_own(county: County) -> None:
    made = files.produce(SYSTEM, signed(county).code, "en", "docx")
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        assert {one.date_time for one in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "2024-03-05T23:00:00Z" in file.read("docProps/core.xml").decode()


def test_without_a_chinese_font_the_remedy_is_named(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "HAN", ())
    with pytest.raises(fonts.NoFont) as refused:
        files.produce(SYSTEM, signed(county).code, "zh", "pdf")
    assert "fonts-noto-cjk" in str(refused.value.remedy)


# ── for everybody ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_what_was_signed_and_released_is_published(county: County) -> None:
    assert queries.published(CITY) == []
    private = signed(county)
    assert queries.published(CITY) == []
    public = actions.reissue(who("leader"), private.code, "公开发布")
    public = actions.remark(who("leader"), public.code, public.edition, is_public=True, remarks_zh="请少聚集。")
    assert queries.published(CITY, day(1)) == [], "a draft is nobody's"
    actions.sign(who("leader"), public.code, public.edition)
    (told,) = queries.published(CITY)
    assert (told.day, told.version, told.remarks.zh) == (day(1), 2, "请少聚集。")
    keys = {one.key for one in told.figures}
    assert "cases.new" in keys and "duties.missing" not in keys and "contacts.unheld" not in keys
    assert queries.published(COUNTY) == [] and queries.published(CITY, day(0)) == []
