"""The Chinese catalogue holds every message of the program, with the same placeholders, and nothing that is said no more.

With `--update` the keys of the catalogue are brought in step with the source; what is new is then translated by hand.
"""

import io
import re
import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from django.core.management import call_command
from django.core.management.commands import makemessages
from django.test import override_settings

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "src" / "fangxian"
CATALOGUE = PACKAGE / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
HEADER = """\
# Fangxian in Chinese. The English in the source is the key.
# `pytest tests/unit/test_web_catalogue.py --update` brings the keys in step."""
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+.\d]*[a-zA-Z]")
#: Messages that are the same in both languages: names of the languages themselves.
ALIKE = {"English", "中文"}
Key = tuple[str | None, str]


class _Extract(makemessages.Command):
    """`N_` marks messages that are translated where they are shown."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=N_"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, Message]:
    """Every message in the source."""
    if shutil.which("xgettext") is None:
        pytest.skip("needs xgettext (Debian: gettext)")
    copy = tmp_path_factory.mktemp("source") / "fangxian"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "static", "*.mo", "*.po"))
    (copy / "locale").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, override_settings(LOCALE_PATHS=[str(copy / "locale")]):
        patch.chdir(copy)
        call_command(_Extract(), locale=["zh_Hans"], keep_pot=True, verbosity=0)
    return _messages(copy / "locale" / "django.pot")


@pytest.fixture(scope="module")
def translated(source: dict[Key, Message], request: pytest.FixtureRequest) -> dict[Key, Message]:
    """Every message of the catalogue."""
    known = _messages(CATALOGUE)
    if request.config.getoption("--update"):
        CATALOGUE.write_text(_in_step(source, known), encoding="utf-8")
        known = _messages(CATALOGUE)
    return known


def test_every_message_has_its_chinese(source: dict[Key, Message], translated: dict[Key, Message]) -> None:
    assert len(source) > 400
    missing = [text for (context, text) in source if not _chinese(translated.get((context, text)))]
    assert missing == [], "translate these in src/fangxian/locale/zh_Hans/LC_MESSAGES/django.po"


def test_nothing_is_kept_that_is_said_no_more(source: dict[Key, Message], translated: dict[Key, Message]) -> None:
    assert sorted(text for _context, text in translated.keys() - source.keys()) == []


def test_translations_take_the_same_values(translated: dict[Key, Message]) -> None:
    differing = {
        text: _chinese(message)
        for (_context, text), message in translated.items()
        if sorted(PLACEHOLDER.findall(text.replace("%%", "")))
        != sorted(PLACEHOLDER.findall(_chinese(message).replace("%%", "")))
    }
    assert differing == {}


def test_translations_are_chinese_and_set_as_chinese_is(translated: dict[Key, Message]) -> None:
    for (_context, text), message in translated.items():
        chinese = _chinese(message)
        if text in ALIKE or not re.search(r"[A-Za-z]{2}", re.sub(PLACEHOLDER, "", text)):
            continue
        assert re.search(r"[\u4e00-\u9fff]", chinese), f"{text!r} is not translated: {chinese!r}"
        assert not re.search(r"[\u4e00-\u9fff][,;!?]", chinese), f"full-width punctuation: {chinese!r}"


def _messages(path: Path) -> dict[Key, Message]:
    written = path.read_text(encoding="utf-8").replace("nplurals=INTEGER; plural=EXPRESSION;", "nplurals=1; plural=0;")
    # A template has room for two forms, and Chinese needs one.
    written = re.sub(r'^msgstr\[1\] ""\n', "", written, flags=re.MULTILINE)
    found = read_po(io.BytesIO(written.encode()))
    return {(message.context, _text(message)): message for message in found if message.id}


def _text(message: Message) -> str:
    return message.id if isinstance(message.id, str) else str((message.id or [""])[0])


def _chinese(message: Message | None) -> str:
    if message is None or message.fuzzy or not message.string:
        return ""
    return message.string if isinstance(message.string, str) else str(message.string[0])


def _in_step(source: dict[Key, Message], known: dict[Key, Message]) -> str:
    catalogue = Catalog(locale="zh_Hans_CN", project="Fangxian", header_comment=HEADER, fuzzy=False)
    for key, message in source.items():
        chinese = _chinese(known.get(key))
        string = chinese if isinstance(message.id, str) else (chinese,)
        flags = message.flags - {"fuzzy"}
        catalogue.add(message.id, string, flags=flags, context=message.context)
    file = io.BytesIO()
    write_po(file, catalogue, width=0, sort_output=True)
    dated = r'"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To|Generated-By):[^\n]*\n'
    return re.sub(dated, "", file.getvalue().decode()).replace("Fangxian VERSION", "Fangxian")
