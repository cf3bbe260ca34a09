"""The activity track (活动轨迹): stays added, corrected and taken away."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import journal
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.tracing import judging, sources
from fangxian.tracing.actions.investigating import RIGHT
from fangxian.tracing.actions.versions import stale
from fangxian.tracing.desk import SOURCES
from fangxian.tracing.events import TrackChanged
from fangxian.tracing.models import Activity
from fangxian.tracing.schemas import StayForm


@action
def add_stay(by: Actor, case: str, form: StayForm, reason: str = "") -> Activity:
    """Add a stay to a case's track, with the reason. Raises Invalid for a time that cannot be and for a stay nowhere.

    Stays that contradict each other are kept, as interviews contradict each other; `queries.track` points them out.
    """
    taken, refused = _add(by, case, [form], reason)
    if refused:
        raise refused[0][1]
    return taken[0]


@action
def add_stays(by: Actor, case: str, forms: Sequence[StayForm]) -> list[tuple[int, Refusal]]:
    """Add many stays at once (an import); the forms refused, each by its place among the forms. The others are kept."""
    return _add(by, case, forms)[1]


@action
def edit_stay(by: Actor, stay_id: int, form: StayForm, reason: str, version: int | None = None) -> Activity:
    """Replace what is known of a stay, with the reason; what stood there before is in the journal.

    Raises Conflict where `version`, the one that was read, is no longer the newest.
    """
    stay = _mine(by, stay_id, version)
    before = _told(stay)
    for name, value in _checked(form).items():
        setattr(stay, name, value)
    stay.version += 1
    stay.save()
    record(
        by, "track.edited", ("case", stay.case_id), area=stay.case.area,
        data={"stay": stay.pk, "before": before, **_told(stay), "reason": sources.reason(reason)},
    )  # fmt: skip
    emit(TrackChanged(stay.case_id, stay.case.outbreak_id))
    return stay


@action
def remove_stay(by: Actor, stay_id: int, reason: str, version: int | None = None) -> None:
    """Take a stay off the track, with the reason; the journal keeps it. Raises Conflict as `edit_stay` does."""
    stay = _mine(by, stay_id, version)
    record(
        by, "track.removed", ("case", stay.case_id), area=stay.case.area,
        data={"stay": stay.pk, **_told(stay), "reason": sources.reason(reason)},
    )  # fmt: skip
    emit(TrackChanged(stay.case_id, stay.case.outbreak_id))
    stay.delete()


def _add(
    by: Actor, case: str, forms: Sequence[StayForm], reason: str = ""
) -> tuple[list[Activity], list[tuple[int, Refusal]]]:
    facts = sources.case(by, case)
    by.must(RIGHT, facts.area)
    stays, refused = [], []
    for index, form in enumerate(forms):
        try:
            stays.append(Activity(case_id=facts.id, **_checked(form)))
        except Refusal as refusal:
            refused.append((index, refusal))
    Activity.objects.bulk_create(stays)
    why = {"reason": sources.reason(reason)} if reason.strip() else {}
    for stay in stays:
        record(by, "track.added", ("case", facts.id), area=facts.area, data={"stay": stay.pk, **_told(stay), **why})
    if stays:
        emit(TrackChanged(facts.id, facts.outbreak_id))
    return stays, refused


def _mine(by: Actor, stay_id: int, version: int | None) -> Activity:
    stay = Activity.objects.select_related("case").select_for_update(of=("self",)).filter(pk=stay_id).first()
    if stay is None or not by.may("tracing.view", stay.case.area):
        raise NotFound(_("There is no such stay."), remedy=_("Somebody may have taken it off the track meanwhile."))
    by.must(RIGHT, stay.case.area)
    if version not in (None, stay.version):
        edits = journal.of("case", stay.case_id, actions=("track.edited",))
        raise stale((one for one in edits if one.content.get("stay") == stay.pk), stay.version)
    return stay


def _checked(form: StayForm) -> dict[str, Any]:
    judging.span(form.from_at, form.to_at, None)
    if not (form.place or form.place_text.strip()):
        raise Invalid(_("Where was it?"), remedy=_("Choose a place on record, or describe it."), field="place_text")
    if form.source not in SOURCES:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": form.source},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(SOURCES)},
            field="source",
        )
    if (form.lon is None) != (form.lat is None) or not (
        -180 <= (form.lon or 0) <= 180 and -90 <= (form.lat or 0) <= 90
    ):
        raise Invalid(
            _("This is not a point on the Earth."), remedy=_("Give longitude and latitude in degrees."), field="lon"
        )
    values = asdict(form)
    values["place_id"] = sources.place(values.pop("place"))
    for name, longest in (("place_text", 160), ("place_kind", 20), ("with_whom", 200)):
        values[name] = sources.text(values[name], name, longest)
    return values


def _told(stay: Activity) -> dict[str, Any]:
    """What the journal keeps of a stay."""
    return {
        "place": stay.place_id or stay.place_text,
        "from": stay.from_at.isoformat(),
        "to": stay.to_at.isoformat() if stay.to_at else None,
        "source": stay.source,
    }
