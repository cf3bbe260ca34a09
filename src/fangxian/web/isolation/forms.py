"""The forms of isolation, as large as a thumb where they are filled in standing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from fangxian.containment.isolation import words
from fangxian.core import clock
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.web.duties.evidence import Number, instant
from fangxian.web.saying import said

_ANY = ("", gettext_lazy("any"))


def choices(table: Any) -> list[tuple[str, str]]:
    """A closed list as choices, in the reader's language."""
    return [(key, said(text)) for key, text in table.items()]


class CheckForm(forms.Form):
    """One look: temperature and symptoms; mood and medicine beside them."""

    use_required_attribute = True
    symptoms = forms.ChoiceField(label=gettext_lazy("Symptoms"), widget=forms.RadioSelect)
    mood = forms.ChoiceField(label=gettext_lazy("Mood"), required=False, widget=forms.RadioSelect)
    medicine = forms.ChoiceField(label=gettext_lazy("Medicine"), required=False, widget=forms.RadioSelect)
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        temperature = Number(
            "℃", label=gettext_lazy("Temperature"), min_value=30.0, max_value=45.0,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "data-low": 30, "data-high": 45}),
        )  # fmt: skip
        self.fields = {"temperature": temperature, **self.fields}
        chosen: dict[str, Any] = {
            "symptoms": [("none", gettext_lazy("none")), ("some", gettext_lazy("some"))],
            "mood": choices(words.MOODS), "medicine": choices(words.MEDICINE),
        }  # fmt: skip
        for name, options in chosen.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]

    def asked(self) -> list[forms.BoundField]:
        """What every look asks for."""
        return [self["temperature"], self["symptoms"]]

    def besides(self) -> list[forms.BoundField]:
        """What is welcome with it."""
        return [self["mood"], self["medicine"], self["note"]]


class TellForm(forms.Form):
    """Somebody who was told that they are to be isolated."""

    contact = forms.CharField(
        label=gettext_lazy("Contact"), required=False, max_length=20, help_text=gettext_lazy("The code of a contact …")
    )
    person = forms.CharField(
        label=gettext_lazy("Person from abroad"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("… or of a person on record …"),
    )
    case = forms.CharField(
        label=gettext_lazy("Case released from hospital"),
        required=False,
        max_length=20,
        help_text=gettext_lazy("… or of a case."),
    )
    cls = forms.ChoiceField(label=gettext_lazy("Class"), required=False)
    needs = forms.MultipleChoiceField(
        label=gettext_lazy("Special needs"), required=False, widget=forms.CheckboxSelectMultiple
    )
    guardian = forms.CharField(
        label=gettext_lazy("Guardian"), required=False, max_length=120,
        help_text=gettext_lazy("Of a minor: name and how they are related."),
    )  # fmt: skip

    def __init__(self, classes: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = [(key, said(name)) for key, name in classes]
        self.fields["cls"].choices = [("", gettext_lazy("by the protocol")), *given]  # type: ignore[attr-defined]
        self.fields["needs"].choices = choices(words.NEEDS)  # type: ignore[attr-defined]


class SiteEntryForm(forms.Form):
    """A new isolation site."""

    name_zh = forms.CharField(label=gettext_lazy("Name, Chinese"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name, English"), max_length=120, required=False)
    organisation = forms.TypedChoiceField(label=gettext_lazy("Run by"), coerce=int)
    area = forms.ChoiceField(label=gettext_lazy("Place"))
    address = forms.CharField(label=gettext_lazy("Address"), max_length=200, required=False)
    ready_in = forms.IntegerField(
        label=gettext_lazy("Ready in"), initial=0, min_value=0, help_text=gettext_lazy("Hours; 0: takes people in now.")
    )

    def __init__(self, areas: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]
        city = levels.at_level(areas[0][0], "city") if areas else ""
        bodies = registry.organisations(city, kind="isolation_site")
        self.fields["organisation"].choices = [(one.pk, said(one)) for one in bodies]  # type: ignore[attr-defined]


class FloorEntryForm(forms.Form):
    """A floor with its rooms."""

    building = forms.CharField(label=gettext_lazy("Building"), max_length=40)
    level = forms.IntegerField(label=gettext_lazy("Floor"), min_value=-5, max_value=120)
    zone = forms.ChoiceField(label=gettext_lazy("Zone"))
    passage = forms.CharField(
        label=gettext_lazy("Passage"),
        max_length=80,
        help_text=gettext_lazy("Staff and people in isolation never share one."),
    )
    rooms = forms.IntegerField(label=gettext_lazy("Rooms"), min_value=0, max_value=200, initial=0)
    beds = forms.IntegerField(label=gettext_lazy("Beds in each"), min_value=1, max_value=8, initial=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = choices(words.ZONES)  # type: ignore[attr-defined]


class TripEntryForm(forms.Form):
    """A new trip."""

    vehicle = forms.ChoiceField(label=gettext_lazy("Vehicle"))
    driver_name = forms.CharField(label=gettext_lazy("Driver"), max_length=80)
    site = forms.ChoiceField(label=gettext_lazy("To"))
    cls = forms.ChoiceField(label=gettext_lazy("Class"))

    def __init__(self, vehicles: Any, sites: Any, classes: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leaves_at"] = instant(
            gettext_lazy("Sets out"),
            initial=clock.now().astimezone(clock.zone()).replace(second=0, microsecond=0, tzinfo=None),
        )
        for name, given in (("vehicle", vehicles), ("site", sites), ("cls", classes)):
            self.fields[name].choices = given  # type: ignore[attr-defined]


class ExtendForm(forms.Form):
    """How long a release is put off, and why."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {"until": instant(gettext_lazy("Until")), **self.fields}


class ErrandEntryForm(forms.Form):
    """Something that is needed, and by when."""

    kind = forms.ChoiceField(label=gettext_lazy("What for"), widget=forms.RadioSelect)
    what = forms.CharField(label=gettext_lazy("What"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = choices(words.ERRANDS)  # type: ignore[attr-defined]
        self.fields["due_at"] = instant(gettext_lazy("Needed by"))
