"""Rosters of high-risk posts: all of them, one employer's, who is due, who is late; and people put on one, typed or by the file."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.laboratory.screening import actions, finding, queries, roster_file
from fangxian.laboratory.screening.schemas import STATES, Enrolled, WorkerForm
from fangxian.registry import queries as registry
from fangxian.registry.schemas import PersonForm
from fangxian.web.parts import Cursor, actor_of, fragment, number_of
from fangxian.web.saying import said

PAGE = 40
MOST_BYTES = 5 * 1024 * 1024
#: Refused rows that are shown.
_SHOWN = 100
_TABS = {
    "due": gettext_lazy("Due"), "late": gettext_lazy("Late"), "people": gettext_lazy("Everybody"), "loop": gettext_lazy("In the loop"),
    "watch": gettext_lazy("Under watch"),
}  # fmt: skip


class OpenForm(forms.Form):
    """A new roster: which employer, which kind of post."""

    organisation = forms.TypedChoiceField(label=gettext_lazy("Employer"), coerce=int)
    post = forms.ChoiceField(label=gettext_lazy("Kind of post"))

    def __init__(self, by: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = next(iter(by.areas(finding.KEEP)), "")
        bodies = [one for one in registry.organisations(area, limit=500) if one.kind != "headquarters"]
        offered = {
            "organisation": [(one.pk, said(one)) for one in bodies],
            "post": [(one.key, said(one.name)) for one in finding.posts(area)[1]],
        }
        for name, choices in offered.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Who is late first, then every roster; whoever has only one is led there."""
    by = actor_of(request)
    by.must(finding.VIEW)
    opens = any(not grant.organisation_id and grant.allows(finding.KEEP) for grant in by.grants)
    form, refusal = OpenForm(by, request.POST or None) if opens else None, None
    if request.method == "POST":
        try:
            if form is None or not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            return redirect("web:screening_roster", actions.open_roster(by, **form.cleaned_data).pk)
        except Refusal as fault:
            refusal = fault
    rows = queries.rosters(by, after=number_of(request.GET.get("after", "")) or 0, limit=PAGE + 1)
    if form is None and len(rows) == 1 and not request.GET:
        return redirect("web:screening_roster", rows[0].id)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    context: dict[str, Any] = {"rosters": rows, "after": rows[-1].id if more else ""}
    if fragment(request, "more"):
        return render(request, "web/screening/rosters.html", context)
    context |= {"numbers": queries.numbers(by), "form": form, "refusal": refusal, "posts": finding.posts("")[1]}
    return render(request, "web/screening/index.html", context, status=refusal.status if refusal else 200)


@require_GET
def late(request: HttpRequest) -> HttpResponse:
    """Everybody who is late, whoever employs them, the longest first."""
    by = actor_of(request)
    by.must(finding.VIEW)
    found = queries.turns(by, "late", after=_after(request), limit=PAGE + 1)
    context = _turns(found) | {"here": "late", "with_employer": True, "query": "", "path": request.path}
    return render(request, f"web/screening/{'lines' if fragment(request, 'more') else 'late'}.html", context)


@require_GET
def roster(request: HttpRequest, roster: int) -> HttpResponse:
    """An employer's page: what its people owe now."""
    return _page(request, roster)


