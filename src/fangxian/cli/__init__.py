"""`fangxian`: the command line. A group of commands per stage; Django is started only by those that need the database."""

import sys

import typer

from fangxian.cli import journal, lists, operate, protocols

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich", help="Fangxian 防线")
app.add_typer(protocols.app, name="protocols", help="Protocol packs: list, show, check, compare. 规程包")
app.add_typer(journal.app, name="journal", help="The append-only journal: verify it, sign its head. 操作日志")
operate.add_to(app)
lists.add_to(app)


def main() -> None:
    """Run a command. A refusal is printed in red with what to do, and exits with 1; never a traceback for a user's mistake."""
    try:
        app()
    except Exception as fault:
        told = _told(fault)
        if told is None:
            raise
        from rich.console import Console

        Console(stderr=True).print(told, style="red", markup=False, highlight=False)
        sys.exit(1)


def _told(fault: Exception) -> str | None:
    """What to tell the user of a fault that is theirs to mend; None for one that is ours."""
    from fangxian.protocols import PackError

    if isinstance(fault, PackError):
        return str(fault)
    if "django" in sys.modules:
        from django.core.exceptions import ImproperlyConfigured
        from django.db import OperationalError

        from fangxian.core.errors import Refusal
        from fangxian.core.secrets import KeyFault

        if isinstance(fault, Refusal | KeyFault | ImproperlyConfigured):
            return str(fault)
        if isinstance(fault, OperationalError):
            return f"The database cannot be used: {fault}. Check DATABASE_URL, the disk, and `fangxian doctor`."
    if isinstance(fault, OSError) and fault.filename:
        return f"{fault.filename}: {fault.strerror}."
    return None
