"""The forms about cases: filter, bulk edit, corrections."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from fangxian.cases.schemas import ORIGINS, OUTCOMES, SEVERITIES, Filter
from fangxian.registry.queries import organisations
from fangxian.web.duties.evidence import instant
from fangxian.web.saying import CLASSES, ORIGIN, OUTCOME, REVIEW, SEVERITY, said

ANY: tuple[str, Any] = ("", gettext_lazy("any"))


def chosen(table: dict[str, Any], keys: Any, empty: Any = ANY) -> list[tuple[str, Any]]:
    """Choices of these keys, with an empty one before them."""
    return [empty, *((key, table[key]) for key in keys)]


class DayField(forms.DateField):
    """A day, picked or typed."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    """What the line list is narrowed by; each field is one of `Filter`."""

    text = forms.CharField(
        label=gettext_lazy("Code, number or name"), required=False, max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"), required=False)
    area = forms.ChoiceField(label=gettext_lazy("Place"), required=False)
    classification = forms.ChoiceField(label=gettext_lazy("Class"), required=False, choices=chosen(CLASSES, CLASSES))
    reviewed = forms.ChoiceField(label=gettext_lazy("Review"), required=False, choices=chosen(REVIEW, REVIEW))
    origin = forms.ChoiceField(label=gettext_lazy("Origin"), required=False, choices=chosen(ORIGIN, ORIGINS))
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), required=False, choices=chosen(SEVERITY, SEVERITIES))
    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), required=False, choices=chosen(OUTCOME, OUTCOME))
    onset_from = DayField(label=gettext_lazy("Onset from"), required=False)
    onset_to = DayField(label=gettext_lazy("Onset to"), required=False)
    reported_from = DayField(label=gettext_lazy("Reported from"), required=False)
    reported_to = DayField(label=gettext_lazy("Reported to"), required=False)
    late = forms.BooleanField(label=gettext_lazy("Review is late"), required=False)

    FIRST = ("text", "outbreak", "classification", "reviewed")

    def __init__(self, outbreaks: Any, areas: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outbreak"].choices = [ANY, *((one.code, one.name) for one in outbreaks)]  # type: ignore[attr-defined]
        self.fields["area"].choices = [ANY, *((one.code, one.name) for one in areas)]  # type: ignore[attr-defined]

    @property
    def first(self) -> list[forms.BoundField]:
        """The fields that are always shown."""
        return [self[name] for name in self.FIRST]

    @property
    def others(self) -> list[forms.BoundField]:
        """Those behind “more”, but for the tick."""
        return [self[name] for name in self.fields if name not in (*self.FIRST, "late")]

    @property
    def folded_out(self) -> bool:
        """Whether one of the others is in use."""
        return any(self.cleaned_data.get(name) for name in self.fields if name not in self.FIRST)

    def filter(self) -> Filter:
        """The filter; a field that does not hold does not narrow."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if word := given.pop("classification", ""):
            given["classification"] = (word,)
        return Filter(**given)


class BulkForm(forms.Form):
    """One field of many cases at once."""

    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        required=False,
        choices=chosen(SEVERITY, SEVERITIES, ("", gettext_lazy("leave as it is"))),
    )
    origin = forms.ChoiceField(
        label=gettext_lazy("Origin"),
        required=False,
        choices=chosen(ORIGIN, ORIGINS, ("", gettext_lazy("leave as it is"))),
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        required=False,
        choices=chosen(OUTCOME, OUTCOMES, ("", gettext_lazy("leave as it is"))),
    )
    outcome_on = DayField(label=gettext_lazy("Date of outcome"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=300,
        help_text=gettext_lazy("One sentence; it stays on record with each case."),
        widget=forms.TextInput(attrs={"data_wide": True}),
    )  # fmt: skip

    @property
    def values(self) -> list[forms.BoundField]:
        """The fields but for the reason."""
        return [self[name] for name in self.fields if name != "reason"]

    def changes(self) -> dict[str, Any]:
        """What was chosen."""
        given = {name: self.cleaned_data[name] for name in self.fields if name != "reason"}
        return {name: value for name, value in given.items() if value not in ("", None)}


class CaseEditForm(forms.Form):
    """What a correction may touch. Each field carries along what it was when the page was read, so that only what was
    changed here is sent, and what others changed meanwhile is not overwritten unawares."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    classification = forms.ChoiceField(label=gettext_lazy("Class"))
    origin = forms.ChoiceField(label=gettext_lazy("Origin"), choices=[(key, ORIGIN[key]) for key in ORIGINS])
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        required=False,
        choices=chosen(SEVERITY, SEVERITIES, ("", gettext_lazy("not known"))),
    )
    onset_on = DayField(label=gettext_lazy("Onset"), required=False)
    sampled_at = instant(gettext_lazy("Sampled"), required=False)
    diagnosed_at = instant(gettext_lazy("Diagnosed"), required=False)
    isolated_at = instant(gettext_lazy("Isolated"), required=False)
    last_negative_at = instant(gettext_lazy("Last negative test"), required=False)
    hospital = forms.TypedChoiceField(label=gettext_lazy("Hospital"), required=False, coerce=int, empty_value=None)
    admitted_at = instant(gettext_lazy("Admitted"), required=False)
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), required=False, choices=chosen(OUTCOME, OUTCOMES, ("", OUTCOME["in_care"]))
    )
    outcome_on = DayField(label=gettext_lazy("Date of outcome"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3, "data_wide": True}),
    )

    reason = forms.CharField(
        label=gettext_lazy("Reason of the correction"), min_length=2, max_length=300,
        help_text=gettext_lazy("One sentence; it stays on record."),
        widget=forms.TextInput(attrs={"data_wide": True}),
    )  # fmt: skip

    def __init__(self, classes: Any, *args: Any, returned: bool = False, **kwargs: Any) -> None:
        """`returned`: handed in again after a return, whose reason is on record already."""
        super().__init__(*args, **kwargs)
        if returned:
            del self.fields["reason"]
        for name, field in self.fields.items():
            field.show_hidden_initial = name not in ("version", "reason")
        self.fields["classification"].choices = classes  # type: ignore[attr-defined]
        hospitals = [(one.pk, said(one)) for one in organisations(kind="hospital")]
        self.fields["hospital"].choices = [("", gettext_lazy("none")), *hospitals]  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        """The fields that were changed on this page."""
        return {
            name: self.cleaned_data[name]
            for name in self.changed_data
            if name in self.cleaned_data and name not in ("version", "reason")
        }
