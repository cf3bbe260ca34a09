"""A track on the map: its stays as numbered stops, joined in order of time."""

from django.urls import reverse
from django.utils.translation import gettext as _

from fangxian.tracing.schemas import Stay, Track
from fangxian.web.maps import Board, Feature
from fangxian.web.saying import instant

#: The id of the map; the list of stays takes part in it.
ID = "track-map"


def features(track: Track) -> tuple[Feature, ...]:
    """The way between the stays whose place is known, and the stays. Numbers are those of the list."""
    placed = [
        (number, stay) for number, stay in enumerate(track.stays, 1) if stay.lon is not None and stay.lat is not None
    ]
    stops = tuple(
        Feature(
            str(stay.id), "stop", stay.place_name, {"type": "Point", "coordinates": [stay.lon, stay.lat]},
            kind=_("stay, infectious") if stay.in_window else _("stay"), detail=_times(stay), label=str(number),
            dashed=not stay.in_window,
        )
        for number, stay in placed
    )  # fmt: skip
    if len(placed) < 2:
        return stops
    way = {"type": "LineString", "coordinates": [[stay.lon, stay.lat] for _number, stay in placed]}
    return (Feature("way", "track", _("order of the stays"), way, kind=_("order of the stays")), *stops)


def board(track: Track) -> Board | None:
    """The map of a track; None where no place on it is known."""
    found = features(track)
    source = reverse("web:track_map", args=[track.case])
    return Board(ID, _("Activity track"), source, found, listed=False) if found else None


def _times(stay: Stay) -> str:
    return f"{instant(stay.from_at)} – {instant(stay.to_at)}" if stay.to_at else instant(stay.from_at)
