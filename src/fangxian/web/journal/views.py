"""The journal of a subject: who did what to it, when, why and under which clause; and who looked at a person."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from fangxian.cases import queries as cases
from fangxian.core import journal
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.errors import NotFound, Refusal
from fangxian.duties import queries as duties
from fangxian.registry import queries as registry
from fangxian.tracing import queries as tracing

KINDS = {
    "case": gettext_lazy("case"),
    "contact": gettext_lazy("contact"),
    "person": gettext_lazy("person"),
}


class AskForm(forms.Form):
    """Of what, and by which code."""

    kind = forms.ChoiceField(label=gettext_lazy("Of a"), choices=list(KINDS.items()), widget=forms.RadioSelect)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Lines of the journal about one subject, the newest first; a subject outside the reader's area is unknown to them."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("journal.view")
    form = AskForm(request.GET if "code" in request.GET else None, initial={"kind": "case"})
    lines: list[Any] | None = None
    refusal: Refusal | None = None
    if form.is_bound and form.is_valid():
        try:
            lines = _lines(by, form.cleaned_data["kind"], form.cleaned_data["code"])
        except Refusal as fault:
            refusal = fault
    elif seq := request.GET.get("entry", ""):
        lines = _entry(by, seq)
    context = {"form": form, "lines": lines, "refusal": refusal, "head": journal.signed_head()}
    return render(request, "web/journal/index.html", context, status=refusal.status if refusal else 200)


def _lines(by: Actor, kind: str, code: str) -> list[dict[str, Any]]:
    pk = _key(kind, code)
    entries = journal.of(kind, pk)
    if kind in ("case", "contact"):
        entries += journal.of("duty", [duty.pk for duty in duties.of_subject(kind, pk)])
    mine = [one for one in entries if by.may("journal.view", one.area)]
    if not mine:
        raise _unknown()
    return [
        {"entry": one, "told": _told(json.loads(one.data))}
        for one in sorted(mine, key=lambda one: one.seq, reverse=True)
    ]


def _entry(by: Actor, seq: str) -> list[dict[str, Any]]:
    """One line by its number, as “why?” names it. Raises NotFound, alike for one of another area."""
    one = journal.entry(int(seq)) if seq.isascii() and seq.isdecimal() and len(seq) < 18 else None
    if one is None or not by.may("journal.view", one.area):
        raise _unknown()
    return [{"entry": one, "told": _told(json.loads(one.data))}]


def _key(kind: str, code: str) -> int:
    """The key behind a code. The right is checked on each line, by its area."""
    if kind == "case":
        pk = cases.id_of(code)
    elif kind == "contact":
        pk = tracing.contact(SYSTEM, code).row.id
    else:
        found = registry.by_codes([code.strip().upper()])
        pk = next((one.id for one in found.values()), None)
    if pk is None:
        raise _unknown()
    return pk


def _told(data: dict[str, Any]) -> list[tuple[str, str]]:
    """What a line holds, flat: name and value as they were hashed."""
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in data.items()
        if value not in ("", None, [], {})
    ]


def _unknown() -> NotFound:
    return NotFound(
        _("The journal has nothing about this."), remedy=_("Check the code; its last character is a check.")
    )
