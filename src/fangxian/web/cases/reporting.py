"""The direct report (网络直报): short on a phone, faults at their fields, nothing typed lost."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fangxian.cases import actions, queries
from fangxian.cases.schemas import ORIGINS, SEVERITIES, CaseForm
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.duties import packs
from fangxian.protocols import Pack
from fangxian.protocols.vocabulary import Fact
from fangxian.protocols.vocabulary import facts as known_facts
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.registry.schemas import PersonForm
from fangxian.web.cases.forms import DayField, chosen
from fangxian.web.duties.evidence import Number, instant
from fangxian.web.saying import ORIGIN, SEVERITY, SEX, said

NOT_KNOWN = ("", gettext_lazy("not known"))
#: Facts that the other fields of the card tell.
_TOLD = frozenset({"case_class", "origin", "died"})
#: A field of the record → the field of this form at which a fault is shown.
_FIELDS = {"documents": "document", "phones": "phone", "birth_date": "birth_date", "facts": "facts"}


class ReportForm(forms.Form):
    """The card, in three parts: who, the illness, what is known of it."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    document = forms.CharField(
        label=gettext_lazy("Identity number or passport"), required=False, max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Sex and date of birth follow from an identity number."),
    )  # fmt: skip
    phone = forms.CharField(
        label=gettext_lazy("Telephone"), required=False, max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    sex = forms.ChoiceField(
        label=gettext_lazy("Sex"), required=False, choices=list(SEX.items()), widget=forms.RadioSelect
    )
    birth_date = DayField(label=gettext_lazy("Date of birth"), required=False)
    area = forms.ChoiceField(label=gettext_lazy("Lives in"))
    address = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=200)
    occupation = forms.CharField(label=gettext_lazy("Occupation or post"), required=False, max_length=80)

    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"))
    onset_on = DayField(label=gettext_lazy("Onset"), required=False)
    sampled_at = instant(gettext_lazy("Sampled"), required=False)
    diagnosed_at = instant(gettext_lazy("Diagnosed"), required=False)
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"), required=False, choices=chosen(SEVERITY, SEVERITIES, NOT_KNOWN)
    )
    origin = forms.ChoiceField(
        label=gettext_lazy("Origin"), choices=[(key, ORIGIN[key]) for key in ORIGINS], initial="unknown"
    )
    classification = forms.ChoiceField(
        label=gettext_lazy("Class"), required=False,
        help_text=gettext_lazy("Leave it to the case definition, unless you know better than the facts tell."),
    )  # fmt: skip
    facts = forms.MultipleChoiceField(
        label=gettext_lazy("Which of these hold?"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What is not ticked counts as not known."),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "data_wide": True}),
    )

    WHO = ("name", "document", "phone", "area")
    MORE = ("sex", "birth_date", "address", "occupation")
    ILLNESS: tuple[str, ...] = ("outbreak", "onset_on", "diagnosed_at", "sampled_at")
    REST = ("severity", "origin", "classification", "note")

    def __init__(self, by: Actor, pack: Pack, outbreaks: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pack = pack
        asked = asked_by(pack)
        choices: dict[str, Any] = {
            "area": areas_of(by, "cases.report"),
            "outbreak": [(one.code, one.name) for one in outbreaks],
            "classification": [
                ("", gettext_lazy("by the definition")),
                *((one.key, said(one.name)) for one in pack.cases),
            ],
            "facts": [(fact.key, said(fact.name)) for fact in asked if fact.kind == "yes/no"],
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]
        self.numbers = []
        for fact in asked:
            if fact.kind == "number":
                self.numbers.append(f"fact-{fact.key}")
                self.fields[f"fact-{fact.key}"] = Number(
                    "", label=said(fact.name), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
                )
            elif fact.kind == "choice":
                self.numbers.append(f"fact-{fact.key}")
                self.fields[f"fact-{fact.key}"] = forms.ChoiceField(
                    label=said(fact.name), required=False,
                    choices=[NOT_KNOWN, *((key, said(text)) for key, text in fact.values.items())],
                )  # fmt: skip

    def part(self, names: Any) -> list[forms.BoundField]:
        """Some of the fields, in this order."""
        return [self[name] for name in names]

    @property
    def who(self) -> list[forms.BoundField]:
        return self.part(self.WHO)

    @property
    def more(self) -> list[forms.BoundField]:
        return self.part(self.MORE)

    @property
    def illness(self) -> list[forms.BoundField]:
        return self.part(self.ILLNESS)

    @property
    def rest(self) -> list[forms.BoundField]:
        return self.part((*self.numbers, *self.REST))

    def card(self) -> CaseForm:
        """The card that is reported."""
        given = self.cleaned_data
        person = PersonForm(
            name=given["name"], sex=given["sex"], birth_date=given["birth_date"], area=given["area"], address=given["address"],
            occupation=given["occupation"], phones=(given["phone"],) if given["phone"] else (),
            documents=(("", given["document"]),) if given["document"] else (),
        )  # fmt: skip
        facts: dict[str, Any] = dict.fromkeys(given["facts"], True)
        facts |= {name.removeprefix("fact-"): given[name] for name in self.numbers if given[name] not in (None, "")}
        return CaseForm(
            person=person, outbreak=given["outbreak"], facts=facts, classification=given["classification"], origin=given["origin"],
            onset_on=given["onset_on"], sampled_at=given["sampled_at"], diagnosed_at=given["diagnosed_at"],
            severity=given["severity"], note=given["note"],
        )  # fmt: skip


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Report one case. The clock of the report runs from the diagnosis."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("cases.report")
    outbreaks = queries.outbreaks(by, open_only=True)
    if not outbreaks:
        return render(request, "web/cases/no_outbreak.html", status=409)
    wanted = request.POST.get("outbreak") or request.GET.get("outbreak", "")
    outbreak = next((one for one in outbreaks if one.code == wanted), outbreaks[0])
    pack = packs.pack(outbreak.pack, outbreak.area)
    now = clock.now().replace(second=0, microsecond=0)
    form = ReportForm(
        by, pack, outbreaks, request.POST or None, initial={"outbreak": outbreak.code, "diagnosed_at": now}
    )
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            case = actions.report(by, form.card())
        except Refusal as fault:
            refusal = fault
            field = _FIELDS.get(fault.field.partition(".")[0], fault.field.partition(".")[0])
            if field in form.fields and field not in form.errors:
                form.add_error(field, f"{fault.message} {fault.remedy}".strip())
        else:
            messages.success(request, _("Reported: %(code)s. The review has begun.") % {"code": case.code})
            messages.success(request, "report", extra_tags="draft")
            return redirect("web:case", case.code)
    within = said(pack.report.within.text)
    context = {"form": form, "refusal": refusal, "pack": said(pack.name), "within": within}
    return render(request, "web/cases/report.html", context, status=refusal.status if refusal else 200)


def asked_by(pack: Pack) -> list[Fact]:
    """The facts that the case definitions of a pack ask about: with nothing known, all of them are missing."""
    known = {**known_facts(), **{fact.key: fact for fact in pack.facts}}
    wanted = pack.classify_case({}).missing
    return [known[key] for key in wanted if key in known and key not in _TOLD]


def areas_of(by: Actor, right: str) -> list[Any]:
    """Where somebody may live: the communities of the jurisdiction in which the actor has the right, by township."""
    (own, *_others) = by.areas(right) or ("",)
    villages = registry.below(own, "village") or registry.below(own, "township") or registry.below(own, "county")
    above = registry.area_names({levels.at_level(one.code, "township") for one in villages})
    groups: dict[str, list[tuple[str, str]]] = {}
    for one in villages:
        groups.setdefault(above[levels.at_level(one.code, "township")], []).append((one.code, one.name))
    return [("", _("Choose a place")), *groups.items(), *([(own, registry.area_names([own])[own])] if own else [])]
