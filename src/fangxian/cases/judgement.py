"""What a case is held to be, and whether a report can be true: the pack's definitions, the vocabulary, the order of dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.cases.models import Case
from fangxian.cases.schemas import DISCARDED, ORIGINS, OUTCOMES, SEVERITIES
from fangxian.core import clock
from fangxian.core.errors import Invalid
from fangxian.duties import packs
from fangxian.protocols import Pack
from fangxian.protocols.vocabulary import Fact, facts, suggestion, terms
from fangxian.registry.levels import LEVELS

#: The basis of a class that rests on the reporter's word, because the facts given do not meet a definition by themselves.
AS_REPORTED = "as_reported"
#: Clocks of two machines may differ by this much before an instant counts as lying in the future.
_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Judged:
    """A case class with its ground: pack, version and clause, or `AS_REPORTED`."""

    classification: str
    basis: str


def judge(pack: Pack, known: Mapping[str, Any], declared: str = "") -> Judged:
    """The class of a case (病例分类): what the facts meet, or the reporter's word where that is more certain.

    Packs list the most certain class first, and facts not yet on the card can only add certainty. Raises Invalid where
    there is neither a definition met nor a word, and for a class that the pack does not know.
    """
    order = [definition.key for definition in pack.cases]
    if declared and declared not in order:
        raise Invalid(
            _("“%(class)s” is not a case class of %(pack)s.") % {"class": declared, "pack": pack.name.in_(_language())},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(order)},
            field="classification",
        )
    verdict = pack.classify_case(known)
    found = verdict.case_class
    if found and (not declared or order.index(found) <= order.index(declared)):
        cited = verdict.cited[0]
        return Judged(found, f"{packs.reference(pack)} {cited.clause or cited.source}"[:120])
    if declared:
        return Judged(declared, AS_REPORTED)
    asked = {**facts(), **{fact.key: fact for fact in pack.facts}}
    names = [asked[key].name.in_(_language()) for key in verdict.missing if key in asked]
    raise Invalid(
        _("What is known meets no case definition of %(pack)s.") % {"pack": pack.name.in_(_language())},
        remedy=_("Still worth asking: %(facts)s. Or state the class yourself.") % {"facts": ", ".join(names[:8])}
        if names
        else _("State the class yourself, or do not report this as a case."),
        field="facts",
    )


def known_facts(case: Case) -> dict[str, Any]:
    """The facts of a case as a pack asks for them: those of the card, and those that its other fields tell."""
    known = {key: value for key, value in case.facts.items() if value is not None}
    known["origin"] = case.origin
    if case.classification and case.classification != DISCARDED:
        known["case_class"] = case.classification
    if case.outcome:
        known["died"] = case.outcome == "died"
    return known


def check_facts(pack: Pack, given: Mapping[str, Any]) -> None:
    """Raise Invalid for a fact that the pack's vocabulary does not have, or whose value is not of its kind."""
    asked = {**facts(), **{fact.key: fact for fact in pack.facts}}
    for key, value in given.items():
        fact = asked.get(key)
        if fact is None:
            raise Invalid(
                _("“%(fact)s” is not a fact that protocols ask for%(hint)s.")
                % {"fact": key, "hint": suggestion(key, asked).in_(_language())},
                remedy=_("`fangxian protocols show` lists the facts of a pack."),
                field=f"facts.{key}",
            )
        if value is not None and not _fits(fact, value):
            raise Invalid(
                _("“%(value)s” is no answer to “%(fact)s”.") % {"value": value, "fact": fact.name.in_(_language())},
                remedy=_("Give %(wanted)s.") % {"wanted": _wanted(fact)},
                field=f"facts.{key}",
            )


def _fits(fact: Fact, value: object) -> bool:
    if fact.kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return value in fact.values if fact.kind == "choice" else isinstance(value, bool)


def _wanted(fact: Fact) -> str:
    if fact.kind == "number":
        return _("a number")
    return ", ".join(fact.values) if fact.kind == "choice" else _("yes or no")


