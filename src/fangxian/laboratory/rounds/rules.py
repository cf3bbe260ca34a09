"""What a pack says of testing rounds: the goal, when infants are exempt, and after how many rounds without a positive to stop."""

from datetime import timedelta

from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid
from fangxian.laboratory.rounds.repeating import Stopping
from fangxian.laboratory.rounds.schemas import RoundGoal
from fangxian.laboratory.rules import parameter
from fangxian.protocols import Cited, Pack

#: The group of a pack's own, and the one that is general.
_OWN, _GENERAL = "testing", "rounds"
_GOAL = "complete"
_MOP_UP = "round.mop_up"


def goals(pack: Pack) -> list[RoundGoal]:
    """The times within which the pack wants a round complete, its own before the general one; none where it knows no rounds."""
    if _MOP_UP not in pack.duties:
        return []
    for wanted in (_OWN, _GENERAL):
        found = [
            RoundGoal(one.key, one.name, int(one.value.delta / timedelta(hours=1)), one.value.source, one.value.grade)
            for group in pack.parameters if group.key == wanted
            for one in group.values if one.key.startswith(_GOAL)
        ]  # fmt: skip
        if found:
            return found
    return []


def goal(pack: Pack, key: str) -> RoundGoal:
    """The goal of that name, or the pack's first. Raises Invalid where there is none such."""
    known = goals(pack)
    found = next((one for one in known if key in ("", one.key)), None)
    if found is None:
        raise Invalid(
            _("This protocol has no such goal for a round."),
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(one.key for one in known) or "–"}, field="goal",
        )  # fmt: skip
    return found


def value(pack: Pack, key: str) -> Cited | None:
    """A value of the pack's own group, else the general one."""
    return parameter(pack, _OWN, key) or parameter(pack, _GENERAL, key)


def infant(pack: Pack) -> timedelta | None:
    """Whoever is younger than this on the day of the round need not come."""
    told = value(pack, "infant")
    return told.delta if told else None


def people_per_point(pack: Pack) -> tuple[int, int] | None:
    """How many people one point is for, from and to, where the pack says it."""
    told = value(pack, "site_people")
    if told is None or not isinstance(told.value, tuple):
        return None
    least, most = (int(one) for one in told.value if isinstance(one, int | float))
    return least, most


def stopping(pack: Pack) -> Stopping:
    """The stop rule: rounds without a positive in a row, the pause before one more, days between rounds until then."""
    clean, least, pause, every, covered = (
        value(pack, key) for key in ("stop_after", "rounds_min", "pause", "every", "covered")
    )
    wanted = max((one for one in (clean, least) if one), key=lambda one: one.number, default=None)
    return Stopping(
        clean=int(wanted.number) if wanted else 1,
        pause=pause.delta.days if pause else None,
        every=max(1, every.delta.days) if every else 1,
        covered=covered.number / 100 if covered else 0.0,
        source=wanted.source if wanted else "", grade=wanted.grade if wanted else "G",
    )  # fmt: skip
