"""What screening looks up, with the refusals that go with it."""

from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, NotFound
from fangxian.duties import packs
from fangxian.laboratory.screening import periods
from fangxian.laboratory.screening.models import Roster, Worker
from fangxian.protocols import Post

VIEW, KEEP = "screening.view", "screening.roster"


def posts(area: str) -> tuple[str, tuple[Post, ...]]:
    """The pack in force that names high-risk posts here, and those; the first of the deployment's packs and none where none does."""
    known = packs.in_force(area)
    found = next((one for one in known if one.posts), known[0])
    return found.id, found.posts


def post_of(roster: Roster) -> Post | None:
    """The post as the pack has it now; None where an overlay took it away: nothing is owed then."""
    found = next((one for one in packs.pack(roster.pack, roster.area).posts if one.key == roster.post), None)
    return found if found is not None and periods.countable(found) else None


def roster(by: Actor, roster_id: int, right: str = VIEW, *, lock: bool = False) -> Roster:
    """The roster. Raises NotFound where the actor may not know of it, NotAllowed where they may not do this."""
    rows = Roster.objects.select_for_update(of=("self",)) if lock else Roster.objects.all()
    found = rows.select_related("organisation").filter(pk=roster_id).first()
    if found is None or not by.may(VIEW, found.area, found.organisation_id):
        raise NotFound(_("There is no such roster."), remedy=_("Choose one from the list."), field="roster")
    by.must(right, found.area, found.organisation_id)
    return found


def worker(by: Actor, code: str, right: str = VIEW, *, lock: bool = False) -> Worker:
    """The worker with this code. Raises NotFound where the actor may not know of them, NotAllowed where they may not do this."""
    rows = Worker.objects.select_for_update(of=("self",)) if lock else Worker.objects.all()
    found = rows.select_related("roster").filter(code=ids.normalise_code(code)).first()
    if found is None or not by.may(VIEW, found.roster.area, found.roster.organisation_id):
        raise NotFound(
            _("There is no such worker."), remedy=_("Check the code; its last character is a check."), field="worker"
        )
    by.must(right, found.roster.area, found.roster.organisation_id)
    return found


def still_there(worker: Worker) -> None:
    """Raise Conflict for somebody who has left the post."""
    if worker.until is not None:
        raise Conflict(
            _("They left this post on %(day)s.") % {"day": worker.until},
            remedy=_("Put them on the roster again first."),
            code="left",
        )
