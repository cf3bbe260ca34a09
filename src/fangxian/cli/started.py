"""Starting Django for a command, in the language of the terminal."""

import os
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

#: Progress and remarks go to stderr, so that stdout carries only the result.
console = Console(stderr=True)


def start() -> None:
    """Set Django up, once, and speak the user's language (FANGXIAN_LANGUAGE, else that of the terminal, else Chinese)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fangxian.site.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate(language())


def settle(home: str, **settings: str) -> None:
    """Before Django starts: use this home and these settings (FANGXIAN_…), whatever deployment the terminal is set up for."""
    for name in [name for name in os.environ if name.startswith("FANGXIAN_") and name != "FANGXIAN_LANGUAGE"]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ |= {f"FANGXIAN_{name}": value for name, value in settings.items()} | {"FANGXIAN_HOME": home}


def language() -> str:
    """zh-hans or en."""
    given = os.environ.get("FANGXIAN_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "zh"
    return "en" if given.lower().startswith(("en", "c.", "c_", "posix")) or given == "C" else "zh-hans"


def bar() -> Progress:
    """The house's progress bar."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )


def say(zh: str, en: str) -> str:
    """One of two sentences, by the user's language; for commands that run before Django is set up."""
    return zh if language().startswith("zh") else en


Advance = Callable[[int, int], Any]
