"""The journal: who did what, when, why and under which clause, for whoever watches over it."""

from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from ninja import Router
from pydantic import Field

from fangxian.api import paging
from fangxian.api.offering import offer
from fangxian.api.shapes import Shown
from fangxian.core import journal
from fangxian.core.access import Actor
from fangxian.core.journal import SignedHead

router = Router(tags=["journal"])
#: Entries looked through for one page: whoever watches over a small place turns pages that may be empty.
LOOKED_AT = 5_000


class EntryView(Shown):
    """One line of the journal. `hash` covers that of the line before."""

    seq: int
    at: datetime
    actor_id: int | None
    actor: str
    channel: str
    action: str
    subject_kind: str
    subject_id: int
    area: str
    purpose: str
    basis: str
    content: dict[str, Any]
    hash: str


class EntryPage(Shown):
    """Some lines in their order, and the cursor of the next ones; empty at the end."""

    rows: list[EntryView]
    cursor: str


def entries(by: Actor, prefix: str = "", *, cursor: str = "", limit: int = 100) -> dict[str, Any]:
    """Lines of the journal from the account's areas, oldest first; only those whose action begins with `prefix`.

    A page may be short, or empty, and still have a cursor: then there is more further on.
    """
    by.must("journal.view")
    after = paging.read(cursor, Annotated[int, Field(ge=0)]) or 0
    looked = list(islice(journal.read(after, prefix=prefix), LOOKED_AT))
    rows = list(islice((one for one in looked if by.may("journal.view", one.area)), limit))
    last = rows[-1].seq if len(rows) == limit else looked[-1].seq if len(looked) == LOOKED_AT else None
    return {"rows": rows, "cursor": paging.written(last)}


def about(by: Actor, kind: str, subject_id: int) -> list[Any]:
    """Every line about one subject, oldest first."""
    by.must("journal.view")
    return [one for one in journal.of(kind, subject_id) if by.may("journal.view", one.area)]


def head(by: Actor) -> SignedHead:
    """The present head of the journal, signed: whoever keeps it can later tell a journal that was rewritten."""
    by.must("journal.view")
    return journal.signed_head()


offer(router, "GET", "/journal", entries, EntryPage, given={"cursor": paging.Cursor, "limit": paging.Limit})
offer(router, "GET", "/journal/head", head)
offer(router, "GET", "/journal/{kind}/{subject_id}", about, EntryView)
