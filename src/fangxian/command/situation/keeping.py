"""The picture of now, kept ready: the worker counts it minute by minute, so that whoever looks waits for no counting.

What is kept is the whole situation, each figure with the question it was asked of and until when, so that it says itself as of
when it holds.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from fangxian.cases import queries as cases
from fangxian.cases.queries.timeliness import OutbreakView
from fangxian.command.situation.frozen import freeze, thaw
from fangxian.command.situation.models import Picture
from fangxian.command.situation.schemas import Situation
from fangxian.core import access, clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import NotFound

#: How old a kept picture is before it is counted anew, and how old it may be and still be shown: older than that, nobody keeps it.
EVERY, STALE = timedelta(minutes=1), timedelta(minutes=10)
#: Pictures in one round of the worker, which has other things to do; the oldest go first. At a million people one takes seconds, and
#: two hundred are kept: they are a few minutes old then.
AT_ONCE = 4

#: Counts the present of an outbreak in a jurisdiction.
Counting = Callable[[OutbreakView, str], Situation]


def kept(outbreak: OutbreakView, area: str) -> Situation | None:
    """The picture of now that was kept ready, where there is one that may be shown; one query.

    In a drill, whose minutes are its own, it may be shown as long as nothing was written.
    """
    row = Picture.objects.filter(outbreak_id=outbreak.id, area=area, day=clock.today()).first()
    if row is None or not timedelta() <= clock.now() - row.counted_at < STALE or row.mark != _mark():
        return None
    return thaw(row.figures)


def keep(count: Counting, limit: int) -> int:
    """Count anew what is older than a minute, the oldest first, at most `limit` pictures; how many.

    Kept are the outbreaks in progress (where there is none, the last one) in every jurisdiction for which somebody may see the
    situation. What is no longer among them is dropped. May be called by any number of workers as often as they like.
    """
    wanted = _wanted(cases.outbreaks(SYSTEM), access.areas_with("situation.view"))
    rows = {(row.outbreak_id, row.area): row for row in Picture.objects.defer("figures")}
    Picture.objects.filter(pk__in=[row.pk for key, row in rows.items() if key not in wanted]).delete()
    now, today, mark = clock.now(), clock.today(), _mark()
    never = datetime.min.replace(tzinfo=UTC)
    ages: list[tuple[datetime, tuple[int, str]]] = []
    for key in wanted:
        row = rows.get(key)
        holds = (
            row is not None and row.day == today and row.mark == mark and timedelta() <= now - row.counted_at < EVERY
        )
        if not holds:
            ages.append((row.counted_at if row else never, key))
    done = 0
    for _age, key in sorted(ages):
        if done == limit:
            break
        done += _keep(wanted[key], key[1], count)
    return done


def _keep(outbreak: OutbreakView, area: str, count: Counting) -> bool:
    mark = _mark()  # before it is counted: what is written meanwhile is not in it
    try:
        told = count(outbreak, area)
    except NotFound:  # a right held in a place that is not in the register
        return False
    Picture.objects.update_or_create(
        outbreak_id=outbreak.id, area=area,
        defaults={"day": told.day, "counted_at": told.until, "mark": mark, "figures": freeze(told)},
    )  # fmt: skip
    return True


def _wanted(outbreaks: Sequence[OutbreakView], areas: Iterable[str]) -> dict[tuple[int, str], OutbreakView]:
    """What people are shown first: by outbreak and jurisdiction."""
    found: dict[tuple[int, str], OutbreakView] = {}
    for area in areas:
        touching = [one for one in outbreaks if one.area.startswith(area) or area.startswith(one.area)]
        shown = [one for one in touching if one.closed_at is None] or touching[:1]
        found |= {(one.id, area): one for one in shown}
    return found


def _mark() -> str:
    return journal.tip() if clock.is_virtual() else ""
