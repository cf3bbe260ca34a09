"""The form of an exposure: who met the case, when, where, and what the protocol's categories ask about."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.protocols import Pack
from fangxian.protocols.vocabulary import Fact
from fangxian.protocols.vocabulary import facts as known_facts
from fangxian.registry.schemas import PersonForm
from fangxian.tracing import judging
from fangxian.tracing.desk import RIGHT, SOURCES
from fangxian.tracing.schemas import ExposureForm
from fangxian.web.cases.reporting import areas_of
from fangxian.web.cases.stays import place_of
from fangxian.web.duties.evidence import Number, instant
from fangxian.web.saying import SEX, SOURCE_NAMES, said

#: Facts that fields of their own tell.
_OWN = frozenset({"setting", "minutes", *judging.TIMING})


class ExposedForm(forms.Form):
    """Who met the case, when, where and how. `fresh` asks who; a correction asks why."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    known = forms.CharField(
        label=gettext_lazy("Somebody on record"), required=False, max_length=60,
        help_text=gettext_lazy("Name, telephone, identity number or code; choose from what is suggested."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "people", "spellcheck": "false"}),
    )  # fmt: skip
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Telephone"), required=False, max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    document = forms.CharField(
        label=gettext_lazy("Identity number or passport"), required=False, max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    sex = forms.ChoiceField(
        label=gettext_lazy("Sex"), required=False, choices=list(SEX.items()), widget=forms.RadioSelect
    )
    area = forms.ChoiceField(label=gettext_lazy("Lives in"), required=False)
    address = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=200)

    setting = forms.ChoiceField(label=gettext_lazy("Setting"), required=False)
    place = forms.CharField(
        label=gettext_lazy("Place"), required=False, max_length=180,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "places"}),
    )  # fmt: skip
    from_at = instant(gettext_lazy("From"), required=False)
    to_at = instant(gettext_lazy("To"), required=False)
    minutes = Number(
        "", label=gettext_lazy("How many minutes, if the times are not known"), required=False, min_value=0,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    facts = forms.MultipleChoiceField(
        label=gettext_lazy("Which of these hold?"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What is not ticked counts as not known."),
    )  # fmt: skip
    relation = forms.CharField(label=gettext_lazy("Relation to the case"), required=False, max_length=40)
    source = forms.ChoiceField(label=gettext_lazy("Known from"), initial="interview")
    reason = forms.CharField(
        label=gettext_lazy("Reason of the correction"), min_length=2, max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "data_wide": True}),
        help_text=gettext_lazy("One sentence; it stays on record."),
    )  # fmt: skip

    WHO = ("known", "name", "phone", "document", "area", "address", "sex")
    HOW = ("setting", "place", "from_at", "to_at", "minutes", "relation", "source")

    def __init__(self, by: Actor, pack: Pack, *args: Any, fresh: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = asked_by(pack)
        choices: dict[str, Any] = {
            "area": areas_of(by, RIGHT),
            "setting": [("", _("not known")), *_choices(known_facts()["setting"])],
            "facts": [(fact.key, said(fact.name)) for fact in asked if fact.kind == "yes/no"],
            "source": [(key, SOURCE_NAMES[key]) for key in SOURCES],
        }
        for name, values in choices.items():
            self.fields[name].choices = values  # type: ignore[attr-defined]
        self.measured = []
        for fact in asked:
            if fact.kind != "yes/no":
                self.measured.append(f"fact-{fact.key}")
                self.fields[f"fact-{fact.key}"] = _measure(fact)
        for name in ("reason",) if fresh else self.WHO:
            del self.fields[name]

    def part(self, names: Any) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def who(self) -> list[forms.BoundField]:
        return self.part(self.WHO[1:])

    @property
    def how(self) -> list[forms.BoundField]:
        return self.part(self.HOW)

    @property
    def measures(self) -> list[forms.BoundField]:
        return self.part(self.measured)

    def exposure(self, case: str, known: Mapping[str, Any] = MappingProxyType({})) -> ExposureForm:
        """The exposure as it is recorded; without who it is, where that is not asked.

        Of the facts `known` before, those that the form does not ask for stay, and so does a No that was not ticked away.
        """
        given = self.cleaned_data
        text, place = place_of(given["place"])
        ticks = {key for key, _label in self.fields["facts"].choices}  # type: ignore[attr-defined]
        kept = {key: value for key, value in known.items() if value is False or key not in ticks}
        facts = {key: value for key, value in kept.items() if key not in _OWN and f"fact-{key}" not in self.fields}
        facts |= dict.fromkeys(given["facts"], True)
        facts |= {name.removeprefix("fact-"): given[name] for name in self.measured if given[name] not in (None, "")}
        return ExposureForm(
            person=self._person(), case=case, from_at=given["from_at"], to_at=given["to_at"], minutes=given["minutes"],
            setting=given["setting"], place=place, place_text="" if place else text, facts=facts, relation=given["relation"],
            source=given["source"],
        )  # fmt: skip

    def _person(self) -> PersonForm | str:
        given = self.cleaned_data
        if known := given.get("known", "").strip():
            code = ids.normalise_code(known.rpartition(" ")[2])
            if not ids.is_code(code):
                raise Invalid(
                    _("Nobody on record was chosen."), remedy=_("Choose from what is suggested, or enter a new person below."),
                    field="known",
                )  # fmt: skip
            return code
        return PersonForm(
            name=given.get("name", ""), sex=given.get("sex", ""), area=given.get("area", ""), address=given.get("address", ""),
            phones=(given["phone"],) if given.get("phone") else (),
            documents=(("", given["document"]),) if given.get("document") else (),
        )  # fmt: skip


def asked_by(pack: Pack) -> list[Fact]:
    """The facts that the categories of a pack ask about somebody who met a case: with nothing known, all of them are missing."""
    known = {**known_facts(), **{fact.key: fact for fact in pack.facts}}
    rules = pack.exposure
    assumed = [key for key in (rules.assume if rules else {}) if key in known]
    wanted = dict.fromkeys([*pack.classify_exposure({}, 1).missing, *assumed])
    return [known[key] for key in wanted if key in known and key not in _OWN]


def _choices(fact: Fact) -> list[tuple[str, str]]:
    return [(key, said(text)) for key, text in fact.values.items()]


def _measure(fact: Fact) -> forms.Field:
    if fact.kind == "choice":
        return forms.ChoiceField(label=said(fact.name), required=False, choices=[("", _("not known")), *_choices(fact)])
    return Number("", label=said(fact.name), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