def check(case: Case, *, first: bool = False, found_early: bool = False) -> None:
    """Raise Invalid for the first thing on a card that cannot be: words outside the lists, dates in the wrong order.

    On the `first` report nothing lies after it; later on the diagnosis may (a suspected case is confirmed). `found_early`:
    of somebody found by a test before any symptom the onset may follow the diagnosis.
    """
    _check_words(case)
    now = clock.now()
    for name in ("sampled_at", "diagnosed_at", "reported_at", "isolated_at", "last_negative_at", "admitted_at"):
        _check_instant(name, getattr(case, name), now)
    for name in ("onset_on", "outcome_on"):
        _check_day(name, getattr(case, name), now)
    if case.onset_on and case.diagnosed_at and case.onset_on > day_of(case.diagnosed_at) and not found_early:
        raise _order(_("The onset lies after the diagnosis."), "onset_on")
    if first and case.diagnosed_at and case.diagnosed_at > case.reported_at + _SLACK:
        raise _order(_("The diagnosis lies after the report."), "diagnosed_at")
    if first and case.onset_on and case.onset_on > day_of(case.reported_at):
        raise _order(_("The onset lies after the report."), "onset_on")
    if case.outcome_on and not case.outcome:
        raise Invalid(_("A date of outcome needs its outcome."), remedy=_("Give both, or neither."), field="outcome")
    if case.onset_on and case.outcome_on and case.outcome_on < case.onset_on:
        died = case.outcome == "died"
        raise _order(
            _("The death lies before the onset.") if died else _("The outcome lies before the onset."), "outcome_on"
        )


def _check_words(case: Case) -> None:
    for name, allowed in (("severity", SEVERITIES), ("origin", ORIGINS), ("outcome", OUTCOMES)):
        value = getattr(case, name)
        if value not in allowed and not (value == "" and name != "origin"):
            raise Invalid(
                _("“%(value)s” is not known here.") % {"value": value},
                remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(allowed)},
                field=name,
            )
    if not (case.area.isascii() and case.area.isdecimal() and len(case.area) in LEVELS):
        raise Invalid(
            _("“%(code)s” is not the code of a jurisdiction.") % {"code": case.area},
            remedy=_("Give the code of the county or of a place within it."),
            field="area",
        )
    for name, longest in (("source_ref", 60), ("note", 10_000)):
        value = getattr(case, name)
        if len(value) > longest or "\0" in value:
            raise Invalid(
                _("This text is too long, or not text."),
                remedy=_("Write at most %(n)s characters.") % {"n": longest},
                field=name,
            )


def check_dates(given: Mapping[str, Any]) -> None:
    """Raise Invalid for a further clock anchor that no protocol knows, or that is no past instant."""
    now = clock.now()
    for name, value in given.items():
        if name not in terms("anchors"):
            raise Invalid(
                _("“%(name)s” is not a date that protocols count from.") % {"name": name},
                remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(terms("anchors"))},
                field=f"dates.{name}",
            )
        _check_instant(f"dates.{name}", value, now)


def _check_instant(name: str, value: datetime | None, now: datetime) -> None:
    if value is None:
        return
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Invalid(_("This is not an instant with a time zone."), remedy=_("Give date, time and zone."), field=name)
    if value > now + _SLACK:
        raise _order(_("This lies in the future."), name)


def _check_day(name: str, value: date | None, now: datetime) -> None:
    if value is None:
        return
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Invalid(_("This is not a day."), remedy=_("Give year, month and day."), field=name)
    if value > day_of(now):
        raise _order(_("This lies in the future."), name)


def _order(message: str, field: str) -> Invalid:
    return Invalid(message, remedy=_("Check the dates and correct the one that is wrong."), field=field)


def day_of(moment: datetime) -> date:
    """The local day of an instant."""
    return moment.astimezone(clock.zone()).date()


def _language() -> str:
    return get_language() or "zh"
