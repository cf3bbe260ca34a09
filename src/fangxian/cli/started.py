"""Starting Django for a command, in the language of the terminal."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fangxian.text import Text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Progress and remarks go to stderr, so that stdout carries only the result. In a file, whose width nobody knows, no
#: sentence is broken: whoever searches it finds the words as they were said.
console = Console(stderr=True, soft_wrap=not sys.stderr.isatty())


class NotInstalled(Exception):
    """A command that needs an installation was started where there is none."""

    def __init__(self, home: Path) -> None:
        self.home = home
        super().__init__(str(home))


Needs = Literal["nothing", "database", "installation"]


def start(needs: Needs = "installation") -> None:
    """Set Django up, once, and speak the user's language.

    What the command needs: nothing (it makes its database itself), a database in whatever state (to examine it), or an
    installation that is in order. Raises NotInstalled where there is none, before anything is written there.
    """
    home = Path(os.environ.get("FANGXIAN_HOME") or "var")
    if needs != "nothing" and not os.environ.get("DATABASE_URL") and not (home / "fangxian.sqlite3").exists():
        raise NotInstalled(home.absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fangxian.site.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate(language())
    if needs == "installation":
        from fangxian.site.installing import check

        check()


def settle(home: Path, *, keep: bool = True, **settings: str) -> None:
    """Before Django starts: use this home and these settings (FANGXIAN_…), whatever deployment the terminal is set up for.

    To `keep` them is to write them into the home, so that whoever looks at it later sees it under the same settings.
    """
    named = {f"FANGXIAN_{name}": value for name, value in settings.items()}
    for name in [name for name in os.environ if name.startswith("FANGXIAN_") and name != "FANGXIAN_LANGUAGE"]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ |= named | {"FANGXIAN_HOME": str(home)}
    if keep:
        home.mkdir(parents=True, exist_ok=True)
        (home / "settings.env").write_text(
            "".join(f"{name}={value}\n" for name, value in named.items()), encoding="utf-8"
        )


def language() -> str:
    """zh-hans or en: FANGXIAN_LANGUAGE, else that of the terminal, else Chinese."""
    given = os.environ.get("FANGXIAN_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "zh"
    return "en" if given.lower().startswith(("en", "c.", "c_", "posix")) or given == "C" else "zh-hans"


def say(zh: str, en: str) -> str:
    """One of two sentences, by the user's language; for what is said before Django is set up, or without it."""
    return zh if language().startswith("zh") else en


def not_yet(days: "NDArray[np.datetime64] | None") -> list[Text]:
    """A remark on days that have yet to come anywhere on earth: a year is wrong, and the counts were used all the same."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    last = None if days is None or not len(days) else max(days).astype("datetime64[D]").item()
    if last is None or last <= tomorrow:
        return []
    return [Text(f"日期晚于今天，请核对：{last}", f"Dates that are yet to come; check them: {last}")]


def bar() -> Progress:
    """The house's progress bar."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
