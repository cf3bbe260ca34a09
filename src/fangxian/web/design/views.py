"""Every component on one page: what the product is made of, and where a change of one shows first."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET

from fangxian.command.situation import chart
from fangxian.core import clock
from fangxian.duties.queries import Covered
from fangxian.protocols.vocabulary import facts
from fangxian.tracing.schemas import ChainGraph, ChainLink, ChainNode
from fangxian.web import maps
from fangxian.web.cases.chains import draw
from fangxian.web.design import samples
from fangxian.web.duties.evidence import EvidenceForm
from fangxian.web.reveals import RevealForm
from fangxian.web.saying import CLASSES, chinese, said

#: The classes of the sample curve beside the confirmed cases.
CURVE = ("probable", "suspected", "asymptomatic")


class SampleForm(forms.Form):
    """A field of each kind, and one with a fault."""

    text = forms.CharField(label=gettext_lazy("Text"), help_text=gettext_lazy("A hint says what is wanted."))
    choice = forms.ChoiceField(
        label=gettext_lazy("A long choice"), choices=[("a", "—"), ("b", "汐州市")], required=False
    )
    number = forms.IntegerField(label=gettext_lazy("With a fault"))


@login_not_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The page needs nobody signed in and nothing of the database."""
    now = clock.now()
    form = SampleForm({"text": "望潮区", "number": "十二"})
    form.is_valid()
    covered = [
        ("", Covered("990101", "contact.observation", 120, 96, 11, 3)),
        ("", Covered("990102", "case.review", 40, 40, 0, 0)),
    ]
    context: dict[str, Any] = {
        "clocks": [
            now - timedelta(hours=3, minutes=20),
            now + timedelta(minutes=42),
            now + timedelta(days=2, hours=4),
            None,
        ],
        "steps": [
            _step("done", -5, -6),
            _step("done", -5, -3),
            _step("waived", -5, -6),
            _step("missed", -5, None),
            _step("void", 5, None),
        ],
        "covered": covered,
        "form": form,
        "evidence": EvidenceForm(("temperature", "symptoms", "result", "phone_reached"), None, prefix="sample"),
        "drawing": draw(_graph(), "B"),
        "curve": _curve(),
        "maps": [samples.shown(), samples.chosen()],
        "card": _card(),
        "grades": [("A", "good"), ("B", "accent"), ("C", "soon"), ("G", "calm")],
        "why": _("2 h: Guideline of a fictional country, 2026, Art. 7 (grade B: read in a faithful repost)"),
        "reveal": RevealForm(),
        "tabs": [("all", _("All"), 52, True), ("late", _("Late"), 14, False), ("today", _("Next 24 h"), 12, False)],
        "sample_step": _("Daily check"),
        "fever": said(facts()["fever"].name),
    }
    return render(request, "web/design/index.html", context)


@login_not_required
@require_GET
def sample_map(request: HttpRequest, which: str) -> HttpResponse:
    """What the sample maps show, as GeoJSON."""
    if which not in samples.BOARDS:
        raise Http404
    return maps.geojson(samples.BOARDS[which]().features, public=True)


def _step(state: str, due: float, done: float | None) -> Any:
    now = clock.now()
    return SimpleNamespace(
        state=state, due_at=now + timedelta(hours=due), done_at=None if done is None else now + timedelta(hours=done)
    )


def _curve() -> SafeString:
    """An epidemic curve with every class that there is."""
    today, counts = clock.today(), (1, 0, 2, 3, 5, 4, 6, 3, 2, 1)
    days = [
        (today - timedelta(days=len(counts) - place), {"confirmed": number, CURVE[place % len(CURVE)]: 1 + number // 2})
        for place, number in enumerate(counts)
    ]
    words = chart.Words(
        _("Epidemic curve"),
        _("Every class that there is"),
        _("Day of onset"),
        pgettext("axis of a chart", "Cases"),
        chinese(),
    )
    return mark_safe(
        chart.epicurve(days, [(key, str(CLASSES[key])) for key in ("confirmed", *CURVE)], words, name="sample")
    )


def _card() -> Any:
    return SimpleNamespace(
        name="江**", sex="female", age=38, phones=("139****5678",), documents=(("citizen_id", "9901**********1234"),),
        address="望潮区灯塔街道***", occupation="",
    )  # fmt: skip


def _graph() -> ChainGraph:
    today = clock.today()

    def node(code: str, label: str, generation: int, order: int, infector: str, classification: str) -> ChainNode:
        return ChainNode(code, label, "990101", today, classification, generation, order, 2, 1, infector)

    nodes = (
        node("A", "程*", 0, 0, "", "confirmed"), node("B", "江**", 1, 0, "A", "confirmed"),
        node("C", "叶**", 1, 1, "A", "suspected"), node("D", "白*", 2, 0, "B", "asymptomatic"),
    )  # fmt: skip
    links = tuple(ChainLink(0, one.infector, one.code, "rule", "", "home", True) for one in nodes if one.infector)
    return ChainGraph(nodes, links, ())
