"""Making an installation usable: its tables, its keys, and the headquarters without which nobody would answer for anything."""

import base64

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from fangxian.core import journal, outbox, secrets
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Refusal
from fangxian.core.secrets import KeyFault
from fangxian.registry import actions as registry

#: What the journal keeps of the keys of an installation: a word sealed, and its blind index.
_KEYS = ("house", 0)
_WORD = "fangxian"


class OutOfDate(Refusal):
    """The database was made by another version."""

    code = "out_of_date"


def install() -> None:
    """Bring the database up to date and hand on what an earlier crash left in the outbox. Safe to repeat.

    Raises KeyFault, and changes nothing, where the database was written under other keys.
    """
    if behind():
        call_command("migrate", verbosity=0, interactive=False)
    _remember_keys(SYSTEM)
    registry.install(SYSTEM)
    outbox.deliver()


def check() -> None:
    """Raise OutOfDate where the database is of another version, KeyFault where it was written under other keys."""
    if behind():
        raise OutOfDate(_("The database is not of this version."), remedy=_("Run `fangxian install`."))
    if not keys_fit():
        raise KeyFault(_other_keys())


def behind() -> int:
    """How many changes the database is behind this version."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def keys_fit() -> bool:
    """Whether the present keys are those that this database was made with; so, too, where none were noted yet."""
    found = journal.of(*_KEYS, actions=["house.keys"])
    return all(_fits(entry.content) for entry in found)


def _fits(kept: dict[str, str]) -> bool:
    try:
        opened = secrets.unseal(base64.b64decode(kept["seal"]))
    except KeyFault:
        return False
    return opened == _WORD and kept["index"] == secrets.blind_index("keys", _WORD)


@action
def _remember_keys(by: Actor) -> None:
    if not journal.of(*_KEYS, actions=["house.keys"]):
        sealed = base64.b64encode(secrets.seal(_WORD)).decode()
        record(by, "house.keys", _KEYS, data={"seal": sealed, "index": secrets.blind_index("keys", _WORD)})
    elif not keys_fit():
        raise KeyFault(_other_keys())


def _other_keys() -> str:
    return _("This database was written under other keys. Restore the key file that belongs to it from its backup.")
