"""The journal: who did what to whom, when, why and under which clause. Append-only and hash-chained.

Each entry's hash covers its predecessor's, so an altered, dropped or reordered entry breaks the chain from there on. The
entry hashes are also the leaves of a Merkle tree (RFC 6962 §2.1) whose signed heads, kept elsewhere, betray a journal that
was rewritten as a whole or cut at its end.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection, transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from fangxian.core import bulk, clock, secrets
from fangxian.core.errors import Refusal
from fangxian.core.models import Entry, Head

GENESIS = "0" * 64
#: How far the wall clock may be set back (time servers do it) before writing is refused.
TOLERANCE = timedelta(minutes=5)


@dataclass(slots=True)
class Line:
    """One journal line before it has its place in the chain. `data` must be JSON-serialisable."""

    action: str
    subject_kind: str
    subject_id: int
    actor_id: int | None
    actor: str
    channel: str
    area: str = ""
    purpose: str = ""
    basis: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def append(lines: Sequence[Line]) -> int:
    """Put lines at the end of the chain, in the running transaction; the last sequence number.

    Called once per unit of work by `core.actions`, at its end, so that the lock on the head is held as briefly as may be.
    Raises Refusal where the wall clock has gone back by more than five minutes since the last entry.
    """
    if not lines:
        return 0
    head, _new = Head.objects.select_for_update().get_or_create(
        id=1, defaults={"size": 0, "hash": GENESIS, "frontier": []}
    )
    at = clock.now()
    # A replay or a drill tells its own time, whatever the wall clock had written before; the order is that of the numbers.
    if head.at and at < head.at and not clock.is_virtual():
        if head.at - at > TOLERANCE:
            raise Refusal(
                _(
                    "The clock of this machine says %(now)s, but the journal already reaches %(last)s. Nothing was saved."
                )
                % {"now": at.isoformat(timespec="seconds"), "last": head.at.isoformat(timespec="seconds")},
                remedy=_("Set the machine's clock right, then try again."),
                code="clock_went_back",
            )
        at = head.at
    seq, chain, frontier = head.size, head.hash, [bytes.fromhex(node) for node in head.frontier]
    stamp = _stamp(at)
    bodies: dict[int, str] = {}  # lines that share their data share its text

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal seq, chain
        for line in lines:
            if (body := bodies.get(id(line.data))) is None:
                body = bodies[id(line.data)] = _ENCODED(line.data)
            seq += 1
            digest = _digest(chain, seq, stamp, line, body)
            _grow(frontier, seq - 1, digest)
            chain = digest.hex()
            yield (
                seq, at, line.actor_id, line.actor, line.channel, line.action, line.subject_kind, line.subject_id, line.area,
                line.purpose, line.basis, body, chain,
            )  # fmt: skip

    bulk.insert(Entry, _COLUMNS, rows())
    Head.objects.filter(id=1).update(size=seq, at=at, hash=chain, frontier=[node.hex() for node in frontier])
    return seq


_ENCODED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_COLUMNS = "seq at actor_id actor channel action subject_kind subject_id area purpose basis data hash".split()


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(previous: str, seq: int, stamp: str, line: Any, body: str) -> bytes:
    """SHA-256 over the predecessor's hash and every field, length-prefixed so that no two entries read alike."""
    number, subject = str(seq), str(line.subject_id)
    actor = "" if line.actor_id is None else str(line.actor_id)
    who = _framed(stamp, actor, line.actor, line.channel, line.action, line.subject_kind)
    where = _framed(line.area, line.purpose, line.basis)
    text = f"{len(previous)}:{previous}{len(number)}:{number}{who}{len(subject)}:{subject}{where}{len(body)}:{body}"
    return hashlib.sha256(text.encode()).digest()


@lru_cache(maxsize=1024)
def _framed(*parts: str) -> str:
    """Fields with their lengths: most lines of one unit of work have these in common."""
    return "".join([f"{len(part)}:{part}" for part in parts])


def _grow(frontier: list[bytes], leaves: int, entry_hash: bytes) -> None:
    """Add a leaf to the compact Merkle range: one root per complete subtree, largest first (RFC 6962 §2.1)."""
    node = hashlib.sha256(b"\0" + entry_hash).digest()
    while leaves & 1:
        node = hashlib.sha256(b"\1" + frontier.pop() + node).digest()
        leaves >>= 1
    frontier.append(node)


def _root(frontier: Sequence[bytes]) -> str:
    """The tree's root from its compact range; of an empty tree, the hash of nothing."""
    if not frontier:
        return hashlib.sha256(b"").hexdigest()
    *rest, node = frontier
    for left in reversed(rest):
        node = hashlib.sha256(b"\1" + left + node).digest()
    return node.hex()


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A statement by this installation: the journal had `size` entries with this Merkle root. Ed25519 over size, root, at."""

    size: int
    root: str
    at: str
    key: str
    signature: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def message(self) -> bytes:
        return f"fangxian-journal\n{self.size}\n{self.root}\n{self.at}\n".encode()


def signed_head() -> SignedHead:
    """The present head, signed; print it, mail it, post it: whoever holds it can later tell a rewritten journal."""
    head = Head.objects.filter(id=1).first()
    key = secrets.signing_key()
    public = base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    at = clock.now().isoformat(timespec="seconds")
    frontier = [bytes.fromhex(node) for node in head.frontier] if head else []
    unsigned = SignedHead(head.size if head else 0, _root(frontier), at, public, "")
    return SignedHead(**{**asdict(unsigned), "signature": base64.b64encode(key.sign(unsigned.message)).decode()})


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the journal does not hold, and how."""

    seq: int
    what: str


