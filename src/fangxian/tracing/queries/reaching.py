"""How often somebody was tried in vain, when to try again, and after how many times others help: by the pack of the contact."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fangxian.core.access import Actor
from fangxian.duties import packs
from fangxian.duties import queries as duties
from fangxian.tracing import sources, subject
from fangxian.tracing.models import Attempt


@dataclass(frozen=True, slots=True)
class Reaching:
    """Attempts since the person was last reached. `again_at` is when the pack has one try again, `most` after how many others help.

    Where the pack says neither, `again_at` is None and `most` 0.
    """

    tried: int
    last_at: datetime
    again_at: datetime | None
    most: int

    @property
    def helped(self) -> bool:
        """Whether it is others' turn to help."""
        return 0 < self.most <= self.tried


def reaching(by: Actor, contact: str) -> list[Reaching]:
    """The attempts to reach a contact since the last that succeeded, as one entry; none, where there was no attempt."""
    return list(of_contacts([sources.contact(by, contact).pk]).values())


def of_contacts(ids: Iterable[int]) -> Mapping[int, Reaching]:
    """The same for many contacts, by id; those never tried in vain are left out. One query, two where there are any."""
    tried: dict[int, list[datetime]] = {}
    under: dict[int, tuple[str, str]] = {}
    rows = Attempt.objects.filter(contact_id__in=list(ids)).order_by("at")
    for pk, at, pack, area in rows.values_list("contact_id", "at", "contact__pack", "contact__area"):
        tried.setdefault(pk, []).append(at)
        under[pk] = (pack, area)
    if not tried:
        return {}
    reached = duties.last_settled(subject.KIND, tried)
    since = {pk: [at for at in times if pk not in reached or at > reached[pk]] for pk, times in tried.items()}
    return {pk: _by_pack(times, *under[pk]) for pk, times in since.items() if times}


def _by_pack(since: list[datetime], pack: str, area: str) -> Reaching:
    group = next((one for one in packs.pack(pack, area).parameters if one.key == "follow_up"), None)
    if group is None:
        return Reaching(len(since), since[-1], None, 0)
    return Reaching(len(since), since[-1], since[-1] + group["again"].delta, int(group["attempts"].number))
