"""Whom a stranger's data may be of: people on record who resemble somebody who is not to be registered (yet)."""

from dataclasses import replace

from django.db.models import Count

from fangxian.analytics import linkage
from fangxian.core.errors import Invalid
from fangxian.registry import checking, matching
from fangxian.registry.models import MatchKey, Person
from fangxian.registry.schemas import PersonForm
from fangxian.text import Text

#: Keys that more people share than this tell nobody apart.
_COMMON = 500
Resembling = tuple[int, float, tuple[Text, ...]]


def resembling(form: PersonForm, *, limit: int = 5) -> list[Resembling]:
    """People who may be the one described: the record that stands for each, the probability, and what agrees; the likeliest first.

    What does not hold in the form (a number with a wrong check digit) is left out of the comparison. Seven queries at most.
    """
    try:
        checked = checking.check(form)
    except Invalid:
        try:
            checked = checking.check(replace(form, documents=(), phones=()))
        except Invalid:
            return []
    wanted = matching.record_of(0, checked, None, checked.area)
    keys = checking.match_keys(wanted)
    rare = MatchKey.objects.filter(key__in=keys).values("key").annotate(n=Count("pk")).filter(n__lte=_COMMON)
    sharing = MatchKey.objects.filter(key__in=[row["key"] for row in rare])
    hits = sharing.values("person").annotate(n=Count("pk")).order_by("-n", "person")[: matching.CANDIDATES]
    records = matching.records([row["person"] for row in hits])
    compared = [linkage.compare(wanted, record) for record in records.values()]
    alike = [one for one in compared if one.decision != "apart"]
    roots = dict(Person.objects.filter(pk__in=[_pk(one) for one in alike]).values_list("pk", "canonical_id"))
    best: dict[int, Resembling] = {}
    for one in sorted(alike, key=lambda one: -one.probability):
        pk = _pk(one)
        agreed = tuple(field.text for field in one.fields if field.weight > 0)
        best.setdefault(roots[pk] or pk, (roots[pk] or pk, one.probability, agreed))
    return list(best.values())[:limit]


def _pk(compared: linkage.Match) -> int:
    return int(compared.b.key)  # type: ignore[call-overload,no-any-return]
