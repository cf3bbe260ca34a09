"""Two people at one row: who comes second is told who was first."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.errors import Conflict


def stale(edits: Iterable[Any], version: int) -> Conflict:
    """The refusal of a change that was begun on an older version than `version`; `edits` are the journal's lines about it."""
    last = list(edits)[-1:]
    said = [f"{one.actor}, {one.at.astimezone(clock.zone()):%Y-%m-%d %H:%M}" for one in last]
    return Conflict(
        _("This was changed meanwhile (%(who)s).") % {"who": said[0] if said else _("by somebody else")},
        remedy=_("Nothing was saved. Look at the new values, then save your changes again."),
        code="stale",
        field="version",
        detail={"version": version, "who": last[0].actor if last else ""},
    )
