"""The fields of the evidence that a step asks for: typed by the vocabulary of the protocols, as large as a thumb."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.protocols import Pack
from fangxian.protocols.vocabulary import Fact, facts, units
from fangxian.web.saying import said

#: Facts that are written in words. The vocabulary has no such kind: as facts they stand for “there is one”.
WRITTEN = frozenset(
    "note card_number findings contacts_listed report_file hospital vehicle site room vaccine_lot places_disinfected risk_assessed".split()
)
#: Of these, the ones that take more than a line.
_LONG = frozenset({"note", "findings", "contacts_listed", "places_disinfected", "risk_assessed"})
#: Facts that are an instant.
INSTANTS = frozenset({"visited_at"})

#: What a thermometer can show on a living person, in °C: a slip of the finger lies outside.
_PLAUSIBLE = {"temperature": (30.0, 45.0)}
#: Full-width digits and signs, as a Chinese keyboard gives them.
_WIDE = str.maketrans("０１２３４５６７８９．，。－", "0123456789...-")


class Number(forms.FloatField):
    """A number as people type it: 36,8 and ３６．８℃ are both 36.8."""

    def __init__(self, unit: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unit = unit

    def to_python(self, value: Any) -> Any:
        text = str(value or "").translate(_WIDE).replace(",", ".").strip().rstrip("℃°C度 ")
        return super().to_python(text)


#: What may stand beside any evidence: a word, a photograph.
BESIDES = ("note", "photo")
_PICTURES = "image/jpeg,image/png,image/webp"


class EvidenceForm(forms.Form):
    """One field for each fact that the rule asks for, and two that are welcome with any: a note, a photograph.

    `pack` brings its own facts besides the common ones.
    """

    use_required_attribute = True

    def __init__(self, wanted: Iterable[str], pack: Pack | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known: Mapping[str, Fact] = {**facts(), **{fact.key: fact for fact in (pack.facts if pack else ())}}
        self.wanted = tuple(wanted)
        for name in self.wanted:
            self.fields[name] = _field(name, known.get(name))
        for name in BESIDES:
            if name not in self.fields:
                self.fields[name] = _field(name, known.get(name))
                self.fields[name].required = False

    def asked(self) -> list[forms.BoundField]:
        """The fields that the rule asks for."""
        return [self[name] for name in self.wanted]

    def besides(self) -> list[forms.BoundField]:
        """Those that are welcome."""
        return [self[name] for name in BESIDES if name not in self.wanted]

    def picture(self) -> bytes | None:
        """The photograph, if one was sent."""
        file = self.cleaned_data.get("photo")
        return file.read() if file else None

    def evidence(self) -> dict[str, Any]:
        """What was entered but for the photograph, ready for `duties.complete`."""
        return {
            name: value.isoformat() if name in INSTANTS and value is not None else value
            for name, value in self.cleaned_data.items()
            if name != "photo" and (name in self.wanted or value)
        }


def _field(name: str, fact: Fact | None) -> forms.Field:
    label = said(fact.name) if fact else name
    if name == "photo":
        widget = forms.FileInput(attrs={"accept": _PICTURES, "data-photo": True})
        return forms.FileField(label=label, widget=widget, max_length=200)
    if fact is None or name in WRITTEN:
        entry = forms.Textarea(attrs={"rows": 3}) if name in _LONG else forms.TextInput()
        return forms.CharField(label=label, max_length=2000, widget=entry)
    if name in INSTANTS:
        return instant(label)
    if fact.kind == "number":
        low, high = _PLAUSIBLE.get(name, (None, None))
        unit = units().get(fact.unit or "")
        return Number(
            said(unit.name) if unit else "", label=label, min_value=low, max_value=high,
            widget=forms.TextInput(
                attrs={"inputmode": "decimal", "autocomplete": "off"}
                | ({"data-low": low, "data-high": high} if low is not None else {})
            ),
        )  # fmt: skip
    if fact.kind == "choice":
        return forms.ChoiceField(
            label=label, choices=[(key, said(text)) for key, text in fact.values.items()], widget=forms.RadioSelect
        )
    return forms.TypedChoiceField(
        label=label,
        choices=[("yes", _("yes")), ("no", _("no"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )


def instant(label: Any, *, required: bool = True, initial: Any = None) -> forms.DateTimeField:
    """A date with its time, in the zone of this deployment."""
    return forms.DateTimeField(
        label=label, required=required, initial=initial,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )  # fmt: skip


class ReasonForm(forms.Form):
    """Why: one sentence that stays on record."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), min_length=2, max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One sentence; it stays on record."),
    )  # fmt: skip
