"""What changed since the day before, and by what: a state is what it was, plus and minus what happened."""

from collections.abc import Mapping

from fangxian.command.situation.catalogue import catalogue
from fangxian.command.situation.schemas import Change
from fangxian.text import Text

#: State → what adds to it (+1) and takes from it (-1).
_MOVED_BY: Mapping[str, tuple[tuple[str, int], ...]] = {
    "cases.total": (("cases.new", 1), ("cases.late_entered", 1), ("cases.discarded", -1)),
    "cases.in_care": (
        ("cases.new", 1), ("cases.late_entered", 1), ("cases.recovered.new", -1), ("cases.died.new", -1), ("cases.discarded", -1),
    ),
    "contacts.watched": (
        ("contacts.new", 1), ("contacts.released", -1), ("contacts.became_case", -1), ("contacts.lost", -1),
    ),
}  # fmt: skip
#: What the movements do not explain: a late entry of a contact, an outcome taken back, two records found to be one person.
OTHERWISE = Text("其他订正", "other corrections")


def changes(now: Mapping[str, int], was: Mapping[str, int]) -> tuple[Change, ...]:
    """The states that can be followed from one day to the next, those that moved; what is not explained comes last."""
    found = []
    for key, movements in _MOVED_BY.items():
        because = [(catalogue()[other].name, sign * now.get(other, 0)) for other, sign in movements]
        rest = now.get(key, 0) - was.get(key, 0) - sum(number for _name, number in because)
        because = [(name, number) for name, number in (*because, (OTHERWISE, rest)) if number]
        if because:
            found.append(Change(key, catalogue()[key].name, was.get(key, 0), now.get(key, 0), tuple(because)))
    return tuple(found)
