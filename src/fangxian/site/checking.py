"""What `fangxian doctor` looks at."""

import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import journal, outbox
from fangxian.core.access import SYSTEM, roles
from fangxian.core.errors import Refusal
from fangxian.duties import coverage, packs, queries, rebuild
from fangxian.protocols import PackError
from fangxian.site import installing
from fangxian.tracing import lakes
from fangxian.tracing import queries as tracing

Look = Callable[[], Iterator["Finding"]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was seen, whether it is well, and what to do if not."""

    what: str
    good: bool
    remedy: str = ""


def examine(*, deep: bool = False) -> Iterator[Finding]:
    """Look at everything a deployment depends on; what cannot be looked at is a finding too, never an error.

    `deep` also reads the whole journal and every duty. Where the database cannot be used, nothing further is asked of it.
    """
    yield from _disk()
    sound = True
    for finding in _asked(_database):
        sound = sound and finding.good
        yield finding
    yield from _key_file()
    yield from _protocols()
    yield from _second_factor()
    if sound:
        for look in (_keys, _clock, _events, _gaps, _lake, *((_journal, _duties, _coverage) if deep else ())):
            yield from _asked(look)
    if deep:
        yield from _lake_files()


def _asked(look: Look) -> Iterator[Finding]:
    try:
        yield from look()
    except (DatabaseError, InterfaceError) as fault:
        words = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
        yield Finding(
            _("the database cannot be read: %(words)s") % {"words": words},
            False,
            _("Check DATABASE_URL, the server and the disk; a damaged file is restored from its backup."),
        )


def _database() -> Iterator[Finding]:
    behind = installing.behind()
    yield Finding(
        _("database %(kind)s, %(n)s changes to make") % {"kind": connection.vendor, "n": behind},
        not behind,
        _("Run `fangxian install`."),
    )


def _key_file() -> Iterator[Finding]:
    path = settings.DATA_DIR / "keys.json"
    if path.exists():
        private = not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        yield Finding(
            _("keys in %(path)s") % {"path": path},
            private,
            _("Others can read it: chmod 600, and keep a copy elsewhere."),
        )


def _keys() -> Iterator[Finding]:
    yield Finding(
        _("the keys are those of this database"),
        installing.keys_fit(),
        _("Restore the key file that belongs to it from its backup."),
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


def _second_factor() -> Iterator[Finding]:
    if wrong := sorted(settings.SECOND_FACTOR - roles().keys()):
        yield Finding(
            _("roles that need a second factor: there is no role %(names)s") % {"names": ", ".join(wrong)},
            False,
            _("Correct FANGXIAN_SECOND_FACTOR; the roles are: %(list)s.") % {"list": ", ".join(roles())},
        )


def _protocols() -> Iterator[Finding]:
    for name in settings.PACKS:
        try:
            pack = packs.pack(name)
        except PackError as fault:
            yield Finding(_("protocol %(id)s") % {"id": name}, False, fault.in_(get_language() or "zh"))
        else:
            yield Finding(_("protocol %(id)s, edition %(edition)s") % {"id": pack.id, "edition": pack.edition}, True)


def _events() -> Iterator[Finding]:
    stuck = outbox.stuck()
    yield Finding(
        _("%(n)s events given up") % {"n": len(stuck)}, not stuck, _("Read the log; then run `fangxian work --once`.")
    )


def _gaps() -> Iterator[Finding]:
    gaps = queries.gaps()
    first = ", ".join(f"{kind}: {subject.kind} {subject.id}" for kind, subject in gaps[:3])
    yield Finding(
        _("%(n)s subjects lack a duty that a protocol names") % {"n": len(gaps)},
        not gaps,
        _("Run `fangxian sweep`; if they stay, report it: %(first)s") % {"first": first},
    )


def _lake() -> Iterator[Finding]:
    try:
        found = tracing.lake_view(SYSTEM)
    except Refusal as fault:
        yield Finding(_("the lake of stays"), False, str(fault))
        return
    except PackError:  # a finding of its own
        return
    yield Finding(
        _("the lake holds %(rows)s stays of %(days)s days; %(over)s days are past their time")
        % {"rows": found.rows, "days": len(found.days), "over": len(found.overdue)},
        not found.overdue,
        _("`fangxian work` deletes them every hour: is it running?"),
    )


def _lake_files() -> Iterator[Finding]:
    faults = [found for found in lakes.lake().verify(lakes.signed) if not isinstance(found, int)]
    first = "; ".join(f"{fault.path}: {fault.what.in_(get_language() or 'zh')}" for fault in faults[:3])
    yield Finding(
        _("the lake is what its manifest says"),
        not faults,
        _("Run `fangxian lake verify`: %(first)s") % {"first": first},
    )


def _journal() -> Iterator[Finding]:
    faults = [found for found in journal.verify() if isinstance(found, journal.Fault)]
    yield Finding(_("the journal is whole"), not faults, "; ".join(fault.what for fault in faults[:3]))


def _duties() -> Iterator[Finding]:
    differences = list(rebuild.differences())
    yield Finding(_("duties agree with the journal"), not differences, "; ".join(differences[:3]))


def _coverage() -> Iterator[Finding]:
    yield Finding(
        _("coverage agrees with the steps"),
        coverage.cells() == coverage.recount(),
        _("Report it: a step was written past the actions."),
    )
