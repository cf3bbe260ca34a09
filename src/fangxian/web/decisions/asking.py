"""Asking a question: a form that begins with what the platform knows of a place."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fangxian.analytics.simulation import accounting
from fangxian.analytics.simulation.accounting import Item
from fangxian.command.decisions import actions, asking, packs, queries
from fangxian.command.decisions.schemas import Beginning, QuestionForm
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import queries as registry
from fangxian.web.decisions.words import BEYOND, COSTS, DETAILS, EFFECTS
from fangxian.web.parts import actor_of
from fangxian.web.saying import said

#: A city larger than this is asked for on purpose: the usual answer should not take an hour.
USUAL_PEOPLE = 50_000
STRENGTH, LATER, PRICE = "strength_", "later_", "price_"
#: What was done so far is the least that can be done: it is told beside the field, not put into it as a limit.
SHOWN_ONLY = ("tests", "investigators")
SITUATION = ("area", "outbreak", "disease", "people", "infected", "lead", "days")


@dataclass(frozen=True, slots=True)
class Row:
    """A measure on the form: its tick, from which values it is chosen, how much later it comes, what the protocol chosen says."""

    measure: asking.Measure
    tick: Any
    strength: forms.BoundField
    later: forms.BoundField
    usual: str
    says: str


def _number(
    label: Any, bounds: tuple[float, float], *, required: bool = True, help_text: Any = ""
) -> forms.IntegerField:
    low, high = bounds
    return forms.IntegerField(
        label=label, min_value=int(low), max_value=int(high), required=required, help_text=help_text
    )


class AskForm(forms.Form):
    """The situation, the measures on the table, what counts, and what must be kept."""

    name = forms.CharField(
        label=gettext_lazy("What is to be decided"), max_length=120, widget=forms.TextInput(attrs={"data_wide": "1"})
    )
    area = forms.ChoiceField(label=gettext_lazy("Place"))
    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"), required=False)
    disease = forms.ChoiceField(label=gettext_lazy("Behaves like"))
    people = _number(
        gettext_lazy("People simulated"), asking.PEOPLE, help_text=gettext_lazy("More people, longer search.")
    )
    infected = _number(
        gettext_lazy("Infected now"), (1, 100_000), help_text=gettext_lazy("Also those whom nobody has found yet.")
    )
    lead = _number(gettext_lazy("Days until the measures are in force"), (0, 60))
    days = _number(gettext_lazy("Days to look ahead"), asking.DAYS)
    measures = forms.MultipleChoiceField(
        label=gettext_lazy("Measures on the table"), widget=forms.CheckboxSelectMultiple(attrs={"data_wide": "1"})
    )
    detail = forms.ChoiceField(label=gettext_lazy("How fine"), choices=list(DETAILS.items()))
    effect = forms.ChoiceField(label=gettext_lazy("To be kept small"), choices=list(EFFECTS.items()))
    cost = forms.ChoiceField(label=gettext_lazy("At the price of"), choices=list(COSTS.items()))
    pack = forms.ChoiceField(label=gettext_lazy("Carried out as this protocol orders"), required=False)
    beds = _number(gettext_lazy("Hospital beds"), (0, 1_000_000), required=False)
    tests = _number(gettext_lazy("Tests a day"), (0, 10_000_000), required=False)
    rooms = _number(gettext_lazy("Rooms for isolation"), (0, 1_000_000), required=False)
    investigators = _number(gettext_lazy("Cases investigated a day"), (0, 100_000), required=False)
    queued = forms.ChoiceField(label=gettext_lazy("What exceeds it"), choices=list(BEYOND.items()), required=False)
    packs = forms.MultipleChoiceField(
        label=gettext_lazy("Protocols to compare"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"data_wide": "1"}),
    )
    runs = _number(gettext_lazy("Runs of each policy that remains"), asking.RUNS)
    harsher = forms.FloatField(
        label=gettext_lazy("What if transmission is so many times as strong"), min_value=1, max_value=3,
    )  # fmt: skip

    def __init__(self, by: Actor, begins: Beginning, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = queries.places(by)
        names = {begins.area: begins.area_name}
        names |= registry.area_names(set(own) - {begins.area}) if set(own) - {begins.area} else {}
        below = {area: [(one.code, one.name) for one in registry.children(area)] for area in own}
        choices: dict[str, list[tuple[str, Any]]] = {
            "area": [line for area in own for line in ((area, names[area]), *below[area])],
            "outbreak": [("", _("none")), *((code, said(name)) for code, name in begins.outbreaks)],
            "disease": [(key, said(name)) for key, name in asking.diseases().items()],
            "measures": [(one.key, said(one.name)) for one in asking.measures().values()],
            "packs": [(key, said(name)) for key, name in packs.comparable()],
            "pack": [("", _("none: as the hints say")), *((key, said(name)) for key, name in packs.comparable())],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]
        for name, known in begins.known.items():
            hint = _("%(n)s known: %(source)s") % {"n": f"{known.value:,}", "source": said(known.source)}
            self.fields[name].help_text = f"{self.fields[name].help_text} {hint}".strip()
        for one in asking.measures().values():
            self.fields[STRENGTH + one.key] = forms.CharField(
                label=_("Weighed"), required=False, max_length=80, widget=forms.TextInput(attrs={"inputmode": "decimal"})
            )  # fmt: skip
            self.fields[LATER + one.key] = forms.IntegerField(
                label=_("Days later than the others"), required=False, min_value=0, max_value=60
            )  # fmt: skip
        for item in accounting.shipped().items.values():
            self.fields[PRICE + item.key] = forms.FloatField(
                label=said(item.name), required=False, min_value=0, max_value=1e9, initial=item.price
            )  # fmt: skip

    @property
    def situation(self) -> list[forms.BoundField]:
        return [self[name] for name in SITUATION]

    @property
    def table(self) -> list[forms.BoundField]:
        return [self[name] for name in ("effect", "cost", "detail")]

    @property
    def rows(self) -> list[Row]:
        """The measures, each with its fields and what the protocol that is chosen says of it."""
        chosen = str(self["pack"].value() or "")
        orders = packs.of(chosen) if chosen in dict(packs.comparable()) else {}
        ticks = {str(tick.data["value"]): tick for tick in self["measures"]}
        return [
            Row(
                one, ticks[one.key], self[STRENGTH + one.key], self[LATER + one.key], _shown(one, one.values["usual"]),
                said(orders[one.key].said) if one.key in orders else "",
            )
            for one in asking.measures().values()
        ]  # fmt: skip

    @property
    def limits(self) -> list[forms.BoundField]:
        return [self[name] for name in ("beds", "tests", "rooms", "investigators", "queued")]

    @property
    def prices(self) -> list[tuple[Item, str, forms.BoundField]]:
        """What has a price: the thing, who bears it, its field."""
        table = accounting.shipped()
        return [(one, said(table.bearers[one.bears]), self[PRICE + one.key]) for one in table.items.values()]

    def asked(self) -> QuestionForm:
        """The question of a valid form. Raises Invalid for values of a measure that are no numbers."""
        given = self.cleaned_data
        chosen = {one.key: one for one in asking.measures().values() if one.key in given["measures"]}
        shipped = accounting.shipped().items
        prices = {key: given[PRICE + key] for key in shipped if given[PRICE + key] != shipped[key].price}
        return QuestionForm(
            **{one.name: given[one.name] for one in fields(QuestionForm) if one.name in given}
            | {
                "measures": tuple(chosen), "packs": tuple(given["packs"]), "queued": given["queued"] == "wait",
                "strengths": {key: values for key, one in chosen.items() if (values := tuple(_read(one, given[STRENGTH + key])))},
                "later": {key: days for key in chosen if (days := given[LATER + key])},
                "prices": {key: price for key, price in prices.items() if price is not None},
            }
        )  # fmt: skip

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in ("packs", "runs", "harsher")]


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form, filled with the situation; with POST the search is begun."""
    by = actor_of(request)
    by.must(actions.ASK)
    begins = queries.beginning(by, request.GET.get("area"), request.GET.get("outbreak", ""))
    form = AskForm(by, begins, request.POST or None, initial=_initial(begins))
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            made = actions.ask(by, form.asked())
            return redirect("web:decision", made.code)
        except Invalid as fault:
            refusal = fault
            if fault.field in form.fields and fault.field not in form.errors:
                form.add_error(fault.field, f"{fault} {fault.remedy}")
    context = {
        "form": form, "begins": begins, "recent": _bars(begins), "refusal": refusal, "currency": accounting.shipped().currency,
    }  # fmt: skip
    return render(request, "web/decisions/ask.html", context, status=refusal.status if refusal else 200)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _initial(begins: Beginning) -> dict[str, Any]:
    usual = QuestionForm(name="", area=begins.area)
    people = max(asking.PEOPLE[0], min(begins.people or usual.people, USUAL_PEOPLE))
    known = {name: one.value for name, one in begins.known.items() if name not in SHOWN_ONLY}
    infected = max(10, min(people, known.get("infected", 0)))
    measures = (*usual.measures, "zones") if begins.zones else usual.measures
    return {one.name: getattr(usual, one.name) for one in fields(usual)} | known | {
        "name": _("Measures for %(place)s") % {"place": begins.area_name}, "outbreak": begins.outbreak, "people": people,
        "infected": infected, "measures": measures, "queued": "wait", "pack": begins.pack,
    }  # fmt: skip


def _shown(one: asking.Measure, values: tuple[float, ...]) -> str:
    """Values as they are typed: in percent, “-” for never."""
    return " ".join("-" if value == one.never else f"{100 * value if one.percent else value:g}" for value in values)


def _read(one: asking.Measure, text: str) -> Iterator[float]:
    """Values as they were typed. Raises Invalid naming the field."""
    for part in text.replace("，", " ").replace(",", " ").replace("、", " ").replace("%", " ").split():
        if part in ("-", "–", "不用") and one.never is not None:
            yield one.never
            continue
        try:
            value = float(part)
        except ValueError:
            raise Invalid(
                _("“%(text)s” is no number.") % {"text": part[:20]},
                remedy=_("Write numbers with spaces between."), field=STRENGTH + one.key,
            ) from None  # fmt: skip
        yield round(value / 100, 6) if one.percent else value


def _bars(begins: Beginning) -> list[tuple[Any, int]]:
    """The last days with their cases, also those without."""
    if not begins.outbreak:
        return []
    today = clock.today()
    days = [today - timedelta(days=back) for back in range(queries.RECENT - 1, -1, -1)]
    return [(day, begins.recent.get(day, 0)) for day in days]
