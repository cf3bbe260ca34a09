"""Isolation sites as they are entered and kept ready: floors with their zones and passages, rooms, which floor is for whom."""

from django.utils.translation import gettext as _

from fangxian.containment.isolation import apart, rights, ruling
from fangxian.containment.isolation.forms import FloorForm, SiteForm
from fangxian.containment.isolation.models import Floor, Passage, Placement, Room, Site
from fangxian.containment.isolation.passing import reasoned
from fangxian.containment.isolation.words import NEEDS, ROOM_STATES, ZONES
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import queries as registry

#: More rooms than a floor has; a slip of the finger lies beyond.
MOST_ROOMS, MOST_BEDS, LONGEST_READY = 200, 8, 24 * 14


@action
def open_site(by: Actor, form: SiteForm) -> Site:
    """Enter an isolation site of an organisation. Its floors come after it."""
    area = registry.area(form.area).code
    by.must(rights.SITES, area)
    organisation = registry.organisation(form.organisation)
    name = form.name_zh.strip() or form.name_en.strip()
    if not name or max(len(name), len(form.name_en)) > 120:
        raise Invalid(_("A name of up to 120 characters is needed."), field="name_zh")
    _hours(form.ready_in)
    site = Site.objects.create(
        code=ids.new_code(), organisation=organisation, area=area, name_zh=name, name_en=form.name_en.strip(),
        address=form.address.strip()[:200], lon=form.lon, lat=form.lat, ready_in=form.ready_in, opened_at=clock.now(),
    )  # fmt: skip
    record(
        by,
        "isolation.site_opened",
        ("isolation_site", site.pk),
        area=area,
        data={"code": site.code, "name": name, "ready_in": form.ready_in},
    )
    return site


@action
def add_floor(by: Actor, site: str, form: FloorForm) -> Floor:
    """Add a floor with its rooms. A floor lies in one zone; people in isolation and staff never have the same passage."""
    found = _kept(by, site)
    if form.zone not in ZONES:
        raise Invalid(_("“%(value)s” is not known here.") % {"value": form.zone}, field="zone")
    observation = form.zone == Floor.OBSERVATION
    if not form.building.strip() or len(form.building) > 40 or not -5 <= form.level <= 120:
        raise Invalid(_("A building and a level are needed."), remedy=_("Such as “A” and 3."), field="building")
    if not (0 <= form.rooms <= MOST_ROOMS and 1 <= form.beds <= MOST_BEDS and form.first >= 0):
        raise Invalid(
            _("A floor has up to %(n)s rooms.") % {"n": MOST_ROOMS}, remedy=_("Correct the numbers."), field="rooms"
        )
    if form.rooms and not observation:
        raise Invalid(
            _("Only the observation zone has rooms for people in isolation."),
            remedy=_("Leave the rooms at 0."),
            field="rooms",
        )
    if unknown := [one for one in form.suits if one not in NEEDS]:
        raise Invalid(_("“%(value)s” is not known here.") % {"value": unknown[0]}, field="suits")
    if Floor.objects.filter(site=found, building=form.building.strip(), level=form.level).exists():
        raise Conflict(_("This floor is on record already."), remedy=_("Choose another level."), field="level")
    floor = Floor.objects.create(
        site=found, building=form.building.strip(), level=form.level, zone=form.zone,
        passage=_passage(found, form, Passage.ISOLATED if observation else Passage.STAFF),
    )  # fmt: skip
    Room.objects.bulk_create(
        Room(floor=floor, number=f"{form.level}{number:02}", beds=form.beds, suits=list(form.suits))
        for number in range(form.first, form.first + form.rooms)
    )
    record(
        by, "isolation.floor_added", ("isolation_site", found.pk), area=found.area,
        data={"floor": [floor.building, floor.level], "zone": floor.zone, "rooms": form.rooms, "beds": form.beds},
    )  # fmt: skip
    return floor


