"""What others may read of who and where."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from fangxian.core import clock
from fangxian.registry import levels
from fangxian.registry.models import Appointment, Organisation


@dataclass(frozen=True, slots=True)
class Post:
    """A responsible party: the jurisdiction that answers, its organisation, and the person if one is named."""

    area: str
    organisation_id: int
    account_id: int | None


class Responsibility:
    """Who answers for a role in a place: the appointment nearest above, else the duty officer, else the headquarters (指挥部).

    Read once and asked many times: a snapshot of the appointments in force, for one unit of work.
    """

    def __init__(self) -> None:
        now = clock.now()
        in_force = Appointment.objects.filter(begins_at__lte=now).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))
        self._posts: dict[tuple[str, str], Post] = {}
        rows: Iterable[tuple[str, str, int, int | None]] = in_force.filter(household__isnull=True).order_by("id").values_list(
            "role", "area", "organisation_id", "account_id"
        )
        for role, area, organisation, account in rows:
            self._posts.setdefault((role, area), Post(area, organisation, account))
        self._headquarters = {
            area: Post(area, pk, None)
            for area, pk in Organisation.objects.filter(kind="headquarters", is_active=True).values_list("area", "id")
        }
        self._known: dict[tuple[str, str, str | None], Post] = {}

    def of(self, role: str, area: str, level: str | None = None) -> Post:
        """The post that answers for `role` over `area`, at `level` or the nearest one above it.

        Raises LookupError only where not even the whole country has a headquarters, which `install` makes impossible.
        """
        known = self._known.get((role, area, level))
        if known is None:
            known = self._known[role, area, level] = self._find(role, area, level)
        return known

    def _find(self, role: str, area: str, level: str | None) -> Post:
        path = [*levels.upwards(levels.at_level(area, level) if level else area), ""]  # at the end, the nation
        for wanted in (role, "duty_officer"):
            for code in path:
                if post := self._posts.get((wanted, code)):
                    return post
        for code in path:
            if post := self._headquarters.get(code):
                return post
        raise LookupError(f"nobody answers for {area}: this installation has no headquarters")
