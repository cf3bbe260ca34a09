"""Laws of merging: whoever merges and parts whom in whatever order, one person has one root and nothing is lost.

A machine merges and parts people at will beside a model that is a plain forest. After every step: the pointer to the root is
where following `merged_into` leads, it is idempotent, and no record but for its two pointers has changed.
"""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fangxian.core import journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict
from fangxian.registry import actions, queries
from fangxian.registry.models import Alias, Document, Match, MatchKey, Person, Phone
from fangxian.registry.schemas import PersonForm
from tests.support.town import VILLAGE

PEOPLE = 7
who = st.integers(0, PEOPLE - 1)


def _all_but_pointers() -> dict[str, list[Any]]:
    """Everything the registry knows of people, without who was merged into whom."""
    rows = Person.objects.order_by("pk").values()
    kept = [{key: value for key, value in row.items() if key not in ("canonical_id", "merged_into_id")} for row in rows]
    more = {table.__name__: list(table.objects.order_by("pk").values()) for table in (Document, Phone, Alias, MatchKey)}
    return {"Person": kept} | more


class Merging(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        forms = [
            PersonForm(name=f"张{chr(0x4E00 + n)}", area=VILLAGE, phones=(f"1380000000{n}",), aliases=(f"老{n}",))
            for n in range(PEOPLE)
        ]
        self.ids = actions.register_many(SYSTEM, forms)
        self.codes = [Person.objects.get(pk=pk).code for pk in self.ids]
        self.before = _all_but_pointers()
        self.parent: dict[int, int] = {}

    def _root(self, n: int) -> int:
        while n in self.parent:
            n = self.parent[n]
        return n

    @rule(kept=who, other=who)
    def merge(self, kept: int, other: int) -> None:
        a, b = self._root(kept), self._root(other)
        if a == b:
            with pytest.raises(Conflict):
                actions.merge(SYSTEM, self.codes[kept], self.codes[other])
        else:
            assert actions.merge(SYSTEM, self.codes[kept], self.codes[other]).pk == self.ids[a]
            self.parent[b] = a

    @rule(person=who)
    def unmerge(self, person: int) -> None:
        if person not in self.parent:
            with pytest.raises(Conflict):
                actions.unmerge(SYSTEM, self.codes[person], "two people")
            return
        former = self.parent.pop(person)
        actions.unmerge(SYSTEM, self.codes[person], "two people")
        pair = sorted((self.ids[person], self.ids[former]))
        assert Match.objects.get(first=pair[0], second=pair[1]).state == Match.DIFFERENT

    @rule()
    def part_all(self) -> None:
        for person in sorted(self.parent):
            self.unmerge(person)
        assert not Person.objects.exclude(canonical=None, merged_into=None).exists()

    @invariant()
    def the_root_is_the_root(self) -> None:
        if not hasattr(self, "ids"):
            return
        found = queries.canonical(self.ids)
        assert found == {self.ids[n]: self.ids[self._root(n)] for n in range(PEOPLE)}
        assert queries.canonical(found.values()) == {root: root for root in found.values()}
        groups = {queries.same_person(pk) for pk in self.ids}
        assert sorted(pk for group in groups for pk in group) == sorted(self.ids)

    @invariant()
    def nothing_was_touched(self) -> None:
        if hasattr(self, "ids"):
            assert _all_but_pointers() == self.before


@pytest.mark.django_db
def test_merging_and_parting():
    run_state_machine_as_test(
        Merging,
        settings=settings(max_examples=12, stateful_step_count=12, suppress_health_check=list(HealthCheck)),
    )


@pytest.mark.django_db
def test_the_journal_tells_every_merge_and_parting():
    ids = actions.register_many(SYSTEM, [PersonForm(name=name, area=VILLAGE) for name in "甲乙丙"])
    codes = [Person.objects.get(pk=pk).code for pk in ids]
    actions.merge(SYSTEM, codes[1], codes[2])
    actions.merge(SYSTEM, codes[0], codes[2])  # by way of the record it was merged into
    actions.unmerge(SYSTEM, codes[1], "two people")
    assert queries.canonical(ids) == {ids[0]: ids[0], ids[1]: ids[1], ids[2]: ids[1]}
    told = [
        (entry.action, entry.subject_id)
        for entry in journal.of("person", ids, actions=("person.merged", "person.unmerged"))
    ]
    assert told == [("person.merged", ids[2]), ("person.merged", ids[1]), ("person.unmerged", ids[1])]
