"""What the actions and queries of rounds look up, with the refusals that go with it."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, NotFound
from fangxian.laboratory.rounds.models import Listed, Patch, Round
from fangxian.laboratory.rounds.schemas import STATES
from fangxian.registry.languages import said

#: To see how far rounds have come; to plan, start and end them and decide what follows; to see who is missing, and work on that.
VIEW, RUN, PEOPLE = "rounds.view", "rounds.run", "rounds.people"
#: Rounds that people can still come to, or could.
HELD = (Round.ENROLLING, Round.UNDER_WAY, Round.ENDED)


def visible(by: Actor) -> Q:
    """The condition for rounds of which the actor may know: they look after the whole of it, or after a part."""
    part = Patch.objects.filter(by.scope(VIEW), round=OuterRef("pk"))
    return by.scope(VIEW) | Q(Exists(part))


def found(by: Actor, code: str, *, lock: bool = False) -> Round:
    """A round that the actor may see. Raises NotFound."""
    rows = Round.objects.select_for_update(of=("self",)) if lock else Round.objects.all()
    row = rows.filter(visible(by), code=ids.normalise_code(code)).first()
    if row is None:
        raise NotFound(_("There is no such round."), remedy=_("Check the code; its last character is a check."))
    return row


def to_run(by: Actor, code: str, states: Collection[str]) -> Round:
    """A round in one of these states, locked, for whoever may run it. Raises NotFound, NotAllowed, Conflict."""
    row = found(by, code, lock=True)
    by.must(RUN, row.area)
    must_be(row, states)
    return row


def must_be(row: Round, states: Collection[str]) -> None:
    """Raises Conflict for a round in another state."""
    if row.state not in states:
        words = STATES[row.state]
        raise Conflict(
            _("Round %(code)s is not at that point: %(state)s.") % {"code": row.code, "state": said(words.zh, words.en)},
            remedy=_("Look at it again; somebody may have been quicker."), code="round_state",
        )  # fmt: skip


def listed(by: Actor, ids_of: Collection[int]) -> list[Listed]:
    """People on a roll, for whoever works on who is missing there; their grids are locked first, then they. Raises NotFound."""
    rows = Listed.objects.select_related("round").filter(pk__in=list(ids_of)).order_by("pk")
    seen = list(rows)
    if len(seen) < len(set(ids_of)) or not all(by.may(PEOPLE, row.area) for row in seen):
        raise NotFound(_("There is nobody such on the roll of a round."))
    list(Patch.objects.select_for_update().filter(pk__in={row.patch_id for row in seen}).order_by("pk"))
    return list(rows.select_for_update(of=("self",)))


#: Who has not come and need not be excused.
MISSING = Q(tube__isnull=True, exempt="")
