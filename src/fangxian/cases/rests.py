"""What the stages above have built on cases. They say here which cases must stay for it, and take away what rests on one that goes."""

from collections.abc import Callable, Collection

from fangxian.core.access import Actor

#: Those of the cases on which something rests that a person decided.
Kept = Callable[[Collection[int]], Collection[int]]
#: Take away whatever rests on cases that are withdrawn, with the reason.
LetGo = Callable[[Actor, Collection[int], str], None]

_known: list[tuple[Kept, LetGo]] = []


def register(kept: Kept, let_go: LetGo) -> None:
    """Tell of something that rests on cases."""
    _known.append((kept, let_go))


def kept(case_ids: Collection[int]) -> set[int]:
    """Those of the cases that must stay."""
    return {pk for one, _let_go in _known for pk in one(case_ids)}


def let_go(by: Actor, case_ids: Collection[int], reason: str) -> None:
    """Have whatever rests on these cases taken away."""
    for _kept, one in _known:
        one(by, case_ids, reason)
