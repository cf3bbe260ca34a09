"""Two policies played day by day: the townships on a map, and the buildings of the simulated city as squares."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.analytics.deciding.playing import Play
from fangxian.command.decisions import queries
from fangxian.command.decisions.schemas import QuestionView
from fangxian.registry import queries as registry
from fangxian.web.maps import Board, Feature, geojson
from fangxian.web.parts import actor_of, number_of

#: Days of a column of the table.
WEEK = 7


@require_GET
def days(request: HttpRequest, code: str) -> JsonResponse:
    """The runs of the policies named, for the player: days are counted from the one on which the question was asked."""
    by = actor_of(request)
    view = queries.question(by, code)
    wanted = [place for one in request.GET.getlist("policy")[:2] if (place := number_of(one)) is not None]
    found = queries.playback(view, wanted)
    answer = JsonResponse({
        "today": view.asked.today,
        "sides": {
            place: {"townships": one.townships, "blocks": [[part, *on] for _block, part, on in one.blocks]} for place, one in found.items()
        },
    })  # fmt: skip
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_GET
def features(request: HttpRequest, code: str) -> JsonResponse:
    """The borders of the townships, as GeoJSON."""
    return geojson(_features(queries.question(actor_of(request), code)))


def shown(view: QuestionView, policies: Sequence[tuple[int, str]]) -> dict[str, Any] | None:
    """What the page needs to play policies (place, in words) side by side; None for an answer of which no run was kept."""
    found = queries.playback(view, [place for place, _words in policies])
    if not all(place in found for place, _words in policies) or view.answer is None:
        return None
    people = parts(view)
    names = registry.short_area_names(people) if people else {}
    named = [(code, names.get(code, code), number) for code, number in people.items()] or [
        ("", _("the city"), view.answer.people)
    ]
    last = view.answer.days - view.asked.today - 1
    features = _features(view)
    boards = [
        Board(
            f"play-{at}", words, reverse("web:decision_parts", args=[view.row.code]), features, listed=False,
            legend_of=tuple(Feature("", mark, "", kind=kind) for mark, kind in _levels()),
        )
        for at, (_place, words) in enumerate(policies)
    ]  # fmt: skip
    return {
        "source": reverse("web:decision_days", args=[view.row.code]) + "?" + "&".join(f"policy={place}" for place, _words in policies),
        "sides": [
            (place, words, board, _weeks(found[place], view.asked.today, [name for _code, name, _people in named]))
            for (place, words), board in zip(policies, boards, strict=True)
        ],
        "words": "|".join((_("Play"), _("Pause"), _("Day %s"), _("%s infected in 7 days"))),
        "parts": named, "last": last, "maps": bool(features), "weeks": range(1, last // WEEK + 2),
        "level": _("compounds") if found[policies[0][0]].level == "compound" else _("buildings"),
    }  # fmt: skip


def parts(view: QuestionView) -> dict[str, int]:
    """The people of each township of the simulated city by its code, in the order of a run's."""
    return dict(view.asked.base["population"].get("townships", {}))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _features(view: QuestionView) -> tuple[Feature, ...]:
    codes = parts(view)
    outlines = registry.outlines_of(codes)
    names = registry.short_area_names(outlines) if outlines else {}
    return tuple(Feature(code, "count-1", names[code], outlines[code]) for code in codes if code in outlines)


def _levels() -> list[tuple[str, str]]:
    """The marks of a township by the infected of seven days in 10,000 people."""
    return [
        ("count-1", _("under 10 of 10,000 in 7 days")), ("count-2", _("10 to 30")), ("count-3", _("30 to 100")), ("count-4", _("over 100")),
    ]  # fmt: skip


def _weeks(one: Play, today: int, names: Sequence[str]) -> list[tuple[str, list[int]]]:
    """New infections of each township by week from today on; of a city that is not told by townships, all together."""
    rows = one.townships if len(names) > 1 else [tuple(map(sum, zip(*one.townships, strict=True)))]
    return [
        (name, [sum(row[at : at + WEEK]) for at in range(today, len(row), WEEK)])
        for name, row in zip(names, rows, strict=True)
    ]
