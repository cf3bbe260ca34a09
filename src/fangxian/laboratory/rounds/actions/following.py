"""What follows of itself from what happens to tubes and to the records of people."""

from collections.abc import Sequence

from fangxian.core.access import Actor
from fangxian.core.actions import action
from fangxian.laboratory.rounds import counting
from fangxian.laboratory.rounds.finding import HELD
from fangxian.laboratory.rounds.models import Round


@action
def tubes_touched(by: Actor, tube_ids: Sequence[int]) -> None:
    """Samples were taken, told of, rejected or lost: whoever is in them is looked at again in every round of their time."""
    counting.tubes_touched(tube_ids)


@action
def people_joined(by: Actor, kept_id: int, other_id: int) -> None:
    """Two records were found to be of one person, or of two after all: on a roll that has both only one of them counts."""
    for round_ in Round.objects.filter(state__in=HELD).order_by("pk"):
        counting.people_joined(round_, [kept_id, other_id])
