"""The forms about a contact."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.web.cases.reporting import ReportForm
from fangxian.web.saying import HELD, said


class HoldForm(forms.Form):
    """Where the person is held, and by whom."""

    where = forms.ChoiceField(label=gettext_lazy("Held"), choices=list(HELD.items()), widget=forms.RadioSelect)
    organisation = forms.TypedChoiceField(
        label=gettext_lazy("By"), required=False, coerce=int, empty_value=None,
        help_text=gettext_lazy("An isolation site or hospital: its staff then see this contact."),
    )  # fmt: skip

    def __init__(self, area: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        city = levels.at_level(area, "city")
        bodies = [*registry.organisations(city, kind="isolation_site"), *registry.organisations(city, kind="hospital")]
        self.fields["organisation"].choices = [  # type: ignore[attr-defined]
            ("", gettext_lazy("nobody in particular")), *((one.pk, said(one)) for one in bodies)
        ]  # fmt: skip


class BecomeCaseForm(ReportForm):
    """A report card of which who, where and in which outbreak are known already."""

    ILLNESS = ("onset_on", "diagnosed_at", "sampled_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name", "area", "outbreak"):
            self.fields[name].required = False
