"""From a stored person to the record that `analytics.linkage` compares, and the search for candidates among a million.

What is compared is what is stored: names, dates, areas, and the blind indexes of numbers. Nothing is unsealed.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from django.db import connection

from fangxian.analytics.linkage import Document as Paper
from fangxian.analytics.linkage import Record
from fangxian.core import bulk
from fangxian.registry import checking
from fangxian.registry.checking import Checked
from fangxian.registry.models import Alias, Document, MatchKey, Person, Phone

#: How many candidates are compared for one person: those that share the rarest keys. More would be namesakes only.
CANDIDATES = 200


def record_of(key: int, checked: Checked, household_id: int | None, area: str) -> Record:
    """The record of a form that is about to be stored."""
    return Record(
        key=key,
        name=checked.name,
        latin=checked.name_latin or None,
        sex=checked.sex or None,
        born=checked.birth_date or checked.birth_year,
        phones=tuple(one.index for one in checked.phones),
        documents=tuple(Paper(one.kind, one.index, one.kind in checking.UNIQUE) for one in checked.documents),
        area=area or None,
        household=household_id,
        aliases=checked.aliases,
    )


def records(ids: Iterable[int]) -> dict[int, Record]:
    """The records of stored people, four queries however many they are."""
    wanted = list(ids)
    documents: dict[int, list[Paper]] = {}
    for person, kind, index in Document.objects.filter(person_id__in=wanted).values_list(
        "person_id", "kind", "number_index"
    ):
        documents.setdefault(person, []).append(Paper(kind, index, kind in checking.UNIQUE))
    phones: dict[int, list[str]] = {}
    for person, index in Phone.objects.filter(person_id__in=wanted).values_list("person_id", "number_index"):
        phones.setdefault(person, []).append(index)
    aliases: dict[int, list[str]] = {}
    for person, name in Alias.objects.filter(person_id__in=wanted).values_list("person_id", "name"):
        aliases.setdefault(person, []).append(name)
    rows = Person.objects.filter(pk__in=wanted).values_list(
        "pk", "name", "name_latin", "sex", "birth_date", "birth_year", "area", "household_id"
    )
    return {
        pk: Record(
            key=pk,
            name=name,
            latin=latin or None,
            sex=sex or None,
            born=born or year,
            phones=tuple(phones.get(pk, ())),
            documents=tuple(documents.get(pk, ())),
            area=area or None,
            household=household,
            aliases=tuple(aliases.get(pk, ())),
        )
        for pk, name, latin, sex, born, year, area, household in rows
    }


def rekey(person_id: int) -> None:
    """Bring the keys under which duplicates of a person are looked for to what is now known."""
    MatchKey.objects.filter(person_id=person_id).delete()
    keys = checking.match_keys(records([person_id])[person_id])
    bulk.insert(MatchKey, ("person_id", "key"), [(person_id, key) for key in keys])


def candidates(ids: Iterable[int]) -> Mapping[int, list[int]]:
    """For each person the other people who share a key, those who share the rarest ones first, at most `CANDIDATES` each."""
    wanted = [int(pk) for pk in ids]
    found: dict[int, list[int]] = {pk: [] for pk in wanted}
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(_candidates_sql().format(ids=", ".join(map(str, wanted))), [CANDIDATES])
            for person, other in cursor.fetchall():
                found[person].append(other)
    return found


@cache
def _candidates_sql() -> str:
    return """
WITH own AS (SELECT person_id, key FROM registry_matchkey WHERE person_id IN ({ids})),
     size AS (SELECT m.key, 1.0 / count(*) AS rarity FROM registry_matchkey m
              WHERE m.key IN (SELECT key FROM own) GROUP BY m.key),
     hit AS (SELECT own.person_id AS person_id, m.person_id AS other, sum(size.rarity) AS score
             FROM own JOIN size ON size.key = own.key JOIN registry_matchkey m ON m.key = own.key
             WHERE m.person_id <> own.person_id GROUP BY own.person_id, m.person_id),
     ranked AS (SELECT person_id, other, row_number() OVER (PARTITION BY person_id ORDER BY score DESC, other) AS place FROM hit)
SELECT person_id, other FROM ranked WHERE place <= %s ORDER BY person_id, place
"""
