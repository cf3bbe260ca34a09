"""What `fangxian doctor` finds, from inside: keys of another house, events given up, a version that is behind."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.utils.translation import override

from fangxian.core.secrets import KeyFault, Keys
from fangxian.site import checking, installing, working

pytestmark = pytest.mark.django_db


def bad() -> list[str]:
    with override("en"):
        return [finding.what for finding in checking.examine(deep=True) if not finding.good]


def test_a_sound_house_has_nothing_to_say() -> None:
    installing.install()
    installing.install()
    installing.check()
    assert bad() == []


def test_other_keys_are_noticed_before_anything_is_written_with_them(settings: LazySettings) -> None:
    installing.install()
    settings.KEYS = Keys.fresh()
    assert not installing.keys_fit()
    for refused in (installing.install, installing.check):
        with pytest.raises(KeyFault):
            refused()
    assert bad() == ["the keys are those of this database"]


def test_a_pack_that_there_is_not_is_a_finding(settings: LazySettings) -> None:
    installing.install()
    settings.PACKS = ["mers-who", "no-such-pack"]
    assert bad() == ["protocol no-such-pack"]


def test_keys_that_others_can_read(settings: LazySettings, tmp_path: Path) -> None:
    installing.install()
    settings.DATA_DIR = tmp_path
    (tmp_path / "keys.json").write_text("{}")
    (tmp_path / "keys.json").chmod(0o640)
    assert bad() == [f"keys in {tmp_path / 'keys.json'}"]


def test_a_database_that_goes_away_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> int:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(installing, "behind", gone)
    assert bad() == ["the database cannot be read: server closed the connection unexpectedly"]


def test_a_version_that_is_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "behind", lambda: 3)
    with override("en"):
        with pytest.raises(installing.OutOfDate, match="fangxian install"):
            installing.check()
        assert any("3 changes to make" in what for what in bad())


def test_a_worker_waits_for_its_database_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(limit: int = 0) -> int:
        raise OperationalError("server is starting up")

    monkeypatch.setattr("fangxian.core.outbox.deliver", gone)
    monkeypatch.setattr(working, "close_old_connections", lambda: None)
    assert working.work_once() is False
    assert [record.exc_info for record in caplog.records] == [None]
    assert "server is starting up" in caplog.text
