"""What the engine of duties is told of objections (异议): who owes the answer, and by when."""

from collections.abc import Iterable, Iterator, Mapping

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.containment.isolation.models import Decision
from fangxian.containment.isolation.words import DECISIONS
from fangxian.core.access import within
from fangxian.duties import subjects
from fangxian.duties.subjects import Described, Subject

KIND, RAISED = "dispute", "dispute.raised"
DUTY, ANSWER, STAGE = "isolation.dispute", "answer", "isolation"
_CHUNK = 2000


def of(found: Decision) -> Subject:
    """An objection as the engine sees it: it belongs to where the person lives."""
    assert found.disputed_at is not None, "somebody disputes it"
    row = found.placement
    return Subject(KIND, found.pk, row.area, row.pack, anchors={"disputed_at": found.disputed_at})


def _everything(area: str) -> Iterator[tuple[str, Subject]]:
    last = 0
    rows = Decision.objects.filter(within(area, "placement__area"), disputed_at__isnull=False).select_related(
        "placement"
    )
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        for found in chunk:
            yield RAISED, of(found)


def _described(wanted: Iterable[int]) -> Mapping[int, Described]:
    language = get_language() or "zh"
    rows = Decision.objects.filter(pk__in=list(wanted)).values_list("pk", "kind", "placement__code")
    return {
        pk: Described(
            _("Objection: %(what)s") % {"what": DECISIONS[kind].in_(language)}, code, f"/isolation/people/{code}/#d{pk}"
        )
        for pk, kind, code in rows
    }


subjects.register(KIND, provider=_everything, describer=_described)
subjects.reserve(DUTY, STAGE)
