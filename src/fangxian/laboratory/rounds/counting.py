"""Who has come: swabs count by themselves (自动计入). Whatever touches a tube leads here, and the numbers of its grids are counted anew.

A grid is counted from its roll, under its lock: so the numbers cannot drift, whatever came twice, late or in another order.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from fangxian.core import bulk, clock
from fangxian.laboratory.models import Member, Swab, Tube
from fangxian.laboratory.rounds import settling
from fangxian.laboratory.rounds.finding import HELD, MISSING
from fangxian.laboratory.rounds.models import NUMBERS, Listed, Patch, Round
from fangxian.registry import queries as registry

#: Tubes and people that are looked at together.
CHUNK = 2000
#: Excused because another record of the same person is on the roll.
DUPLICATE = "duplicate"
_FAILED = (Tube.REJECTED, Tube.LOST)


def tubes_touched(tube_ids: Collection[int]) -> None:
    """Samples were taken, told of, rejected or lost: whoever is in them is looked at again in every round of their time."""
    tubes = Tube.objects.filter(pk__in=list(tube_ids))
    taken = sorted(tubes.values_list("sampled_at", flat=True))
    if not taken:
        return
    rounds = _held_between(taken[0], taken[-1])
    twice = _on_record_twice(tube_ids) if rounds else set()
    for round_ in rounds:
        inside = Swab.objects.filter(tube__in=list(tube_ids)).values("person")
        _look_again(round_, Listed.objects.filter(round=round_, person__in=inside))
        _by_person(round_, twice)


def people_joined(round_: Round, people: Collection[int]) -> None:
    """The records of one person were joined or parted: what any of them gave counts for the one that stands for them."""
    _by_person(round_, set(registry.canonical(people).values()))


def since(round_: Round, last_tube: int) -> None:
    """Samples that were recorded while the roll was being made."""
    rows = Tube.objects.filter(pk__gt=last_tube, sampled_at__gte=round_.started_at or clock.now()).order_by("pk")
    while chunk := list(rows.filter(pk__gt=last_tube).values_list("pk", flat=True)[:CHUNK]):
        last_tube = chunk[-1]
        _look_again(
            round_,
            Listed.objects.filter(round=round_, person__in=Swab.objects.filter(tube__in=chunk).values("person")),
        )


def recount(patches: Iterable[Patch]) -> None:
    """Count grids from their rolls and tell the duties what is settled by that. The caller holds them locked."""
    rows = {one.pk: one for one in patches}
    counts = _counted(rows)
    changed = [patch for pk, patch in rows.items() if _take(patch, counts.get(pk, {}))]
    bulk.update(Patch, NUMBERS, [(*(getattr(one, name) for name in NUMBERS), one.pk) for one in changed])
    settling.mopped_up(list(rows.values()))


def locked(patch_ids: Iterable[int]) -> list[Patch]:
    """Grids in the order of their keys, so that two that count never wait for each other."""
    return list(Patch.objects.select_for_update().filter(pk__in=set(patch_ids)).order_by("pk"))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _held_between(first: datetime, last: datetime) -> list[Round]:
    """Rounds in whose time these instants lie."""
    open_until = Q(ended_at__isnull=True) | Q(ended_at__gte=first)
    return list(Round.objects.filter(open_until, state__in=HELD, started_at__lte=last).order_by("pk"))


def _on_record_twice(tube_ids: Collection[int]) -> set[int]:
    """Of the people in these tubes those on record more than once, by the record that stands for each."""
    people = set(Swab.objects.filter(tube__in=list(tube_ids)).values_list("person", flat=True))
    merged = {root for one, root in registry.canonical(people).items() if one != root}
    return merged | set(registry.duplicates(people).values())


def _look_again(round_: Round, rows: QuerySet[Listed]) -> None:
    patches = locked(rows.values_list("patch", flat=True).distinct())
    if not patches:
        return
    first = _counting(round_).filter(person=OuterRef("person")).order_by("tube__sampled_at", "pk").values("tube")[:1]
    Listed.objects.filter(pk__in=rows.order_by().values("pk")).update(tube=Subquery(first))
    recount(patches)
    settling.proposed(round_)


def _by_person(round_: Round, roots: Collection[int]) -> None:
    """People who are, or were, on record more than once, by the records that stand for them: on a roll that has several of one
    person one of them counts, with whatever swab any of them gave; the others are excused as duplicates."""
    if not roots:
        return
    kin = registry.duplicates(roots) | {one: one for one in roots}
    mine = Listed.objects.filter(round=round_, person__in=list(kin))
    patches = locked(mine.values_list("patch", flat=True))
    if not patches:
        return
    given: dict[int, int] = {}
    swabs = _counting(round_).filter(person__in=list(kin)).order_by("tube__sampled_at", "pk")
    for person, tube in swabs.values_list("person", "tube"):
        given.setdefault(kin[person], tube)
    rows = sorted(mine, key=lambda one: (kin[one.person_id] != one.person_id, one.pk))
    counted: set[int] = set()
    for row in rows:
        root = kin[row.person_id]
        if root in counted:
            row.tube_id, row.exempt = None, row.exempt or DUPLICATE
        else:
            row.tube_id, row.exempt = given.get(root), "" if row.exempt == DUPLICATE else row.exempt
            counted.add(root)
    bulk.update(Listed, ("tube_id", "exempt"), [(row.tube_id, row.exempt, row.pk) for row in rows])
    recount(patches)
    settling.proposed(round_)


def _counting(round_: Round) -> QuerySet[Swab]:
    """Swabs taken within the round that came to something."""
    within = Swab.objects.filter(tube__sampled_at__gte=round_.started_at).exclude(tube__state__in=_FAILED)
    return within.filter(tube__sampled_at__lte=round_.ended_at) if round_.ended_at else within


def _counted(patch_ids: Collection[int]) -> dict[int, dict[str, int]]:
    come, open_result = Q(tube__isnull=False), Q(tube__value__in=("", "indeterminate"))
    rows: Iterable[Any] = (
        Listed.objects.filter(patch__in=list(patch_ids)).order_by().values("patch").annotate(
            n_people=Count("pk"), n_tested=Count("pk", filter=come), n_exempt=Count("pk", filter=Q(tube__isnull=True) & ~Q(exempt="")),
            n_asked=Count("pk", filter=MISSING & ~Q(answer="")), n_waiting=Count("pk", filter=come & open_result),
        )
    )  # fmt: skip
    counts: dict[int, dict[str, int]] = {row["patch"]: {name: row[f"n_{name}"] for name in NUMBERS} for row in rows}
    # Whoever is of a positive pool waits for a tube of their own.
    pools = Listed.objects.filter(patch__in=list(patch_ids), tube__value="positive", tube__people__gt=1)
    members = list(pools.values_list("patch", "tube", "person"))
    found = Member.objects.filter(state=Member.HELD, pool__in={tube for _patch, tube, _person in members})
    held = set(found.values_list("pool", "person"))
    for patch, tube, person in members:
        counts[patch]["waiting"] += (tube, person) in held
    return counts


def _take(patch: Patch, counts: dict[str, int]) -> bool:
    before = [getattr(patch, name) for name in NUMBERS]
    for name in NUMBERS:
        setattr(patch, name, counts.get(name, 0))
    return before != [getattr(patch, name) for name in NUMBERS]
