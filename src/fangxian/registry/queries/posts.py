"""Reading who answers for what: one post for the engine, the whole view for a person, and what is vacant."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.registry import levels
from fangxian.registry.models import Appointment, Jurisdiction, Organisation
from fangxian.registry.queries.areas import area_names, follow
from fangxian.registry.queries.organisations import organisation_names
from fangxian.registry.schemas import Holder, PostView, ResponsibilityView
from fangxian.registry.vocabulary import Term, terms

#: Places asked about one by one before whole counties are read at a time.
_FEW = 8


@dataclass(frozen=True, slots=True)
class Post:
    """A responsible party: the jurisdiction that answers, its organisation, and the person if one is named."""

    area: str
    organisation_id: int
    account_id: int | None


class Responsibility:
    """Who answers for a role in a place: the appointment nearest above, else the duty officer, else the headquarters (指挥部).

    A snapshot for one unit of work. It reads what it is asked about: the jurisdictions above a place while they are few,
    then whole counties, so that one report costs two small queries and a hundred thousand contacts two for each county.
    A code that has ended is answered for by its successor.
    """

    def __init__(self) -> None:
        self._posts: dict[tuple[str, str], Post] = {}
        self._headquarters: dict[str, Post] = {}
        self._read: set[str] = set()
        self._asked = 0
        self._known: dict[tuple[str, str, str | None], Post] = {}
        self._ended = dict(Jurisdiction.objects.exclude(successor="").values_list("code", "successor"))

    def about(self, areas: Iterable[str]) -> "Responsibility":
        """The same, having read what will be asked of all these places: two queries, however many they are."""
        stand = {follow(area, self._ended) for area in set(areas)}
        self._read_of({code for area in stand for code in (*levels.upwards(area), "")} - self._read, Q())
        return self

    def of(self, role: str, area: str, level: str | None = None) -> Post:
        """The post that answers for `role` over `area`, at `level` or the nearest one above it.

        Raises LookupError only where not even the whole country has a headquarters, which `install` makes impossible.
        """
        known = self._known.get((role, area, level))
        if known is None:
            known = self._known[role, area, level] = self._find(role, area, level)
        return known

    def _find(self, role: str, area: str, level: str | None) -> Post:
        area = follow(area, self._ended)
        path = [*levels.upwards(levels.at_level(area, level) if level else area), ""]  # at the end, the nation
        self._learn(path)
        for wanted in (role, "duty_officer"):
            for code in path:
                if post := self._posts.get((wanted, code)):
                    return post
        for code in path:
            if post := self._headquarters.get(code):
                return post
        raise LookupError(f"nobody answers for {area}: this installation has no headquarters")

    def _learn(self, path: list[str]) -> None:
        county = path[0][: levels.LENGTHS["county"]]
        new = {code for code in path if code not in self._read and code[: len(county)] + "*" not in self._read}
        if not new:
            return
        self._asked += 1
        more = Q()
        if self._asked > _FEW and len(county) == levels.LENGTHS["county"]:
            more = within(county)
            self._read.add(county + "*")
        self._read_of(new, more)

    def _read_of(self, codes: set[str], more: Q) -> None:
        """Posts and headquarters of these jurisdictions, and of whatever else is asked for."""
        if not codes:
            return
        self._read |= codes
        where = Q(area__in=codes) | more
        posts = _in_force().filter(where, household__isnull=True).order_by("id")
        for role, area, organisation, account, is_active in posts.values_list(
            "role", "area", "organisation_id", "account_id", "account__is_active"
        ):
            self._posts.setdefault((role, area), Post(area, organisation, account if is_active else None))
        houses = Organisation.objects.filter(where, kind="headquarters", is_active=True)
        for area, pk in houses.values_list("area", "id"):
            self._headquarters[area] = Post(area, pk, None)


def responsibility(by: Actor, area: str, *, household_id: int | None = None) -> ResponsibilityView:
    """Who answers for a jurisdiction (四级包保、三员一长): from the county down to it, and to the door where one is named.

    Four queries. Only posts that can exist at or above the jurisdiction are shown; those nobody holds have no holders.
    """
    by.must("registry.view", area)
    path = levels.upwards(area)
    held: dict[tuple[str, str], list[Appointment]] = {}
    doors = Q(household__isnull=True) | (Q(household_id=household_id) if household_id else Q(pk__in=()))
    rows = _in_force().filter(doors, area__in=[*path, ""], role__in=terms("posts"))
    for row in rows.select_related("organisation", "household").order_by("begins_at", "pk"):
        held.setdefault((row.role, row.area if row.household_id is None else area), []).append(row)
    called = area_names(path)
    shown = [
        _view(post, code, called[code], held)
        for post in terms("posts").values()
        if (code := _stands(post, area, household_id))
    ]
    kinds = {key: term.view for key, term in terms("posts").items()}
    return ResponsibilityView(
        area,
        tuple(view for view in shown if kinds[view.role] == "four_levels"),
        tuple(view for view in shown if kinds[view.role] == "grid"),
    )


def vacant_posts(by: Actor, area: str = "", *, limit: int = 1000) -> list[PostView]:
    """Posts of the four levels and of the grid (三员一长) that nobody holds within a jurisdiction, by code; two queries.

    Households are left out: whether a door has its own keeper is for its grid to say.
    """
    by.must("registry.view", area)
    wanted: dict[str, list[Term]] = {}
    for term in terms("posts").values():
        if term.level in levels.LENGTHS:
            wanted.setdefault(term.level, []).append(term)
    held = set(
        _in_force().filter(within(area), role__in=terms("posts"), household__isnull=True).values_list("role", "area")
    )
    standing = Q(valid_until__isnull=True) | Q(valid_until__gt=clock.today())
    rows = Jurisdiction.objects.filter(within(area, "code"), standing, level__in=wanted).order_by("code")
    vacant: list[PostView] = []
    for code, level, zh, en in rows.values_list("code", "level", "name_zh", "name_en").iterator():
        empty = (post for post in wanted[level] if (post.key, code) not in held)
        vacant += [PostView(post.key, post.name, level, code, Term(code, zh, en or zh).name, ()) for post in empty]
        if len(vacant) >= limit:
            break
    return vacant[:limit]


def posts_of(account_id: int) -> list[Appointment]:
    """The posts that an account holds now."""
    return list(_in_force().filter(account_id=account_id).select_related("organisation", "household").order_by("pk"))


def appointments(by: Actor, area: str = "", *, role: str = "", after: int = 0, limit: int = 200) -> list[Appointment]:
    """The appointments in force that the actor may see, by id from the one after `after`; one query."""
    found = _in_force().filter(by.scope("registry.view", organisation="organisation_id"), within(area), pk__gt=after)
    if role:
        found = found.filter(role=role)
    return list(found.select_related("organisation", "account", "household").order_by("pk")[:limit])


def holders_of(role: str, areas: Iterable[str]) -> dict[str, str]:
    """Who holds a post over each of these places, or the nearest above: the name of the person, else of the organisation that
    answers. Three queries and that of successors."""
    wanted = set(areas)
    responsibility = Responsibility().about(wanted)
    posts = {area: responsibility.of(role, area) for area in wanted}
    where = {post.area for post in posts.values()}
    named: dict[tuple[str, int], str] = {}
    rows = _in_force().filter(role=role, area__in=where, household__isnull=True).order_by("id")
    for area, organisation, name in rows.values_list("area", "organisation_id", "name"):
        named.setdefault((area, organisation), name)
    bodies = organisation_names(post.organisation_id for post in posts.values())
    return {
        area: named.get((post.area, post.organisation_id), "") or bodies[post.organisation_id]
        for area, post in posts.items()
    }


def _in_force() -> QuerySet[Appointment]:
    now = clock.now()
    return Appointment.objects.filter(begins_at__lte=now).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now))


def _stands(post: Term, area: str, household_id: int | None) -> str:
    """The code of the jurisdiction at or above `area` for which a post is held; empty where there is none."""
    if post.level == "household":
        return area if household_id else ""
    code = levels.at_level(area, post.level)
    return code if len(code) == levels.LENGTHS[post.level] else ""


def _view(post: Term, code: str, called: str, held: dict[tuple[str, str], list[Appointment]]) -> PostView:
    return PostView(post.key, post.name, post.level, code, called, tuple(_holders(held.get((post.key, code), ()))))


def _holders(rows: Iterable[Appointment]) -> Iterable[Holder]:
    for row in rows:
        yield Holder(
            row.pk, row.name, row.phone, row.organisation.name_zh, row.account_id, row.begins_at,
            row.household.code if row.household else "",
        )  # fmt: skip
