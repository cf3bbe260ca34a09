"""What the engine of duties is told of a report that is due and of an alert: their clock anchors, and who answers."""

from collections.abc import Iterable, Iterator, Mapping

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core.access import within
from fangxian.duties import subjects
from fangxian.duties.subjects import Described, Subject
from fangxian.surveillance.models import Alert, Report
from fangxian.surveillance.rules import PACK

REPORT, ALERT = "report", "alert"
OWED, RAISED = "report.owed", "alert.raised"
#: The duties whose steps this stage keeps to its own actions: numbers are sent, an alert is judged.
NUMBERS, VERIFICATION = "report.due", "alert.verification"
STAGE = "surveillance"
_CHUNK = 2000


def of_report(report: Report) -> Subject:
    """A report as the engine sees it: its source's organisation answers for it."""
    assert report.due_at is not None, "history is owed to nobody"
    return Subject(
        kind=REPORT, id=report.pk, area=report.source.area, pack=PACK, anchors={"report_due_at": report.due_at},
        holders={"reporter": report.source.organisation_id},
    )  # fmt: skip


def of_alert(alert: Alert) -> Subject:
    """An alert as the engine sees it."""
    return Subject(
        kind=ALERT, id=alert.pk, area=alert.area, pack=PACK,
        anchors={"received_at": alert.raised_at, "detected_at": alert.raised_at},
    )  # fmt: skip


def _reports(area: str) -> Iterator[tuple[str, Subject]]:
    """Every report that is owed, or was, within an area, some at a time."""
    last = 0
    owed = Report.objects.filter(within(area, "source__area"), due_at__isnull=False, excused="")
    while chunk := list(owed.filter(pk__gt=last).select_related("source").order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        for report in chunk:
            yield OWED, of_report(report)


def _alerts(area: str) -> Iterator[tuple[str, Subject]]:
    """Every alert that was raised within an area."""
    last = 0
    while chunk := list(Alert.objects.filter(within(area), pk__gt=last).order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        for alert in chunk:
            yield RAISED, of_alert(alert)


def _reports_described(wanted: Iterable[int]) -> Mapping[int, Described]:
    chinese = (get_language() or "zh").startswith("zh")
    rows = Report.objects.filter(pk__in=list(wanted)).values_list(
        "pk", "day", "source__code", "source__name_zh", "source__name_en"
    )
    return {
        pk: Described(f"{zh if chinese else en or zh} · {day:%m-%d}", code, f"/sources/{code}/?day={day}")
        for pk, day, code, zh, en in rows
    }


def _alerts_described(wanted: Iterable[int]) -> Mapping[int, Described]:
    rows = Alert.objects.filter(pk__in=list(wanted)).values_list("pk", "code")
    return {pk: Described(_("Alert %(code)s") % {"code": code}, code, f"/surveillance/{code}/") for pk, code in rows}


subjects.register(REPORT, provider=_reports, describer=_reports_described, right="surveillance.report")
subjects.register(ALERT, provider=_alerts, describer=_alerts_described, right="surveillance.view")
subjects.reserve(NUMBERS, STAGE)
subjects.reserve(VERIFICATION, STAGE)