@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest, roster: int) -> HttpResponse:
    """People go onto the roster: one who is typed, or a file of them. Whoever comes back to the address finds the roster."""
    if request.method == "GET":
        return redirect("web:screening_roster", roster)
    by = actor_of(request)
    by.must(finding.KEEP)
    try:
        if request.FILES.get("file"):
            return _page(request, roster, told=_file(by, request, roster))
        done = actions.enrol(by, roster, [_typed(request)])
        if done.refused:
            raise done.refused[0][1]
    except Refusal as refusal:
        return _page(request, roster, refusal=refusal)
    messages.success(request, _("On the roster.") if done.taken else _("They stood on the roster already."))
    return redirect("web:screening_roster", roster)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _page(
    request: HttpRequest, roster: int, *, refusal: Refusal | None = None, told: dict[str, Any] | None = None
) -> HttpResponse:
    by, here = actor_of(request), request.GET.get("tab", "due")
    by.must(finding.VIEW)
    if here not in _TABS:
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again."))
    if here in ("due", "late"):
        context = _turns(queries.turns(by, here, roster=roster, after=_after(request), limit=PAGE + 1))
    else:
        found = queries.workers(
            by, roster=roster, state="" if here == "people" else here,
            after=number_of(request.GET.get("after", "")) or 0, limit=PAGE + 1,
        )  # fmt: skip
        context = {"workers": found[:PAGE], "after": found[PAGE - 1].id if len(found) > PAGE else ""}
    context |= {
        "here": here,
        "query": f"tab={here}",
        "states": STATES,
        "path": reverse("web:screening_roster", args=[roster]),
    }
    if fragment(request, "more"):
        return render(request, "web/screening/lines.html", context)
    one = queries.roster(by, roster)
    context |= {
        "roster": one, "tabs": _TABS, "refusal": refusal, "posted": request.POST if refusal else {},
        "keeps": by.may(finding.KEEP, one.area, one.organisation_id), "all": by.may(finding.VIEW, one.area), **(told or {}),
    }  # fmt: skip
    return render(request, "web/screening/roster.html", context, status=refusal.status if refusal else 200)


def _turns(found: list[Any]) -> dict[str, Any]:
    rows = found[:PAGE]
    more = len(found) > PAGE
    return {"rows": rows, "after": Cursor.write(rows[-1].due_at, rows[-1].id) if more else "", "now": clock.now()}


def _after(request: HttpRequest) -> tuple[datetime, int] | None:
    found = Cursor.read(request.GET.get("after", ""))
    return (found[0], found[1]) if found and found[0] else None


def _typed(request: HttpRequest) -> WorkerForm:
    def text(name: str) -> str:
        return request.POST.get(name, "").strip()

    if not text("name"):
        return WorkerForm(person=text("document"), number=text("number"), job=text("job"))
    if not text("document"):
        raise Invalid(
            _("There is no identity number."),
            remedy=_("Without it swabs cannot be put to the person."),
            field="document",
        )
    phones = (text("phone"),) if text("phone") else ()
    person = PersonForm(name=text("name"), documents=(("", text("document")),), phones=phones)
    return WorkerForm(person=person, number=text("number"), job=text("job"))


def _file(by: Actor, request: HttpRequest, roster: int) -> dict[str, Any]:
    """Put the people of a file on the roster; those rows that do not hold are named, with their column, and stop nobody else."""
    file = request.FILES["file"]
    assert isinstance(file, UploadedFile)
    if not file.size:
        raise Invalid(_("There is no file."), remedy=_("Choose one."), field="file")
    if file.size > MOST_BYTES:
        raise Invalid(_("This file is larger than 5 MB."), remedy=_("Send it in parts."), field="file")
    left: list[tuple[int, str, Refusal]] = []
    with tempfile.TemporaryDirectory(prefix="fangxian-roster-") as folder:
        path = Path(folder) / "roster"
        path.write_bytes(b"".join(file.chunks()))
        sheet = roster_file.read(path, file.name or "")
        good: list[tuple[int, WorkerForm]] = []
        for line in sheet.lines:
            if line.form is not None:
                good.append((line.row, line.form))
            elif line.refusal is not None:
                left.append((line.row, sheet.column(line.refusal), line.refusal))
    done = actions.enrol(by, roster, [form for _row, form in good]) if good else Enrolled((), 0, ())
    left += [(good[place][0], sheet.column(refusal), refusal) for place, refusal in done.refused]
    left.sort(key=lambda one: one[0])
    return {"done": done, "left": left[:_SHOWN], "left_number": len(left), "sheet": sheet}
