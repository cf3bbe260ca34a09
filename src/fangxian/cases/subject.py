"""What the engine of duties is told of a case: its facts, its clock anchors, and the moments that it has passed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from fangxian.cases.judgement import known_facts
from fangxian.cases.models import Case, Judgement
from fangxian.core import clock
from fangxian.core.access import within
from fangxian.duties import packs, subjects
from fangxian.duties.subjects import Described, Subject
from fangxian.registry import queries as registry

KIND = "case"
#: The duty of direct report and three-level review (直报、三级审核): its first step is the card.
REVIEW = "case.review"
#: The name under which this stage keeps reviews to its own actions.
STAGE = "cases"
_CHUNK = 2000


def anchors_of(case: Case) -> dict[str, datetime]:
    """The clock anchors of a case that are known. Of a day without a time it is noon, which no zone puts on another day."""
    anchors = {name: datetime.fromisoformat(value) for name, value in case.dates.items()}
    if case.onset_on is not None:
        anchors["onset_at"] = clock.local_noon(case.onset_on)
    for name in ("sampled_at", "diagnosed_at", "reported_at", "isolated_at", "last_negative_at"):
        if (value := getattr(case, name)) is not None:
            anchors[name] = value
    anchors["identified_at"] = case.diagnosed_at or case.reported_at
    return anchors


def subject_of(case: Case) -> Subject:
    """A case as the engine sees it. The clinic's part of the review is the reporter's; the card came with the report."""
    holders = {"clinic": case.organisation_id}
    if case.hospital_id is not None:
        holders["hospital"] = case.hospital_id
    return Subject(
        kind=KIND,
        id=case.pk,
        area=case.area,
        pack=case.pack,
        facts=known_facts(case),
        anchors=anchors_of(case),
        holders=holders,
        done=dict.fromkeys(card_steps(case.pack, case.area), case.reported_at),
    )


def card_steps(pack: str, area: str) -> list[str]:
    """The steps of the review that the report itself does: those of the reporting clinic."""
    rule = packs.pack(pack, area).duties.get(REVIEW)
    return [step.key for step in rule.steps if step.role == "clinic"] if rule else []


def moments_of(case: Case, judged: Iterable[str]) -> list[str]:
    """The moments of the protocol vocabulary that a case has passed. `judged`: everything it was ever held to be."""
    moments = ["case.reported"]
    if case.diagnosed_at is not None:
        moments.append("case.diagnosed")
    moments += [f"case.{one}" for one in dict.fromkeys(judged) if one != Case.DISCARDED]
    if case.isolated_at is not None:
        moments.append("case.isolated")
    if case.outcome == "recovered":
        moments.append("case.discharged")
    return moments


def everything(area: str) -> Iterator[tuple[str, Subject]]:
    """All moments of all cases within an area. A discarded case is owed nothing any more."""
    cases = Case.objects.filter(within(area)).exclude(classification=Case.DISCARDED).order_by("pk")
    last = 0
    while chunk := list(cases.filter(pk__gt=last)[:_CHUNK]):
        last = chunk[-1].pk
        history = judged_of([case.pk for case in chunk])
        for case in chunk:
            subject = subject_of(case)
            for moment in moments_of(case, history[case.pk]):
                yield moment, subject


def judged_of(ids: Sequence[int]) -> Mapping[int, list[str]]:
    """Everything that cases were ever held to be, oldest first."""
    history: dict[int, list[str]] = defaultdict(list)
    rows = Judgement.objects.filter(case_id__in=ids).order_by("pk").values_list("case_id", "classification")
    for case_id, classification in rows:
        history[case_id].append(classification)
    return history


def described(ids: Iterable[int]) -> Mapping[int, Described]:
    rows = list(Case.objects.filter(pk__in=list(ids)).values_list("pk", "code", "person_id"))
    doors = registry.doors(person for _pk, _code, person in rows)
    found = {}
    for pk, code, person in rows:
        name, door = doors.get(person, ("", ""))
        found[pk] = Described(name, code, f"/cases/{code}/", door)
    return found


subjects.register(KIND, provider=everything, describer=described, right="cases.view")
subjects.reserve(REVIEW, STAGE)
