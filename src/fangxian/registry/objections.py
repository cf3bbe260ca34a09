"""What stands against two records becoming one person. The stages above know it (two cases in one outbreak); they say it here.

An objection is asked before two people are merged. It raises a refusal that says what to do first, or it says nothing.
"""

from collections.abc import Callable, Collection

#: The ids of every record of the one person, and of the other.
Objection = Callable[[Collection[int], Collection[int]], None]

_objections: list[Objection] = []


def objects(objection: Objection) -> Objection:
    """Register something that may stand against a merge."""
    _objections.append(objection)
    return objection


def ask(ours: Collection[int], theirs: Collection[int]) -> None:
    """Raise the first objection that there is."""
    for objection in _objections:
        objection(ours, theirs)
