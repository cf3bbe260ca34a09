"""What `fangxian doctor` looks at."""

import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from fangxian.core import journal, outbox
from fangxian.duties import coverage, packs, queries, rebuild


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was seen, whether it is well, and what to do if not."""

    what: str
    good: bool
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(*, deep: bool = False) -> Iterator[Finding]:
    """Look at everything a deployment depends on. `deep` also reads the whole journal and every duty."""
    yield from _database()
    yield from _keys()
    yield from _clock()
    yield from _disk()
    for name in settings.PACKS:
        pack = packs.pack(name)
        yield Finding(_("protocol %(id)s, edition %(edition)s") % {"id": pack.id, "edition": pack.edition}, True)
    stuck = outbox.stuck()
    yield Finding(
        _("%(n)s events given up") % {"n": len(stuck)}, not stuck, _("Read the log; then run `fangxian work --once`.")
    )
    gaps = queries.gaps()
    yield Finding(
        _("%(n)s subjects lack a duty that a protocol names") % {"n": len(gaps)},
        not gaps,
        _("Run `fangxian sweep`; if they stay, report it: %(first)s") % {"first": gaps[:3]},
    )
    if deep:
        faults = [found for found in journal.verify() if isinstance(found, journal.Fault)]
        yield Finding(_("the journal is whole"), not faults, "; ".join(fault.what for fault in faults[:3]))
        differences = list(rebuild.differences())
        yield Finding(_("duties agree with the journal"), not differences, "; ".join(differences[:3]))
        yield Finding(_("coverage agrees with the steps"), coverage.cells() == coverage.recount())


def _database() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    behind = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    yield Finding(
        _("database %(kind)s, %(n)s changes to make") % {"kind": connection.vendor, "n": behind},
        not behind,
        _("Run `fangxian install`."),
    )


def _keys() -> Iterator[Finding]:
    path = settings.DATA_DIR / "keys.json"
    if path.exists():
        private = not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        yield Finding(
            _("keys in %(path)s") % {"path": path},
            private,
            _("Others can read it: chmod 600, and keep a copy elsewhere."),
        )


def _clock() -> Iterator[Finding]:
    yield Finding(
        _("the clock is not behind the journal"), not journal.clock_is_behind(), _("Set the machine's clock right.")
    )


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.DATA_DIR).free / 2**30
    yield Finding(
        _("%(n).1f GiB free on the disk") % {"n": free}, free > 1, _("Make room: below 1 GiB writing may fail.")
    )