def verify(head: SignedHead | None = None) -> Iterator[int | Fault]:
    """Walk the whole journal; yields the entries read so far (for a progress bar) and every fault found.

    With `head`, an earlier signed head of the same installation, also proves that the journal still begins with what it was then.
    """
    chain, expected = GENESIS, 1
    frontier: list[bytes] = []
    rows = Entry.objects.order_by("seq").iterator(chunk_size=5000)
    for leaves, entry in enumerate(rows):
        if entry.seq != expected:
            yield Fault(expected, _("entries %(a)s to %(b)s are missing") % {"a": expected, "b": entry.seq - 1})
            expected = entry.seq
        digest = _digest(chain, entry.seq, _stamp(entry.at), entry, entry.data)
        if digest.hex() != entry.hash:
            yield Fault(entry.seq, _("entry %(seq)s was altered or moved") % {"seq": entry.seq})
        chain = entry.hash
        _grow(frontier, leaves, digest)
        if head and leaves + 1 == head.size and _root(frontier) != head.root:
            yield Fault(head.size, _("the first %(n)s entries are not those that were signed") % {"n": head.size})
        expected += 1
        if expected % 5000 == 0:
            yield expected - 1
    last = Head.objects.filter(id=1).first()
    size, tip = (last.size, last.hash) if last else (0, GENESIS)
    if size != expected - 1 or tip != chain:
        yield Fault(expected, _("the journal ends at %(a)s, but its head says %(b)s") % {"a": expected - 1, "b": size})
    if head:
        if head.size > expected - 1:
            yield Fault(expected, _("a signed head says %(n)s entries: some were cut off") % {"n": head.size})
        if not signature_holds(head):
            yield Fault(head.size, _("the signature of the head given does not hold"))
    yield expected - 1


def signature_holds(head: SignedHead) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(head.key)).verify(
            base64.b64decode(head.signature), head.message
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def tip() -> str:
    """The hash of the last entry: as long as it is the same, nothing was written."""
    return Head.objects.filter(id=1).values_list("hash", flat=True).first() or GENESIS


def clock_is_behind() -> bool:
    """Whether the wall clock lies so far before the last entry that writing is refused."""
    head = Head.objects.filter(id=1).first()
    return bool(head and head.at and head.at - clock.now() > TOLERANCE)


def of(subject_kind: str, subject_ids: int | Iterable[int], *, actions: Sequence[str] = ()) -> list[Entry]:
    """The entries about one subject (or several of a kind), oldest first."""
    ids = [subject_ids] if isinstance(subject_ids, int) else list(subject_ids)
    found = Entry.objects.filter(subject_kind=subject_kind, subject_id__in=ids)
    if actions:
        found = found.filter(action__in=actions)
    return list(found.order_by("seq"))


def numbers(subject_kind: str, subject_ids: Iterable[int], action: str) -> dict[int, int]:
    """For each of these subjects the number of the first entry of this action: where “why?” leads to. One query."""
    found = Entry.objects.filter(subject_kind=subject_kind, subject_id__in=list(subject_ids), action=action)
    return dict(found.order_by().values_list("subject_id").annotate(Min("seq")))


def entry(seq: int) -> Entry | None:
    """The entry of this number."""
    return Entry.objects.filter(seq=seq).first()


def read(after: int = 0, *, prefix: str = "") -> Iterator[Entry]:
    """Entries in order, from the one after `after`; only those whose action begins with `prefix`."""
    return Entry.objects.filter(seq__gt=after, action__startswith=prefix).order_by("seq").iterator(chunk_size=5000)


def between(first: int, last: int) -> Iterator[Entry]:
    """The entries between two of them, in order."""
    return Entry.objects.filter(seq__gt=first, seq__lt=last).order_by("seq").iterator(chunk_size=5000)


def guard(conn: Any = connection) -> None:
    """Install the triggers that refuse UPDATE and DELETE on the journal."""
    with conn.cursor() as cursor:
        if conn.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
                "$$BEGIN RAISE EXCEPTION 'the journal is append-only'; END$$"
            )
            cursor.execute(
                "CREATE OR REPLACE TRIGGER journal_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON core_entry "
                "FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()"
            )
        else:
            for verb in ("UPDATE", "DELETE"):
                cursor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS journal_guard_{verb.lower()} BEFORE {verb} ON core_entry "
                    "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
                )


def unguard(conn: Any = connection) -> None:
    """Take the triggers away: for tests that empty the database between them, and for them only."""
    with transaction.atomic(using=conn.alias), conn.cursor() as cursor:
        if conn.vendor == "postgresql":
            cursor.execute("DROP TRIGGER IF EXISTS journal_guard ON core_entry")
        else:
            cursor.execute("DROP TRIGGER IF EXISTS journal_guard_update")
            cursor.execute("DROP TRIGGER IF EXISTS journal_guard_delete")
