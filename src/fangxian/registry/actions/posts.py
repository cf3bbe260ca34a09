"""Writers of appointments: who holds which post (责任到人)."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.core import accounts, clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import checking
from fangxian.registry.events import AppointmentEnded
from fangxian.registry.levels import level_of
from fangxian.registry.models import Appointment, Household, Organisation
from fangxian.registry.vocabulary import must_be, post_names, terms


@action
def appoint(
    by: Actor,
    role: str,
    area: str,
    organisation_id: int,
    *,
    account_id: int | None = None,
    name: str = "",
    phone: str = "",
    household: str = "",
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Appointment:
    """Name who holds a post: an account, or a name and telephone where there is none yet.

    `role` is of `vocabulary.post_names()`. A post of the four levels or the grid must be held at its own level; `household`
    is the code of the household for which a household post is held. Being appointed gives no right: that is a grant.
    """
    must_be(role, post_names(), "role")
    area = checking.area(area) if area else ""
    by.must("registry.appoint", area)
    organisation = Organisation.objects.filter(pk=organisation_id, is_active=True).first()
    if organisation is None:
        raise NotFound(_("There is no such organisation."))
    home = _home(role, area, household)
    account = accounts.of_id(account_id) if account_id is not None else None
    name = checking.clean(name) or (account.name if account else "")
    if not name:
        raise Invalid(
            _("A post needs a name."), remedy=_("Choose an account, or write name and telephone."), field="name"
        )
    begins_at = begins_at or clock.now()
    if ends_at is not None and ends_at <= begins_at:
        raise Invalid(_("It ends before it begins."), field="ends_at")
    same = Appointment.objects.filter(role=role, area=area, household=home, account=account, name=name)
    if same.filter(begins_at__lte=begins_at).filter(Q(ends_at__isnull=True) | Q(ends_at__gt=begins_at)).exists():
        raise Conflict(_("%(name)s already holds this post.") % {"name": name}, field="account_id")
    made = Appointment.objects.create(
        account_id=account_id, name=name[:80], phone=phone.strip() or (account.phone if account else ""), role=role,
        organisation=organisation, area=area, household=home, begins_at=begins_at, ends_at=ends_at,
    )  # fmt: skip
    record(
        by, "post.appointed", ("appointment", made.pk), area=area,
        data={"role": role, "account": account_id, "organisation": organisation_id, "household": home.pk if home else None},
    )  # fmt: skip
    return made


@action
def end_appointment(by: Actor, appointment_id: int, reason: str = "") -> Appointment:
    """End a post now. What its holder has still open is given a new owner by whoever listens for `AppointmentEnded`."""
    found = Appointment.objects.select_for_update().filter(pk=appointment_id).first()
    if found is None:
        raise NotFound(_("There is no such appointment."))
    by.must("registry.appoint", found.area)
    now = clock.now()
    if found.ends_at is not None and found.ends_at <= now:
        raise Conflict(_("This appointment has already ended."))
    found.ends_at = max(now, found.begins_at)
    found.save(update_fields=["ends_at"])
    record(
        by,
        "post.ended",
        ("appointment", found.pk),
        area=found.area,
        data={"role": found.role, "reason": reason.strip()[:300]},
    )
    emit(AppointmentEnded(found.pk, found.role, found.area, found.account_id, found.organisation_id))
    return found


@action
def hand_over_post(
    by: Actor, appointment_id: int, *, account_id: int | None = None, name: str = "", phone: str = "", reason: str = ""
) -> Appointment:
    """End a post and give it to somebody else at once, so that it is vacant for no moment (交接). Returns the new appointment."""
    found = end_appointment(by, appointment_id, reason)
    return appoint(
        by, found.role, found.area, found.organisation_id, account_id=account_id, name=name, phone=phone,
        household=found.household.code if found.household else "",
    )  # fmt: skip


def _home(role: str, area: str, household: str) -> Household | None:
    """The household that a household post is for. Raises Invalid where the post does not stand at this level."""
    post = terms("posts").get(role)
    wanted = post.level if post else ""
    if wanted == "household" or household:
        home = Household.objects.filter(code=ids.normalise_code(household)).first()
        if home is None or not home.area.startswith(area):
            raise Invalid(
                _("This post is for a household of the jurisdiction."), remedy=_("Give its code."), field="household"
            )
        return home
    if wanted and level_of(area) != wanted:
        raise Invalid(
            _("This post does not stand at this level (%(level)s).") % {"level": level_of(area)},
            remedy=_("Give the code of a jurisdiction of its own level: %(level)s.") % {"level": wanted},
            field="area",
        )
    return None
