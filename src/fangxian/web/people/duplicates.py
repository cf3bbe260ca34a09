"""Records that may be one person's: the queue, two side by side with what differs and why, merged, told apart, parted again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.analytics import linkage
from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import actions, queries, searching, vocabulary
from fangxian.registry.actions.matches import TAKEN
from fangxian.registry.schemas import Card, Pair
from fangxian.tracing import queries as tracing
from fangxian.web import saying
from fangxian.web.parts import actor_of, fragment
from fangxian.web.saying import said

PAGE = 30
#: Days of which everybody entered is compared when somebody asks.
LATELY = 7
#: Bits of evidence → how strongly a field speaks.
_STRONG, _CLEAR = 6.0, 2.0
FIELDS = {
    "document": gettext_lazy("Documents"),
    "name": gettext_lazy("Name"),
    "born": gettext_lazy("Date of birth"),
    "sex": gettext_lazy("Sex"),
    "phone": gettext_lazy("Telephone"),
    "residence": gettext_lazy("Residence"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A field of the two records side by side. `take` is the name under which the right-hand value can be chosen, if it can."""

    name: Any
    left: str
    right: str
    take: str

    @property
    def differs(self) -> bool:
        return self.left != self.right


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the pair was proposed: a field, what it says, and how strongly."""

    field: Any
    words: str
    strength: str
    tone: str
    bits: float


class DecideForm(forms.Form):
    """What a person decides about a pair."""

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[("same", gettext_lazy("one person")), ("different", gettext_lazy("two people"))],
        widget=forms.RadioSelect,
    )
    kept = forms.CharField(required=False)
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=300)


@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """Look for duplicates among those entered lately; the worker does it."""
    searching.start(actor_of(request), timedelta(days=LATELY))
    return redirect("web:duplicates")


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Pairs that wait for a decision, the likeliest first; or those merged, the latest first."""
    by = actor_of(request)
    by.must("persons.match")
    merged = request.GET.get("show") == "merged"
    after = _after(request.GET.get("after", ""))
    pairs = queries.decided_matches(by) if merged else queries.waiting_matches(by, after=after, limit=PAGE)
    last = pairs[-1] if len(pairs) == PAGE and not merged else None
    context = {
        "pairs": [(pair, _strongest(pair)) for pair in pairs],
        "merged": merged,
        "search": searching.latest(by),
        "days": LATELY,
        "after": f"{last.probability!r}_{last.id}" if last else "",
    }
    return render(
        request, "web/people/pairs.html" if fragment(request, "more") else "web/people/duplicates.html", context
    )


@require_http_methods(["GET", "POST"])
def pair(request: HttpRequest, match: int) -> HttpResponse:
    """Two records side by side; POST decides. What stands against a merge is said with what to do about it."""
    by = actor_of(request)
    found = queries.match(by, match)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            return _decide(request, by, found)
        except Refusal as fault:
            refusal = fault
    context = _context(by, found)
    context |= {"refusal": refusal, "given": request.POST}
    if refusal is not None:
        context["blocking"] = refusal.detail.get("cases", ())
    return render(request, "web/people/pair.html", context, status=refusal.status if refusal else 200)


@require_POST
def reveal(request: HttpRequest, match: int) -> HttpResponse:
    """Both records in full, for the purpose of telling them apart; on record with both."""
    by = actor_of(request)
    found = queries.match(by, match)
    reason = request.POST.get("reason", "")
    shown = [
        actions.reveal(by, card.code, ("name", "birth_date", "documents", "phones", "address"), "matching", reason)
        for card in (found.first, found.second)
    ]
    rows = [(saying.PERSONAL[name], _full(name, shown[0][name]), _full(name, shown[1][name])) for name in shown[0]]
    answer = render(request, "web/people/shown.html", {"pair": found, "rows": rows})
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def part(request: HttpRequest, match: int) -> HttpResponse:
    """Take a merge back."""
    by = actor_of(request)
    found = queries.match(by, match)
    merged = next((card for card in (found.first, found.second) if card.canonical), None)
    if merged is None:
        raise Invalid(_("The two are not merged."), remedy=_("Reload the list."))
    actions.unmerge(by, merged.code, request.POST.get("reason", ""))
    messages.success(request, _("They are two records again, each with all it had."))
    return redirect("web:person", merged.code)


