"""Whom the members of a positive pool met, drawn by where: ready for the one of them who may be the case, told to nobody."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.tracing import queries
from fangxian.tracing.queries.readying import HOUSEHOLD
from fangxian.web.finding.words import READINESS
from fangxian.web.parts import actor_of, section
from fangxian.web.saying import fact_value


@dataclass(frozen=True, slots=True)
class Bar:
    """A setting with how many people were met there; how wide it is drawn, in percent of the widest."""

    name: str
    people: int
    width: str


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The part of the pool's page; empty for whoever investigates none of the members."""
    by = actor_of(request)
    by.must("tracing.view")
    told = queries.ready(by, code)
    most = max((number for _setting, number in told.settings), default=1)
    context = {
        "told": told,
        "part_css": ["web/css/laboratory.css"],
        "bars": [Bar(_named(setting), number, f"{100 * number / most:.1f}") for setting, number in told.settings],
        "lines": [(one, READINESS[one.state]) for one in told.members if one.people or one.state != "ready"],
        "none": sum(not one.people and one.state == "ready" for one in told.members),
        "with_contacts": sum(one.people > 0 for one in told.members),
    }
    back = (reverse("web:sample", args=[told.pool]), told.pool)
    return section(request, "web/laboratory/ready.html", context, _("Whom they met"), back)


def _named(setting: str) -> str:
    if setting == HOUSEHOLD:
        return _("household")
    return fact_value("setting", setting) if setting else _("elsewhere")
