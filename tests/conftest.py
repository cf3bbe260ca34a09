"""What every test can rely on: a home of its own, either database, real data where there are any, laws that repeat.

`pytest` runs on SQLite. `pytest --db postgres` starts a private PostgreSQL 15 and runs the tests that touch a database.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import hypothesis
import pytest

from tests.support import postgres

if TYPE_CHECKING:
    from tests.support.exchange import Exchange
    from tests.support.world import World

ROOT = Path(__file__).resolve().parent.parent

#: A law on a table takes longer than Hypothesis expects on a busy machine; that is no fault of the law. Laws repeat: what
#: failed for one fails for all. Who looks for new examples asks with `--hypothesis-profile=explore`.
_patient = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "repeat", derandomize=True, deadline=None, print_blob=True, suppress_health_check=_patient
)
hypothesis.settings.register_profile("explore", deadline=None, suppress_health_check=_patient)
hypothesis.settings.load_profile("repeat")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=["sqlite", "postgres"], default="sqlite", help="the database to test on")
    parser.addoption("--spark", action="store_true", help="run the tests that need Spark, and no others")
    parser.addoption(
        "--update", action="store_true", help="rewrite the generated pages and snapshots that tests compare"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose home and database before Django reads its settings (pytest-django sets it up after this hook)."""
    if not hasattr(config, "workerinput"):  # the workers of xdist inherit what the first process set
        ending = ExitStack()
        config.add_cleanup(ending.close)
        home = ending.enter_context(TemporaryDirectory(prefix="fangxian-test-", ignore_cleanup_errors=True))
        for name in [name for name in os.environ if name.startswith("FANGXIAN_") and name != "FANGXIAN_DATA"]:
            del os.environ[name]  # a developer's own deployment has no say here
        os.environ.pop("DATABASE_URL", None)
        os.environ["FANGXIAN_HOME"] = home
        if config.getoption("--db") == "postgres" and not config.getoption("--collect-only"):
            try:
                os.environ["DATABASE_URL"] = ending.enter_context(postgres.server())
            except postgres.NoServer as fault:
                raise pytest.UsageError(str(fault)) from fault
    # Playwright leaves an event loop behind in the process; tests that come after it in the same worker use no coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    os.environ["DJANGO_SETTINGS_MODULE"] = "fangxian.site.settings"
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # A file, as in real use: several connections to it behave as they do there, which those to a memory do not.
        database.setdefault("TEST", {})["NAME"] = str(Path(os.environ["FANGXIAN_HOME"]) / "test.sqlite3")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches a database is worth running again; what needs Spark is slow, and runs by itself."""
    on_spark = bool(config.getoption("--spark"))
    chosen = [item for item in items if (item.get_closest_marker("spark") is not None) == on_spark]
    if config.getoption("--db") == "postgres":
        chosen = [item for item in chosen if _touches_a_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


def _touches_a_database(item: pytest.Item) -> bool:
    from django.test import TransactionTestCase

    case = getattr(item, "cls", None)
    return (
        item.get_closest_marker("django_db") is not None
        or not {"db", "transactional_db", "live_server"}.isdisjoint(getattr(item, "fixturenames", ()))
        or (case is not None and issubclass(case, TransactionTestCase))
    )


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """What is there when the test database is set up was copied there for it; it goes with the home of the run."""
    return "DATABASE_URL" not in os.environ


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> Iterator[None]:
    """The test database; what empties it between transactional tests may pass the guards of the journal."""
    from django.conf import settings
    from django.test import TransactionTestCase

    from fangxian.core import journal
    from fangxian.duties import packs
    from tests.support import tables

    database = settings.DATABASES["default"]
    on_server = "DATABASE_URL" in os.environ
    with nullcontext() if on_server else tables.made_or_taken(Path(database["TEST"]["NAME"])):
        request.getfixturevalue("django_db_setup")

    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # Django's own, but not in its stubs

    def flush_unguarded(case: TransactionTestCase) -> None:
        journal.unguard()
        flush(case)
        journal.guard()
        packs._kept.clear()  # the editions that were kept went with everything else

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", flush_unguarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_are_looked_for_once() -> Iterator[None]:
    """A server looks at its static files when it starts; a `Client` is a server of its own, and there are thousands."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    found: dict[str, Any] = {}

    def look_once(server: Any, look: Callable[[Any], None] = WhiteNoiseMiddleware.add_files_from_finders) -> None:
        if not found:
            look(server)
            found.update(server.files)
        server.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> "Iterator[World]":
    """The city of Xizhou in the middle of its outbreak, for the tests of one module."""
    from tests.support import web

    with django_db_blocker.unblock(), web.city() as built:
        yield built


@pytest.fixture
def at_the_hour(city: "World", db: None, tmp_path: Path, settings: Any) -> Iterator[None]:
    """One test in the city: at the instant at which it is looked at, and undone afterwards."""
    from tests.support import web

    settings.MEDIA_ROOT = tmp_path
    with web.a_test():
        yield


@pytest.fixture(scope="module")
def duty_room(django_db_setup: None, django_db_blocker: object) -> "Iterator[Exchange]":
    """The same city behind the API, for the tests of one module."""
    from tests.support.exchange import on_duty

    with on_duty(django_db_blocker) as exchange:
        yield exchange


@pytest.fixture
def exchange(duty_room: "Exchange", db: None) -> "Iterator[Exchange]":
    """A line to the API for each of its people; what is done on it is undone after the test."""
    from fangxian.core import clock
    from tests.support.exchange import NOW

    with clock.at(NOW):
        yield duty_room


@pytest.fixture(autouse=True)
def in_the_language_of_the_deployment() -> Iterator[None]:
    """A test that spoke English leaves the next one Chinese."""
    from django.utils import translation

    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def a_lake_of_its_own() -> Iterator[None]:
    """What a test sends into the lake is not undone with its transaction, so each has another folder (made when it is used)."""
    from django.conf import settings

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "LAKE", settings.DATA_DIR / "lakes" / uuid4().hex)
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real outbreaks and reference outputs, which is not part of the repository."""
    given = os.environ.get("FANGXIAN_DATA")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs real outbreak data: {folder} is not there (set FANGXIAN_DATA to its folder)")
    return folder


@pytest.fixture
def same_as(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """`same_as(path, text)`: the committed file holds exactly this text. `pytest --update` writes it instead."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        assert committed == text, (
            f"{path.relative_to(ROOT)} is out of date: run `pytest {request.node.nodeid} --update`"
        )

    return compare