def _decide(request: HttpRequest, by: Actor, found: Pair) -> HttpResponse:
    form = DecideForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Nothing was decided."), remedy=_("Choose: one person, or two people."), field="decision")
    given = form.cleaned_data
    if given["decision"] == "different":
        actions.say_different(by, found.id, given["reason"])
        messages.success(request, _("Kept as two people; they are not proposed again."))
        return redirect("web:duplicates")
    kept = given["kept"] or found.first.code
    other = found.second if kept == found.first.code else found.first
    side = "right" if other is found.second else "left"
    take = [name for name in TAKEN if request.POST.get(f"take-{name}") == side]
    person = actions.say_same(by, found.id, kept, given["reason"], take)
    messages.success(
        request, _("The two are one person now: %(code)s. This can be taken back.") % {"code": person.code}
    )
    return redirect("web:person", person.code)


def _context(by: Actor, found: Pair) -> dict[str, Any]:
    names = queries.short_area_names({found.first.area, found.second.area})
    return {
        "pair": found,
        "rows": _rows(found, names),
        "reasons": _reasons(found),
        "sides": [_side(by, card) for card in (found.first, found.second)],
        "may_reveal": all(by.may("persons.reveal", card.area) for card in (found.first, found.second)),
        "merged": next((card for card in (found.first, found.second) if card.canonical), None),
    }


def _side(by: Actor, card: Card) -> dict[str, Any]:
    """What hangs on a record, as far as the reader may see it: it all stays, and is the one person's from then on."""
    records = queries.same_person(card.id)
    return {
        "card": card,
        "cases": cases.of_people(by, records) if by.may("cases.view") else (),
        "contacts": tracing.of_people(by, records) if by.may("contacts.view") else (),
    }


def _rows(found: Pair, places: Mapping[str, str]) -> list[Row]:
    a, b = found.first, found.second

    def row(name: Any, left: Any, right: Any, take: str = "") -> Row:
        return Row(name, str(left or "–"), str(right or "–"), take if take in TAKEN and left != right else "")

    return [
        row(_("Name"), a.name, b.name, "name"),
        row(_("Sex"), saying.SEX.get(a.sex, ""), saying.SEX.get(b.sex, ""), "sex"),
        row(_("Age"), a.age, b.age, "born"),
        row(_("Nationality"), a.nationality, b.nationality, "nationality"),
        row(_("Documents"), _papers(a), _papers(b)),
        row(_("Telephone"), ", ".join(a.phones), ", ".join(b.phones)),
        row(_("Place"), places.get(a.area, a.area), places.get(b.area, b.area), "residence"),
        row(_("Address"), a.address, b.address),
        row(_("Occupation"), a.occupation, b.occupation, "occupation"),
        row(_("Household"), a.household, b.household),
        row(_("Other names"), ", ".join(a.aliases), ", ".join(b.aliases)),
    ]


def _papers(card: Card) -> str:
    return ", ".join(f"{vocabulary.name('document_kinds', kind)} {number}" for kind, number in card.documents)


def _reasons(found: Pair) -> list[Reason]:
    return [_reason(one) for one in sorted(found.evidence, key=lambda one: -abs(float(str(one["bits"]))))]


def _strongest(found: Pair) -> list[Reason]:
    return _reasons(found)[:3]


def _reason(one: Mapping[str, object]) -> Reason:
    bits = float(str(one["bits"]))
    for_it = bits >= 0
    if abs(bits) >= _STRONG:
        strength = _("speaks strongly for one person") if for_it else _("speaks strongly against it")
    elif abs(bits) >= _CLEAR:
        strength = _("speaks for one person") if for_it else _("speaks against it")
    else:
        strength = _("says little")
    tone = "calm" if abs(bits) < _CLEAR else "good" if for_it else "late"
    field = str(one["field"])
    return Reason(FIELDS.get(field, field), said(linkage.reason(field, str(one["level"]))), strength, tone, bits)


def _full(name: str, value: Any) -> str:
    if name == "documents":
        return ", ".join(f"{vocabulary.name('document_kinds', kind)} {number}" for kind, number in value) or "–"
    if name == "birth_date":
        return saying.day(value)
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    return ", ".join(str(one) for one in values if one) or "–"


def _after(text: str) -> tuple[float, int] | None:
    if not text:
        return None
    probability, _mark, pk = text.rpartition("_")
    try:
        return float(probability), int(pk)
    except ValueError:
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again.")) from None
