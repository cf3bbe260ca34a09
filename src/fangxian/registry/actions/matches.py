"""Writers of duplicates: find, merge, part again, say that two are two. Merging moves nothing: it sets a pointer."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.analytics import linkage
from fangxian.core import clock, secrets
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound, Refusal
from fangxian.registry import matching, objections
from fangxian.registry.actions.amendments import amend_person
from fangxian.registry.actions.people import find
from fangxian.registry.events import PersonsMerged, PersonsUnmerged
from fangxian.registry.levels import common
from fangxian.registry.models import Match, Person
from fangxian.registry.schemas import Found

#: What can be taken over from a record that is merged into another: name of the choice → fields.
TAKEN: Mapping[str, tuple[str, ...]] = {
    "name": ("name", "name_latin"),
    "sex": ("sex",),
    "born": ("birth_date", "birth_year"),
    "nationality": ("nationality",),
    "residence": ("area", "address"),
    "occupation": ("occupation",),
}

#: People compared in one query for their candidates.
_CHUNK = 500


@action
def find_matches(
    by: Actor,
    person_ids: Iterable[int] | None = None,
    *,
    since: datetime | None = None,
    parameters: linkage.Parameters = linkage.DEFAULT,
) -> Found:
    """Look for duplicates of these people (of all registered since an instant, or of everybody).

    Pairs above `parameters.merge_above` that nothing speaks against are merged; those above `review_above` wait for a
    person. What a person has decided is never decided again.
    """
    by.must("persons.match")
    if person_ids is None:
        rows = Person.objects.filter(Q(created_at__gte=since) if since else Q()).order_by("pk")
        person_ids = rows.values_list("pk", flat=True)
    wanted = list(person_ids)
    compared = merged = waiting = 0
    for start in range(0, len(wanted), _CHUNK):
        tried, pairs = _alike(wanted[start : start + _CHUNK], parameters)
        compared += tried
        for pair in pairs:
            outcome = _take(by, pair)
            merged += outcome == Match.MERGED
            waiting += outcome == Match.WAITING
    return Found(compared, merged, waiting)


@action
def merge(by: Actor, kept: str, other: str, reason: str = "", take: Sequence[str] = ()) -> Person:
    """Say that two records are one person: `other` points to `kept` from now on. Nothing of either moves. Returns the root.

    `take` are fields that are right on the other record (of `TAKEN`): the kept one says the same from now on, until the two are
    parted again. Raises Conflict where something stands against it that must be settled first (both have a case).
    """
    first, second = _locked_roots(find(kept), find(other))
    if first.pk == second.pk:
        raise Conflict(_("The two are one person already."), code="already_merged")
    _must_match(by, first, second)
    objections.ask(_group(first.pk), _group(second.pk))
    _merge(by, first, second, reason.strip()[:300], None)
    if take:
        _take_over(by, first, second, take)
        first.refresh_from_db()
    return first


@action
def unmerge(by: Actor, code: str, reason: str) -> Person:
    """Take back that a record was merged into another: it stands for itself again, with all it ever had.

    The two are held to be different from then on, so that no search joins them again.
    """
    person = find(code)
    root, person = _locked(person.canonical_id or person.pk, person.pk)
    if person.merged_into_id is None:
        raise Conflict(_("This record was not merged into another."), code="not_merged")
    _must_match(by, root, person)
    _reason(reason)
    parent = person.merged_into_id
    branch = _branch(person.pk)
    Person.objects.filter(pk__in=branch - {person.pk}).update(canonical_id=person.pk)
    Person.objects.filter(pk=person.pk).update(canonical=None, merged_into=None)
    rest = {root.pk, *Person.objects.filter(canonical_id=root.pk).values_list("pk", flat=True)}
    between = Match.objects.filter(Q(first__in=branch, second__in=rest) | Q(first__in=rest, second__in=branch))
    _give_back(by, root, between)
    between.update(state=Match.DIFFERENT, before=None, **_decision(by, reason))
    _note(by, parent, person.pk, Match.DIFFERENT, reason=reason)
    record(
        by, "person.unmerged", ("person", person.pk), area=person.area,
        data={"from": root.pk, "pointed_to": parent, "with": sorted(branch - {person.pk}), "reason": reason.strip()[:300]},
    )  # fmt: skip
    emit(PersonsUnmerged(root.pk, person.pk))
    return Person.objects.get(pk=person.pk)


@action
def say_different(by: Actor, match_id: int, reason: str) -> None:
    """Decide that the two of a waiting match are two people."""
    match = _waiting(by, match_id)
    _reason(reason)
    Match.objects.filter(pk=match.pk).update(state=Match.DIFFERENT, **_decision(by, reason))
    record(by, "match.different", ("match", match.pk), area=match.area, data={"reason": reason.strip()[:300]})


@action
def say_same(by: Actor, match_id: int, kept: str, reason: str = "", take: Sequence[str] = ()) -> Person:
    """Decide that the two of a waiting match are one person; `kept` is the code of the record to go on with, `take` as in `merge`."""
    match = _waiting(by, match_id)
    pair = {person.code: person for person in Person.objects.filter(pk__in=[match.first_id, match.second_id])}
    if kept not in pair:
        raise Invalid(_("Choose which of the two records to go on with."), field="kept")
    (other,) = (code for code in pair if code != kept)
    return merge(by, kept, other, reason, take)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _alike(ids: Sequence[int], parameters: linkage.Parameters) -> tuple[int, list[linkage.Match]]:
    """How many pairs were compared, and those that are to be merged or looked at, the surest first."""
    found = matching.candidates(ids)
    pairs = {(min(pk, other), max(pk, other)) for pk, others in found.items() for other in others}
    known = matching.records({pk for pair in pairs for pk in pair})
    matches = [linkage.compare(known[a], known[b], parameters) for a, b in sorted(pairs)]
    return len(pairs), sorted((m for m in matches if m.decision != "apart"), key=lambda m: -m.weight)


def _take(by: Actor, pair: linkage.Match) -> str:
    """Merge a pair, or let it wait, or leave it as it was decided; the state it has got by this call, else nothing."""
    ids = [int(pair.a.key), int(pair.b.key)]  # type: ignore[call-overload]
    if Match.objects.filter(first=min(ids), second=max(ids)).exclude(state=Match.WAITING).exists():
        return ""
    first, second = _locked_roots(*Person.objects.filter(pk__in=ids).order_by("pk"))
    if first.pk == second.pk:
        return ""
    ours, theirs = _group(first.pk), _group(second.pk)
    crossing = Q(first__in=ours, second__in=theirs) | Q(first__in=theirs, second__in=ours)
    sure = (
        pair.decision == "merge"
        and by.may("persons.match", first.area)
        and by.may("persons.match", second.area)
        and not Match.objects.filter(crossing, state=Match.DIFFERENT).exists()
        and not _forbidden(ours, theirs)
        and _nothing_against(ours, theirs)
    )
    if sure:
        _merge(by, first, second, "", pair)
        return Match.MERGED
    return Match.WAITING if _note(by, ids[0], ids[1], Match.WAITING, pair=pair) else ""


def _nothing_against(ours: set[int], theirs: set[int]) -> bool:
    """Whether the stages above have no objection; where they have, a person decides."""
    try:
        objections.ask(ours, theirs)
    except Refusal:
        return False
    return True


def _take_over(by: Actor, kept: Person, other: Person, take: Sequence[str]) -> None:
    """Let the kept record say what the other says in these fields, and remember what it said before."""
    if unknown := sorted(set(take) - set(TAKEN)):
        raise Invalid(
            _("“%(field)s” cannot be taken over.") % {"field": unknown[0]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(TAKEN)},
            field="take",
        )
    names = [name for one in dict.fromkeys(take) for name in TAKEN[one]]
    before = {name: _plain(getattr(kept, name)) for name in names}
    changes = {name: getattr(other, name) for name in names}
    now = amend_person(by, kept.code, kept.version, changes, _("taken over from the record merged into it"))
    told = secrets.seal(json.dumps({"version": now.version, "values": before}, ensure_ascii=False))
    pair = {"first_id": min(kept.pk, other.pk), "second_id": max(kept.pk, other.pk)}
    Match.objects.filter(**pair).update(before=told)


def _give_back(by: Actor, root: Person, between: QuerySet[Match]) -> None:
    """Where the record has not changed since it took fields of the other, it says again what it said before."""
    for match in between.filter(before__isnull=False).order_by("-decided_at"):
        told = json.loads(secrets.unseal(match.before or b""))
        if told["version"] != root.version:
            continue  # somebody has corrected it since: what they wrote stands
        values = told["values"]
        if values.get("birth_date"):
            values["birth_date"] = date.fromisoformat(values["birth_date"])
        root.version = amend_person(by, root.code, root.version, values, _("parted again")).version


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _forbidden(ours: set[int], theirs: set[int]) -> bool:
    """Whether any two records that a merge would bring together veto each other (two valid identity cards, say)."""
    known = matching.records(ours | theirs)
    return any(linkage.veto(known[a], known[b]) for a in ours for b in theirs)


def _merge(by: Actor, kept: Person, other: Person, reason: str, pair: linkage.Match | None) -> None:
    ours, theirs = _group(kept.pk), _group(other.pk)
    Person.objects.filter(canonical_id=other.pk).update(canonical_id=kept.pk)
    Person.objects.filter(pk=other.pk).update(canonical_id=kept.pk, merged_into_id=kept.pk)
    between = Match.objects.filter(Q(first__in=ours, second__in=theirs) | Q(first__in=theirs, second__in=ours))
    between.update(state=Match.MERGED, **_decision(by, reason))
    a, b = (int(pair.a.key), int(pair.b.key)) if pair else (kept.pk, other.pk)  # type: ignore[call-overload]
    _note(by, a, b, Match.MERGED, pair=pair, reason=reason)
    record(
        by, "person.merged", ("person", other.pk), area=other.area, purpose="matching",
        data={"into": kept.pk, "reason": reason, "probability": round(pair.probability, 4) if pair else None},
    )  # fmt: skip
    emit(PersonsMerged(kept.pk, other.pk))


def _locked(*ids: int) -> list[Person]:
    """These people, locked in the order of their ids (so that two who merge at once do not wait for each other for ever)."""
    rows = {person.pk: person for person in Person.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    return [rows[pk] for pk in ids]


def _locked_roots(first: Person, second: Person) -> list[Person]:
    """The roots of two people, locked; read again until they are still the roots once locked."""
    while True:
        roots = _locked(*(person.canonical_id or person.pk for person in (first, second)))
        if all(root.canonical_id is None for root in roots):
            return roots
        first, second = roots


def _group(root: int) -> set[int]:
    """Everybody who is this person."""
    return {root, *Person.objects.filter(canonical_id=root).values_list("pk", flat=True)}


def _branch(top: int) -> set[int]:
    """A record and whatever was merged into it, directly or by way of others."""
    found, edge = {top}, {top}
    while edge:
        edge = set(Person.objects.filter(merged_into_id__in=edge).values_list("pk", flat=True))
        found |= edge
    return found


def _note(by: Actor, a: int, b: int, state: str, *, pair: linkage.Match | None = None, reason: str = "") -> bool:
    """Write what is known and decided of a pair; whether it is new that it waits."""
    values: dict[str, object] = {"state": state}
    if pair is not None:
        values |= {"probability": pair.probability, "explanation": [list(one) for one in evidence(pair)]}
    if state != Match.WAITING:
        values |= _decision(by, reason)
    areas = list(Person.objects.filter(pk__in=[a, b]).values_list("area", flat=True))
    _match, new = Match.objects.update_or_create(
        first_id=min(a, b), second_id=max(a, b), defaults=values,
        create_defaults={"probability": 1.0 if state == Match.MERGED else 0.0, "area": common(areas), **values},
    )  # fmt: skip
    return new


def evidence(pair: linkage.Match) -> list[tuple[str, str, float]]:
    """(field, level, bits) of every field that says something."""
    return [(one.field, one.level, round(one.weight, 2)) for one in pair.fields if one.level != "unknown"]


def _decision(by: Actor, reason: str) -> dict[str, object]:
    return {"decided_by_id": by.account_id, "decided_at": clock.now(), "reason": reason.strip()[:300]}


def _waiting(by: Actor, match_id: int) -> Match:
    match = Match.objects.select_for_update().filter(pk=match_id).first()
    if match is None or not by.may("persons.match", match.area):
        raise NotFound(_("There is no such pair to decide on."))
    if match.state != Match.WAITING:
        raise Conflict(
            _("This was already decided: %(state)s.") % {"state": _(match.state)},
            remedy=_("Reload the list."),
            code="already_decided",
        )
    return match


def _must_match(by: Actor, first: Person, second: Person) -> None:
    for person in (first, second):
        by.must("persons.match", person.area)


def _reason(text: str) -> None:
    if len(text.strip()) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
