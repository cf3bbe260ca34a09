"""Laws of the journal: whatever is written holds; whatever is altered, dropped, moved, cut off or rewritten is found."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.core import clock, journal
from fangxian.core.journal import GENESIS, Fault, Line
from fangxian.core.models import Entry, Head

pytestmark = pytest.mark.django_db
START = datetime(2024, 3, 4, tzinfo=UTC)

# PostgreSQL keeps no NUL in text, and neither database a lone surrogate.
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
lines = st.builds(
    Line,
    action=words,
    subject_kind=st.sampled_from(["case", "person", ""]),
    subject_id=st.integers(0, 2**62),
    actor_id=st.none() | st.integers(0, 2**40),
    actor=words,
    channel=st.sampled_from(["web", "api", ""]),
    area=st.sampled_from(["", "33", "330106"]),
    purpose=words,
    basis=words,
    data=st.dictionaries(
        words,
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | words | st.lists(words, max_size=2),
        max_size=3,
    ),
)
batches = st.lists(st.lists(lines, min_size=1, max_size=4), min_size=1, max_size=5)
few = settings(max_examples=25)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the block does to the database is undone after it, and the guard of the journal is off within it."""
    with transaction.atomic():
        journal.unguard()
        yield
        transaction.set_rollback(True)


def _write(parts: list[list[Line]]) -> int:
    for hours, batch in enumerate(parts):
        with clock.at(START + timedelta(hours=hours)):
            journal.append(batch)
    return sum(map(len, parts))


def _faults(head: journal.SignedHead | None = None) -> list[Fault]:
    return [found for found in journal.verify(head) if isinstance(found, Fault)]


@few
@given(batches)
def test_what_was_written_holds_and_was_written_as_it_was(parts: list[list[Line]]):
    with undone():
        count = _write(parts)
        assert list(journal.verify())[-1] == count and _faults() == []
        told = [line for batch in parts for line in batch]
        for line, entry in zip(told, Entry.objects.order_by("seq"), strict=True):
            assert (entry.action, entry.actor, entry.actor_id) == (line.action, line.actor, line.actor_id)
            assert json.loads(entry.data) == line.data


@few
@given(batches, st.data())
def test_an_altered_field_is_found_in_its_entry(parts: list[list[Line]], data: st.DataObject):
    with undone():
        count = _write(parts)
        seq = data.draw(st.integers(1, count))
        entry = Entry.objects.get(seq=seq)
        field = data.draw(st.sampled_from([f.attname for f in Entry._meta.fields if f.attname != "seq"]))
        old = getattr(entry, field)
        fresh: dict[type, st.SearchStrategy[Any]] = {
            str: words,
            int: st.integers(0, 2**62),
            datetime: st.integers(1, 10**9).map(lambda n: old + timedelta(microseconds=n)),
            type(None): st.integers(0, 2**40),
        }
        # What PostgreSQL would not store, nobody can put there.
        room = getattr(Entry._meta.get_field(field), "max_length", None) or 1000
        fresh[str] = words.filter(lambda value: len(value) <= room)
        options = fresh[type(old)] if field != "actor_id" else st.none() | st.integers(0, 2**40)
        Entry.objects.filter(seq=seq).update(**{field: data.draw(options.filter(lambda value: value != old))})
        assert _faults()[0].seq == seq
        assert len(_faults()) == 1 or field == "hash"  # which the next entry, or the head, had counted on


@few
@given(batches, st.data())
def test_text_moved_from_one_field_into_the_next_is_found(parts: list[list[Line]], data: st.DataObject):
    with undone():
        count = _write(parts)
        entry = Entry.objects.get(seq=data.draw(st.integers(1, count)))
        whole = entry.actor + entry.channel
        cut = data.draw(st.integers(0, len(whole)).filter(lambda n: n != len(entry.actor) and len(whole) - n <= 10))
        Entry.objects.filter(seq=entry.seq).update(actor=whole[:cut], channel=whole[cut:])
        assert [fault.seq for fault in _faults()] == [entry.seq]