@action
def designate(by: Actor, site: str, floor_id: int, pack: str, cls: str) -> Floor:
    """Say for which class of people a floor is; an empty one makes it free for any. Only while nobody is on it or expected there."""
    found = _kept(by, site)
    floor = Floor.objects.filter(pk=floor_id, site=found).first()
    if floor is None:
        raise NotFound(_("There is no such floor."))
    floor = apart.lock_floor(floor.pk)
    if floor.zone != Floor.OBSERVATION:
        raise Invalid(_("Only a floor of the observation zone is for a class of people."), field="floor_id")
    if cls and ruling.of(pack, found.area).of(cls) is None:
        raise Invalid(
            _("The protocol knows no such class of people."), remedy=_("Choose one from the list."), field="cls"
        )
    there = Placement.objects.filter(room__floor=floor, closed_at__isnull=True).count()
    dirty = Room.objects.filter(floor=floor, state=Room.CLEANING).count()
    if (floor.pack, floor.cls) != (pack if cls else "", cls) and (there or dirty):
        raise Conflict(
            _("%(people)s people are on this floor or expected there, and %(rooms)s rooms wait to be cleaned.")
            % {"people": there, "rooms": dirty},
            remedy=_("It can change its class when it is empty and clean."), code="kept_apart",
        )  # fmt: skip
    floor.cls, floor.pack = cls, pack if cls else ""
    floor.save(update_fields=["cls", "pack"])
    record(
        by, "isolation.floor_designated", ("isolation_site", found.pk), area=found.area,
        data={"floor": [floor.building, floor.level], "cls": cls, "pack": floor.pack},
    )  # fmt: skip
    return floor


@action
def mark_room(by: Actor, site: str, room_id: int, state: str, why: str = "") -> Room:
    """Say that a room was cleaned (`ready`), must be (`cleaning`), or is out of use, for a reason. Not while somebody has it."""
    found = rights.site(by, site)
    rights.must_at_site(by, rights.RECEIVE, found)
    room = Room.objects.filter(pk=room_id, floor__site=found).first()
    if room is None:
        raise NotFound(_("There is no such room."))
    apart.lock_floor(room.floor_id)
    room.refresh_from_db()
    if state not in ROOM_STATES:
        raise Invalid(_("“%(value)s” is not known here.") % {"value": state}, field="state")
    if state != Room.READY and Placement.objects.filter(room=room, closed_at__isnull=True).exists():
        raise Conflict(_("Somebody has this room, or it is kept for them."), remedy=_("Give them another one first."))
    room.state, room.why = state, reasoned(why)[:200] if state == Room.OUT else ""
    room.save(update_fields=["state", "why"])
    record(
        by, "isolation.room_marked", ("isolation_site", found.pk), area=found.area,
        data={"room": room.number, "state": state, "why": room.why},
    )  # fmt: skip
    return room


@action
def set_readiness(by: Actor, site: str, ready_in: int) -> Site:
    """Say within how many hours of an order the site can take people in; 0 opens it. Not once people are there, but for opening."""
    found = _kept(by, site)
    _hours(ready_in)
    if ready_in and Placement.objects.filter(site=found, closed_at__isnull=True).exclude(link=Placement.HOME).exists():
        raise Conflict(
            _("People are there, or expected."), remedy=_("Have them brought elsewhere first."), field="ready_in"
        )
    found.ready_in, found.version = ready_in, found.version + 1
    found.save(update_fields=["ready_in", "version"])
    record(by, "isolation.site_readiness", ("isolation_site", found.pk), area=found.area, data={"ready_in": ready_in})
    return found


@action
def close_site(by: Actor, site: str, reason: str) -> Site:
    """Close a site for good. Not while anybody is there or expected."""
    found = _kept(by, site)
    if Placement.objects.filter(site=found, closed_at__isnull=True).exclude(link=Placement.HOME).exists():
        raise Conflict(_("People are there, or expected."), remedy=_("Have them brought elsewhere first."))
    found.closed_at, found.version = clock.now(), found.version + 1
    found.save(update_fields=["closed_at", "version"])
    record(
        by, "isolation.site_closed", ("isolation_site", found.pk), area=found.area, data={"reason": reasoned(reason)}
    )
    return found


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _kept(by: Actor, code: str) -> Site:
    """A site that is not closed, locked, if the actor may change it."""
    found = rights.site(by, code, lock=True)
    rights.must_at_site(by, rights.SITES, found)
    if found.closed_at is not None:
        raise Conflict(_("This site is closed."), remedy=_("Enter it anew, if it opens again."))
    return found


def _passage(site: Site, form: FloorForm, kind: str) -> Passage:
    name = form.passage.strip()
    if not name or len(name) > 80 or len(form.passage_en) > 80:
        raise Invalid(_("Name the passage that leads there."), remedy=_("In up to 80 characters."), field="passage")
    found, _made = Passage.objects.get_or_create(
        site=site, name_zh=name, defaults={"kind": kind, "name_en": form.passage_en.strip()}
    )
    if found.kind != kind:
        raise Conflict(
            _("Staff and people in isolation never have the same passage."),
            remedy=_("Name another passage for this floor."), code="kept_apart", field="passage",
        )  # fmt: skip
    return found


def _hours(ready_in: int) -> None:
    if not 0 <= ready_in <= LONGEST_READY:
        raise Invalid(
            _("Give the hours until it is ready, 0 for now."),
            remedy=_("Up to %(n)s.") % {"n": LONGEST_READY},
            field="ready_in",
        )
