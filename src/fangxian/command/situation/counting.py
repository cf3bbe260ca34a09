"""The additive figures, counted by part: what each question of a stage answers is sorted into the keys of the catalogue."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from fangxian.cases.queries import standing as cases
from fangxian.core.asking import Question, together
from fangxian.core.periods import Period
from fangxian.duties.burden import Burden
from fangxian.registry.queries import Parts
from fangxian.tracing.queries import standing as tracing

#: Key of a figure → part → number.
Numbers = Mapping[str, Mapping[str, int]]
DISCARDED = "discarded"
_OUTCOMES = ("recovered", "died")
_WATCH_ENDS = {
    "new": "contacts.new",
    "released": "contacts.released",
    "case": "contacts.became_case",
    "lost": "contacts.lost",
}


def of_people(outbreak: int, parts: Parts, period: Period) -> Question[Numbers]:
    """Everything that is counted in cases and contacts."""
    asked = (
        cases.stock, cases.turns, cases.endings, cases.reported, tracing.found_among_contacts, tracing.watched, tracing.turns,
    )  # fmt: skip
    answers = yield from together(*(one(outbreak, parts, period) for one in asked))
    stock, turns, endings, reported, among_contacts, watched, watches = answers
    found: dict[str, Counter[str]] = defaultdict(Counter)
    _stock(found, stock)
    _turns(found, turns)
    for turn, number in endings.items():
        if turn.after in _OUTCOMES and not turn.late:
            found[f"cases.{turn.after}.new"][turn.part] += number
    _sources(found, reported, among_contacts)
    for one, number in watched.items():
        found["contacts.watched"][one.part] += number
        if not one.held:
            found["contacts.unheld"][one.part] += number
    for watch, number in watches.items():
        if watch.state in _WATCH_ENDS and not watch.late:
            found[_WATCH_ENDS[watch.state]][watch.part] += number
    return found


def of_duties(burden: Iterable[Burden], contact_kinds: Iterable[str]) -> Numbers:
    """Everything that is counted in steps of duties."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    kinds = frozenset(contact_kinds)
    for one in burden:
        found["duties.missing"][one.part] += one.missing
        found["duties.due_day"][one.part] += one.day_due
        found["duties.settled_day"][one.part] += one.day_settled
        if one.kind in kinds:
            found["contacts.missing"][one.part] += one.missing
        if one.kind == "case.review":
            found["review.missing"][one.part] += one.missing
    return found


def _stock(found: dict[str, Counter[str]], stock: Mapping[cases.Held, int]) -> None:
    for one, number in stock.items():
        if one.classification == DISCARDED:
            continue
        found["cases.total"][one.part] += number
        found[f"cases.total.{one.classification}"][one.part] += number
        found[f"cases.{one.outcome or 'in_care'}"][one.part] += number


def _turns(found: dict[str, Counter[str]], turns: Mapping[cases.Turn, int]) -> None:
    for one, number in turns.items():
        if one.after == DISCARDED:
            found["cases.discarded"][one.part] += number
        elif one.late:
            if not one.before:
                found["cases.late_entered"][one.part] += number
        elif one.first:
            found[f"cases.new.{one.after}"][one.part] += number
            if one.before == "asymptomatic" and one.after == "confirmed":
                found["cases.new.converted"][one.part] += number


def _sources(
    found: dict[str, Counter[str]],
    reported: Mapping[tuple[str, str], int],
    among_contacts: Mapping[tuple[str, bool], int],
) -> None:
    """Where the cases of the day came from: imported, contacts under control or not, and everybody else (社会面)."""
    for (part, origin), number in reported.items():
        found["cases.new"][part] += number
        found["cases.new.imported" if origin == "imported" else "cases.new.community"][part] += number
    for (part, held), number in among_contacts.items():
        found["cases.new.controlled" if held else "cases.new.uncontrolled"][part] += number
        found["cases.new.community"][part] -= number
