"""Seeing a person in full: for a purpose, with a reason, on record, visible to the person."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.core.access import PURPOSES, Actor, purpose_name
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import actions, vocabulary
from fangxian.registry import queries as registry
from fangxian.registry.schemas import Card
from fangxian.web.saying import PERSONAL, day

#: A person asks for their own data on their own page; finding duplicates has a page of its own.
_NOT_HERE = frozenset({"own_request", "matching"})


class RevealForm(forms.Form):
    """What for, why, and which fields: no more than are needed."""

    purpose = forms.ChoiceField(label=gettext_lazy("What for"))
    fields_wanted = forms.MultipleChoiceField(
        label=gettext_lazy("What is needed"), choices=list(PERSONAL.items()), widget=forms.CheckboxSelectMultiple,
        initial=["name", "phones"],
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Reason"), min_length=2, max_length=300,
        help_text=gettext_lazy("One sentence. It stays on record, and the person can read it."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(key, purpose_name(key)) for key in PURPOSES if key not in _NOT_HERE]
        self.fields["purpose"].choices = choices  # type: ignore[attr-defined]


def person_card(person_id: int) -> Card:
    """The masked card of somebody whose record the reader may see."""
    return registry.cards([person_id])[person_id]


def reveal(request: HttpRequest, by: Actor, card: Card, under: str, url: str) -> HttpResponse:
    """The form, or, when it holds, the fields in full. `under` is the area of the record through which the person is known."""
    form = RevealForm(request.POST or None)
    context: dict[str, Any] = {"card": card, "form": form, "url": url}
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            given = form.cleaned_data
            shown = actions.reveal(
                by, card.code, given["fields_wanted"], given["purpose"], given["reason"], under=under
            )
            context["shown"] = [(PERSONAL[name], _lines(name, value)) for name, value in shown.items()]
        except Refusal as fault:
            refusal = fault
    context["refusal"] = refusal
    part = bool(getattr(request, "htmx", False))
    answer = render(
        request, "web/components/reveal.html" if part else "web/components/reveal_page.html", context,
        status=refusal.status if refusal else 200,
    )  # fmt: skip
    answer["Cache-Control"] = "no-store"
    return answer


def _lines(name: str, value: Any) -> list[str]:
    if name == "documents":
        return [f"{vocabulary.name('document_kinds', kind)} {number}" for kind, number in value] or [
            _("none on record")
        ]
    if name == "birth_date":
        return [day(value)]
    return [str(one) for one in (value if isinstance(value, list) else [value]) if one] or [_("none on record")]
