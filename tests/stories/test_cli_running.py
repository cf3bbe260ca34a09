"""Running an installation from the command line: made, looked at, served, worked for, swept; each mistake told with its remedy."""

import http.client
import json
import re
import resource
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.console import Console, end


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation, made once; tests take copies of it."""
    home = tmp_path_factory.mktemp("made") / "home"
    assert "ready" in Console(home).run("install").stderr
    return home


@pytest.fixture
def console(made: Path, tmp_path: Path) -> Console:
    return Console(Path(shutil.copytree(made, tmp_path / "home")))


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def database(console: Console) -> Path:
    return console.home / "fangxian.sqlite3"


def test_a_new_installation_is_well(console: Console) -> None:
    seen = json.loads(console.run("doctor", "--deep", "--json").stdout)
    assert len(seen) > 8 and all(finding["good"] for finding in seen)
    assert set(seen[0]) == {"what", "good", "remedy"}
    assert json.loads(console.run("sweep").stdout) == {"escalated": 0, "released": 0, "folded": 0}
    console.language = "zh"
    assert "数据库已就绪" in console.run("install").stderr


def test_a_command_does_not_wait_for_statistics_and_dictionaries(console: Console) -> None:
    """They take longer to load than most commands take to work: they are loaded by what counts or reads with them."""
    script = "from fangxian.cli.started import start; start('nothing'); import sys; print(*sys.modules)"
    loaded = console.start_python(script).stdout.split()
    assert "fangxian.core.clock" in loaded
    assert {"scipy.stats", "pypinyin"}.isdisjoint(loaded)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_on_loopback_and_ends_when_told(console: Console, number: int) -> None:
    process = console.start("serve", "--port", "0")
    try:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert address is not None
        assert _status(int(address[1])) in (200, 302)
        told = time.monotonic()
        end(process, number)
        assert time.monotonic() - told < 20, "the end was asked for"
    finally:
        end(process)
        process.stdout.close()  # type: ignore[union-attr]


def _status(port: int) -> int:
    """What the first page answers, as soon as the server does."""
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/")
            return connection.getresponse().status
        except ConnectionError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("nobody answered")


def test_a_port_that_is_taken(console: Console, taken: int) -> None:
    told = console.run("serve", "--port", str(taken), code=1).stderr
    assert f"127.0.0.1:{taken}: the port is taken. Choose another with --port" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["doctor"], "There is no Fangxian database in"),
        (["serve"], "`fangxian install`"),
        (["import", "x.yaml"], "x.yaml"),
        (["journal", "verify"], "There is no Fangxian database in"),
        (["imprt"], "No such command 'imprt'"),
        (["serve", "--port", "99999"], "--port"),
        (["import"], "name a recipe"),
        (["replay", "/nowhere.yaml"], "/nowhere.yaml"),
    ],
)
def test_mistakes_are_told_and_leave_nothing_behind(tmp_path: Path, words: list[str], said: str) -> None:
    home = tmp_path / "wrong folder"
    told = Console(home).run(*words, code=None)
    assert told.returncode in (1, 2) and said in told.stderr
    assert not home.exists(), "a look in the wrong folder makes no installation there"


def test_mistakes_are_told_in_chinese(tmp_path: Path) -> None:
    assert "没有选项 --prot" in Console(tmp_path / "home", "zh").run("serve", "--prot", "1", code=2).stderr
    told = Console(tmp_path / "home", "zh").run("sweep", code=1).stderr
    assert "没有防线的数据库" in told and "fangxian install" in told


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = Console(tmp_path / "file" / "home").run("install", code=1).stderr
    assert "this is a file, not a folder. Name a folder" in told


def test_settings_of_the_home_are_used(console: Console) -> None:
    (console.home / "settings.env").write_text("FANGXIAN_PACKS=mers-who\n")
    seen = [finding["what"] for finding in json.loads(console.run("doctor", "--json").stdout)]
    assert [what for what in seen if what.startswith("protocol")] == ["protocol mers-who, edition 2024"]
    console.settings["FANGXIAN_PACKS"] = "no-such-pack"
    told = console.run("doctor", code=1).stderr
    assert "✗ protocol no-such-pack" in told


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://a@localhost/b", "DATABASE_URL"),
        ("nonsense", "DATABASE_URL"),
        ("postgres://nobody@127.0.0.1:1/fangxian", "the database server cannot be reached"),
    ],
)
def test_a_database_that_is_not_there(tmp_path: Path, url: str, said: str) -> None:
    console = Console(tmp_path, settings={"DATABASE_URL": url})
    told = console.run("sweep", code=1).stderr.lower()
    assert said.lower() in told
    console.run("doctor", code=1)


def test_a_damaged_database(console: Console) -> None:
    whole = database(console).read_bytes()
    database(console).write_bytes(b"this is no database, it is a text " * 500)
    assert "The database file is damaged. Restore this file from its backup" in console.run("sweep", code=1).stderr
    assert "✗ the database cannot be read" in console.run("doctor", code=1).stderr
    database(console).write_bytes(whole[: len(whole) // 2])
    console.run("journal", "verify", code=1)


def test_a_database_that_somebody_else_holds(console: Console) -> None:
    other = sqlite3.connect(database(console), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    told = console.run("install", code=1).stderr
    assert "Something else is being written" in told and "Try again" in told
    assert time.monotonic() - started > 15, "it waits for the other before it gives up"
    other.close()


def test_the_key_file_broken_lost_or_of_another_house(console: Console) -> None:
    keys = console.home / "keys.json"
    kept = keys.read_text()
    keys.write_text('{"session": "only')
    assert "not a key file" in console.run("sweep", code=1).stderr
    keys.unlink()
    told = console.run("install", code=1).stderr
    assert "keys.json is missing" in told and "backup" in told
    assert not keys.exists(), "fresh keys would open nothing"
    keys.write_text(json.dumps(json.loads(kept) | {"seal": "A" * 43 + "="}))
    assert "written under other keys" in console.run("sweep", code=1).stderr
    seen = json.loads(console.run("doctor", "--json", code=1).stdout)
    assert [finding["what"] for finding in seen if not finding["good"]][-1:] == ["the keys are those of this database"]
    keys.write_text(kept)
    keys.chmod(0o644)
    assert "chmod 600" in console.run("doctor", code=1).stderr


def test_a_clock_that_went_back(console: Console) -> None:
    with sqlite3.connect(database(console)) as raw:
        raw.execute("UPDATE core_head SET at = '2999-01-01 00:00:00'")
    raw.close()
    assert "✗ the clock is not behind the journal" in console.run("doctor", code=1).stderr
    assert "the worker waits" not in console.run("work", "--once").stderr, "nothing to write, nothing refused"


def test_a_full_disk(console: Console, tmp_path: Path) -> None:
    """The limit on the size of a file stands for the end of the disk: the write fails, and what was there stays whole."""
    console.home = tmp_path / "small"
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))  # noqa: E731
    told = console.run("install", code=1, preexec_fn=limit).stderr
    assert "disk" in told or "limit" in told, told
    console.run("install")
    console.run("doctor", "--deep")


def test_output_that_nobody_reads_any_more(console: Console) -> None:
    process = console.start("protocols", "show", "covid-19-cn-9")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) in (0, 1)


class TestJournal:
    """The journal on a copy of the database that somebody tampered with, past the triggers that guard it."""

    @pytest.fixture
    def tampered(self, console: Console) -> Iterator[sqlite3.Connection]:
        raw = sqlite3.connect(database(console))
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        yield raw
        raw.close()

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ("UPDATE core_entry SET actor = 'nobody' WHERE seq = 1", "altered"),
            ("DELETE FROM core_entry WHERE seq = 1", "missing"),
            ("UPDATE core_entry SET seq = 100 - seq", "altered or moved"),
            ("DELETE FROM core_entry WHERE seq = (SELECT max(seq) FROM core_entry)", "ends at"),
        ],
    )
    def test_tampering_is_found(self, console: Console, tampered: sqlite3.Connection, change: str, said: str) -> None:
        tampered.execute(change)
        tampered.commit()
        found = json.loads(console.run("journal", "verify", "--json", code=1).stdout)
        assert said in " ".join(fault["what"] for fault in found["faults"])

    def test_a_journal_rewritten_as_a_whole_is_betrayed_by_an_earlier_head(
        self, console: Console, tampered: sqlite3.Connection, tmp_path: Path
    ) -> None:
        head = tmp_path / "head.json"
        head.write_text(console.run("journal", "head").stdout)
        signed = json.loads(head.read_text())
        assert signed["size"] >= 2 and set(signed) == {"size", "root", "at", "key", "signature"}
        console.run("journal", "verify", "--head", head)
        tampered.execute("DELETE FROM core_entry")
        tampered.execute("UPDATE core_head SET size = 0, hash = ?, frontier = '[]'", ["0" * 64])
        tampered.commit()
        console.run("journal", "verify")  # by itself an empty journal is whole
        assert "cut off" in console.run("journal", "verify", "--head", head, code=1).stderr
        head.write_text(json.dumps(signed | {"root": "0" * 64}))
        assert "signature" in console.run("journal", "verify", "--head", head, code=1).stderr
        head.write_text("[]")
        assert "not a signed head" in console.run("journal", "verify", "--head", head, code=1).stderr
