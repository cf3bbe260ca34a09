"""The trend of an outbreak (研判疫情发展形势): one sentence, then what it rests on, drawn."""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from fangxian.cases import queries as cases
from fangxian.command.situation import queries as situation
from fangxian.command.trend import queries
from fangxian.command.trend.schemas import Trend
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import queries as registry
from fangxian.web.cases.forms import DayField
from fangxian.web.parts import actor_of
from fangxian.web.saying import chinese, said
from fangxian.web.trend import figures, words

FORMS = {"svg": "image/svg+xml", "csv": "text/csv; charset=utf-8"}


class AskForm(forms.Form):
    """What the reader may choose; what is left empty is as usual."""

    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"), required=False)
    area = forms.ChoiceField(label=gettext_lazy("Place"), required=False)
    day = DayField(label=gettext_lazy("As reported by"), required=False)
    window = forms.IntegerField(
        label=gettext_lazy("Window of R, days"),
        required=False,
        min_value=queries.WINDOWS[0],
        max_value=queries.WINDOWS[1],
    )
    mean_si = forms.FloatField(
        label=gettext_lazy("Serial interval, mean in days"),
        required=False,
        min_value=queries.MEANS[0],
        max_value=queries.MEANS[1],
    )
    sd_si = forms.FloatField(
        label=gettext_lazy("its standard deviation"),
        required=False,
        min_value=queries.SPREADS[0],
        max_value=queries.SPREADS[1],
    )

    def __init__(
        self, outbreaks: list[tuple[str, str]], places: list[tuple[str, str]], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outbreak"].choices = outbreaks  # type: ignore[attr-defined]
        self.fields["area"].choices = places  # type: ignore[attr-defined]


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The sentence that a leader reads, the numbers behind it, and each of them drawn."""
    by = actor_of(request)
    by.must("situation.view")
    form = _form(request, by)
    try:
        told = _asked(request, by, form)
    except NotFound as fault:
        if fault.code != "no_outbreak":
            raise
        return render(request, "web/situation/none.html", {})
    context = {
        "told": told,
        "form": form,
        "title": said(told.area_name),
        "outbreak": said(told.outbreak_name),
        "headline": words.headline(told),
        "numbers": words.numbers(told),
        "figures": figures.shown(told),
        "clusters": [(one, "、".join(map(said, one.names)) if chinese() else ", ".join(map(said, one.names))) for one in told.clusters],
        "no_clusters": said(told.unknown.get("clusters")),
        "clusters_how": words.how("clusters", told),
        "assumed": told.assumed,
        "notes": words.notes(told),
        "query": request.GET.urlencode(),
    }  # fmt: skip
    return render(request, "web/trend/index.html", context, status=422 if form.errors else 200)


@require_GET
def file(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """One figure as a drawing or as a table, with its method and parameters in it."""
    by = actor_of(request)
    by.must("situation.view")
    told = _asked(request, by, _form(request, by))
    found = next((one for one in figures.shown(told) if one.key == key), None)
    if form not in FORMS or found is None or found.table is None:
        raise NotFound(_("There is no such figure."), remedy=_("Choose one from the page of the trend."))
    answer = HttpResponse(
        figures.drawing(told, key) if form == "svg" else figures.csv(told, key), content_type=FORMS[form]
    )
    name = f"trend-{key}-{told.area or 'all'}-{told.day:%Y%m%d}.{form}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _form(request: HttpRequest, by: Actor) -> AskForm:
    outbreaks = [(one.code, said(one)) for one in cases.outbreaks(by)]
    own = situation.places(by)
    codes = [*own, *(one.code for area in own for one in registry.children(area))]
    if (asked := request.GET.get("area")) and asked not in codes and by.may("situation.view", asked):
        codes.append(asked)
    names = registry.area_names(codes)
    return AskForm(outbreaks, [(code, names[code]) for code in codes], request.GET or None)


def _asked(request: HttpRequest, by: Actor, form: AskForm) -> Trend:
    """What was asked for; as usual where it makes no sense, so that the page can say so beside the field."""
    of = partial(queries.trend, by, outbreak=request.GET.get("outbreak", ""), area=request.GET.get("area"))
    if not form.is_bound or not form.is_valid():
        return of()
    asked = {name: form.cleaned_data[name] for name in ("day", "mean_si", "sd_si")}
    try:
        return of(**asked, window=form.cleaned_data["window"] or queries.WINDOW)
    except Invalid as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, f"{refusal.message} {refusal.remedy}")
        return of()
