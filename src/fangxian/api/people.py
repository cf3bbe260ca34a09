"""People: masked, until somebody says what for; and records that are one human's."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from fangxian.api import paging
from fangxian.api.cases import case_row
from fangxian.api.offering import offer
from fangxian.api.shapes import Closed, Id, Shown, Word, changes, shown
from fangxian.api.signing import Asked
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.registry import actions, queries
from fangxian.registry.schemas import Card, PersonForm
from fangxian.tracing import sources as contacts

router = Router(tags=["people"])


class PersonKept(Shown):
    """A person on record, with the version that a correction must name."""

    code: str
    version: int


class Searched(Closed):
    """What is searched for: the beginning of a name or of its pinyin, a whole number of a document or telephone, a code.

    It is sent in the body, so that no name and no number comes to stand in the log of a server on the way.
    """

    text: Annotated[Word, Field(min_length=1, max_length=100)]
    cursor: paging.Cursor = ""
    limit: paging.Limit = 50


@router.post(
    "/people/search",
    response=paging.page_of(shown(Card)),
    operation_id="registry_search",
    summary="People in the actor's areas",
)
def search(request: Asked, sent: Searched) -> dict[str, Any]:
    """People in the account's areas, in the order of their names as they are read. Everybody is masked."""
    found = queries.search(request.auth, sent.text, after=paging.read(sent.cursor, tuple[str, int]), limit=sent.limit)
    return {"rows": found.people, "cursor": paging.written(found.after)}


def me(by: Actor) -> Card:
    """The account's own person, for a resident. Raises NotFound for an account that is no person's."""
    own = queries.cards([by.person_id]) if by.person_id is not None else {}
    if by.person_id not in own:
        raise NotFound(_("This account is not bound to a person."))
    return own[by.person_id]


def person_of_case(by: Actor, case: str) -> Card:
    """The person of a case, masked, also where they live elsewhere."""
    row = case_row(by, case)
    return queries.person(by, row.person, known=True)


def person_of_contact(by: Actor, contact: str) -> Card:
    """The person of a contact, masked, also where they live elsewhere."""
    found = contacts.contact(by, contact).person_id
    return queries.cards([found])[found]


def reveal_of_case(by: Actor, case: str, fields: Iterable[str], purpose: str, reason: str) -> dict[str, Any]:
    """Fields of the person of a case in full, also where they live elsewhere. The look is on record, and the person can see it."""
    row = case_row(by, case)
    return actions.reveal(by, row.person, fields, purpose, reason, under=row.area)


def reveal_of_contact(by: Actor, contact: str, fields: Iterable[str], purpose: str, reason: str) -> dict[str, Any]:
    """Fields of the person of a contact in full, also where they live elsewhere. The look is on record, and the person can see it."""
    found = contacts.contact(by, contact)
    return actions.reveal(by, found.person.code, fields, purpose, reason, under=found.area)


def amend_person_of_case(by: Actor, case: str, version: int, changes: Mapping[str, Any], reason: str = "") -> Any:
    """Correct what is known of the person of a case, also where they live elsewhere."""
    row = case_row(by, case)
    return actions.amend_person(by, row.person, version, changes, reason, under=row.area)


def amend_person_of_contact(by: Actor, contact: str, version: int, changes: Mapping[str, Any], reason: str = "") -> Any:
    """Correct what is known of the person of a contact, also where they live elsewhere."""
    found = contacts.contact(by, contact)
    return actions.amend_person(by, found.person.code, version, changes, reason, under=found.area)


FIELDS = (
    "name name_latin sex birth_date birth_year nationality area address occupation documents phones aliases".split()
)
CHANGES = {"changes": changes(PersonForm, FIELDS, name="PersonChanges")}
#: Of everybody `fangxian` looks for duplicates at night; a request looks for those of a few.
SOME = {"person_ids": Annotated[list[Id], Field(min_length=1, max_length=100)]}
Fields = dict[str, Any]

offer(router, "GET", "/people/me", me)
offer(router, "POST", "/people", actions.register_person, PersonKept, status=201, keyed=True)
offer(router, "GET", "/people/{code}", queries.person)
offer(router, "PATCH", "/people/{code}", actions.amend_person, PersonKept, given=CHANGES)
offer(router, "POST", "/people/{code}/withdrawals", actions.withdraw, None)
offer(router, "POST", "/people/{code}/reveal", actions.reveal, Fields)
offer(router, "GET", "/people/{code}/looks", queries.access_history)
offer(router, "DELETE", "/people/{person}/household", actions.move_out, None)

offer(router, "GET", "/cases/{case}/person", person_of_case)
offer(router, "PATCH", "/cases/{case}/person", amend_person_of_case, PersonKept, given=CHANGES)
offer(router, "POST", "/cases/{case}/person/reveal", reveal_of_case, Fields)
offer(router, "GET", "/contacts/{contact}/person", person_of_contact)
offer(router, "PATCH", "/contacts/{contact}/person", amend_person_of_contact, PersonKept, given=CHANGES)
offer(router, "POST", "/contacts/{contact}/person/reveal", reveal_of_contact, Fields)

offer(router, "GET", "/matches", queries.waiting_matches, after=lambda pair: (pair.probability, pair.id))
offer(router, "GET", "/matches/merged", queries.decided_matches)
offer(router, "POST", "/matches/find", actions.find_matches, without=("since",), given=SOME)
offer(router, "GET", "/matches/{match_id}", queries.match)
offer(router, "POST", "/matches/{match_id}/same", actions.say_same, PersonKept)
offer(router, "POST", "/matches/{match_id}/different", actions.say_different, None)
offer(router, "POST", "/people/{kept}/merge", actions.merge, PersonKept)
offer(router, "POST", "/people/{code}/unmerge", actions.unmerge, PersonKept)