@few
@given(batches, st.data())
def test_a_dropped_entry_is_found(parts: list[list[Line]], data: st.DataObject):
    with undone():
        count = _write(parts)
        first = data.draw(st.integers(1, count))
        last = data.draw(st.integers(first, min(count, first + 2)))
        Entry.objects.filter(seq__range=(first, last)).delete()
        assert _faults() != []
        Entry.objects.filter(seq__gt=last).update(seq=-(F("seq") - (last - first + 1)))  # close the gap
        Entry.objects.filter(seq__lt=0).update(seq=-F("seq"))
        assert _faults() != []


@few
@given(batches.filter(lambda parts: sum(map(len, parts)) > 1), st.data())
def test_two_entries_that_changed_places_are_found(parts: list[list[Line]], data: st.DataObject):
    with undone():
        count = _write(parts)
        a = data.draw(st.integers(1, count))
        b = data.draw(st.integers(1, count).filter(lambda n: n != a))
        for old, new in ((a, -1), (b, a), (-1, b)):
            Entry.objects.filter(seq=old).update(seq=new)
        assert min(fault.seq for fault in _faults()) == min(a, b)


@few
@given(batches, batches, st.data())
def test_an_end_cut_off_is_found_by_the_head_and_if_that_was_set_back_too_by_a_signed_one(
    before: list[list[Line]], after: list[list[Line]], data: st.DataObject
):
    with undone():
        kept = _write(before)
        early = Head.objects.get(id=1)
        with clock.at(START + timedelta(days=1)):
            journal.append(after[0])
            signed = journal.signed_head()
        Entry.objects.filter(seq__gt=kept).delete()
        assert _faults() != []
        Head.objects.filter(id=1).update(size=early.size, at=early.at, hash=early.hash, frontier=early.frontier)
        assert _faults() == [], "nothing within the database can tell"
        assert _faults(signed) != [], "but the head that somebody kept can"


@few
@given(batches, st.data())
def test_a_journal_rewritten_as_a_whole_is_found_by_a_signed_head(parts: list[list[Line]], data: st.DataObject):
    with undone():
        count = _write(parts)
        signed = journal.signed_head()
        assert _faults(signed) == []
        told = [line for batch in parts for line in batch]
        changed = data.draw(st.integers(0, count - 1))
        told[changed].actor += "x"
        stamps = dict(Entry.objects.values_list("seq", "at"))
        Entry.objects.all().delete()
        Head.objects.all().delete()
        for seq, line in enumerate(told, start=1):
            with clock.at(stamps[seq]):
                journal.append([line])
        assert _faults() == [], "the forged journal is sound in itself"
        assert _faults(signed) != []


def _merkle(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _merkle(leaves[:split]) + _merkle(leaves[split:])).digest()


@few
@given(st.lists(st.lists(lines, min_size=1, max_size=9), max_size=4))
def test_the_signed_root_is_the_tree_hash_of_rfc_6962(parts: list[list[Line]]):
    with undone():
        _write(parts)
        leaves = [bytes.fromhex(digest) for digest in Entry.objects.order_by("seq").values_list("hash", flat=True)]
        signed = journal.signed_head()
        assert (signed.size, signed.root) == (len(leaves), _merkle(leaves).hex())
        assert journal.signature_holds(signed)


@given(st.sampled_from(["size", "root", "at", "key", "signature"]), st.data())
def test_an_altered_head_is_no_longer_signed(field: str, data: st.DataObject):
    signed = journal.signed_head()
    values = signed.as_dict()
    values[field] = 1 if field == "size" else data.draw(words.filter(lambda text: text != values[field]))
    assert not journal.signature_holds(journal.SignedHead(**values))


def test_the_first_entry_follows_the_genesis():
    with undone():
        with clock.at(START):
            journal.append([Line("a", "b", 1, None, "c", "web")])
        assert _faults() == [] and Head.objects.get().size == 1
        assert (
            journal._digest(GENESIS, 1, journal._stamp(START), Entry.objects.get(), "{}").hex()
            == Entry.objects.get().hash
        )
