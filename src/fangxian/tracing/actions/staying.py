"""Stays by the million: taken into the lake, tidied, and deleted when their time is over.

The lake is no part of the database's transaction: a batch is taken when the lake says so, whatever happens to the process next. So
the keys of persons are committed before it, and the line in the journal after it; a batch that is sent again gets a line too.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.utils.translation import gettext as _

from fangxian.core import bulk, clock, journal, secrets
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid
from fangxian.lake import Compaction, Deletion, Receipt
from fangxian.lake.deleting import record_of
from fangxian.registry import actions as registry
from fangxian.tracing.lakes import first_day, kept, lake, refusing

#: The rights to send stays, and to tidy and delete all there are, which is nobody's but the system's.
SEND, MANAGE = "stays.send", "stays.manage"
#: What the journal says of a deletion, as far as its record does.
_TOLD = ("before", "group", "days", "persons", "places", "under", "at")
#: What the persons of a batch may be named by.
PEOPLE = ("keys", *registry.LABELS)
#: So many files of a day that is still running are made one.
_MANY = 64
_LONGEST = 80
#: So many labels are looked up, and entered where they are new, in one transaction.
PART = 10_000


#: Lake keys for labels of one kind, in their order; 0 for whoever is not known.
LookUp = Callable[[Actor, str, Sequence[str]], list[int]]


def send_stays(
    by: Actor, rows: Path | pa.Table, source: str, batch: str = "", people: str = "keys", digest: str = ""
) -> Receipt:
    """Take a batch of stays (`person, place, t_in, t_out`) into the lake, once. `people`: what names its persons, of `PEOPLE`.

    Numbers that nobody has yet become persons of whom nothing else is known. Sent again, it changes nothing (`repeated`). Raises
    Conflict where the same source used the name of the batch for other content or another process writes for too long, Invalid
    for what cannot be read; then nothing was taken. Rows at fault are left out and told.
    """
    by.must(SEND)
    if people not in PEOPLE:
        raise Invalid(
            _("Persons cannot be named by “%(kind)s”.") % {"kind": people},
            remedy=_("Choose from: %(list)s.") % {"list": ", ".join(PEOPLE)}, field="people",
        )  # fmt: skip
    return send(by, rows, source, batch, digest, "", _keys(by, source.strip(), people))


def send(
    by: Actor, rows: Path | pa.Table, source: str, batch: str, digest: str, group: str,
    keys: Callable[[pa.Array], Any] | None,
) -> Receipt:  # fmt: skip
    """Take a batch into the lake and tell the journal: what every way of sending has in common. The caller has checked the right."""
    source, batch = source.strip(), batch.strip()
    for name, text in (("source", source), ("batch", batch)):
        if len(text) > _LONGEST or not text.isprintable() or (name == "source" and not text):
            raise Invalid(_("A name of up to %(n)s characters is needed.") % {"n": _LONGEST}, field=name)
    with refusing():
        receipt = lake().ingest(rows, source=source, batch=batch, digest=digest, keys=keys, group=group)
    _tell(by, receipt)
    return receipt


def look_up(by: Actor, kind: str, labels: Sequence[str], naming: LookUp | None = None) -> list[int]:
    """The lake keys of labels of one kind; whom nobody knows yet is entered.

    `naming` does it, if it is not to be the registry's own way. A part at a time, each in a transaction of its own: a million new
    persons keep nobody else waiting. Whoever was entered when the process ended is found when the batch is sent again.
    """
    found: list[int] = []
    for begin in range(0, len(labels), PART):
        if begin:
            bulk.give_way()
        found += (naming or registry.keys_of_labels)(by, kind, labels[begin : begin + PART])
    return found


def tidy_stays(by: Actor) -> list[Compaction]:
    """Make one file of each day that is over, and of those of the running day when they have become many."""
    by.must(MANAGE, "")
    done = []
    with refusing():
        house, today = lake(), clock.today().isoformat()
        many = {day.day for day in house.days() if day.files > _MANY}
        for day in house.wanting():
            if day < today or day in many:
                compaction = house.compact(day)
                done += [compaction] if compaction else []
    return done


def forget_stays(by: Actor) -> Deletion | None:
    """Delete the stays whose time is over by the protocols in force or the setting; None where there are none."""
    by.must(MANAGE, "")
    first = first_day()
    with refusing():
        state = lake().state
    if first is None or not state.stays or state.begins >= first.isoformat():
        return None
    return _drop(by, first, kept()[1])


def withdraw_stays(by: Actor, group: str, reason: str) -> Deletion | None:
    """Take back the stays of a group of batches, for a reason: part of undoing what brought them in; None where there are none.

    Persons of whom the lake has nothing left lose their keys; what went is told by a signed record and by the journal.
    """
    by.must("imports.undo")
    house = lake()
    with refusing():
        deletion = house.withdraw(
            group, sign=secrets.signing_key().sign, by=by.name, under=reason.strip()[:300], at=clock.now(),
            left=lambda keys: registry.forget_keys(SYSTEM, keys.tolist()),
        )  # fmt: skip
        _put_on_record(by)
    return deletion


def drop_stays(by: Actor, before: date, reason: str) -> Deletion | None:
    """Delete all stays that began before a day, for a reason; None where there are none.

    Persons of whom the lake has nothing left lose their keys. What went is told by a record signed by this installation, and by the
    journal. Raises Invalid for a day to come.
    """
    by.must(MANAGE, "")
    if len(reason.strip()) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    if before > clock.today():
        raise Invalid(_("This lies in the future."), remedy=_("Name today, or a day before."), field="before")
    return _drop(by, before, reason.strip()[:300])


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _keys(by: Actor, source: str, people: str) -> Callable[[pa.Array], Any] | None:
    """From labels to lake keys; a source's own numbers are its own."""
    if people == "keys":
        return None
    prefix = f"{source}:" if people == "source_record" else ""
    return lambda labels: look_up(by, people, [f"{prefix}{label}" for label in labels.cast(pa.string()).to_pylist()])


@action
def _tell(by: Actor, receipt: Receipt) -> None:
    told = {
        "source": receipt.source,
        "batch": receipt.batch,
        "rows": receipt.rows,
        "taken": receipt.taken,
        "days": receipt.days,
    }
    record(by, "stays.sent_again" if receipt.repeated else "stays.taken", ("lake", 0), data=told)


def _drop(by: Actor, before: date, under: str) -> Deletion | None:
    house = lake()
    with refusing():
        deletion = house.drop(
            before, sign=secrets.signing_key().sign, by=by.name, under=under, at=clock.now(),
            left=lambda keys: registry.forget_keys(by, keys.tolist()),
        )  # fmt: skip
        _put_on_record(by)
    return deletion


@action
def _put_on_record(by: Actor) -> None:
    """A line in the journal for each deletion that has none yet: also for one after which the process was killed."""
    house = lake()
    known = {entry.content.get("sha256") for entry in journal.of("lake", 0, actions=("stays.deleted",))}
    for file in house.state.deletions:
        if file.sha256 not in known:
            told, _signature = record_of(house.folder, file)
            data = {name: told[name] for name in _TOLD if name in told}
            record(by, "stays.deleted", ("lake", 0), data=data | {"record": file.path, "sha256": file.sha256})
