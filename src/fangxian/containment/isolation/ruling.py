"""What the pack of somebody's outbreak says of isolation, and when by it they are to be let go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian import protocols
from fangxian.core import clock
from fangxian.core.errors import Conflict
from fangxian.duties import packs, planning
from fangxian.duties import queries as duties
from fangxian.protocols import DutyRule, IsolationRules, Text

CENTRAL, AT_HOME = "central", "home"


def of(pack: str, area: str = "") -> IsolationRules:
    """The rules on isolation sites of a pack as it holds in a place. Raises Conflict where it has none."""
    found = packs.pack(pack, area)
    if found.isolation is None:
        raise Conflict(
            _("The protocol %(pack)s says nothing of isolation sites.") % {"pack": found.id},
            remedy=_("Add a part “isolation” to the protocol by an overlay, with the classes of people."),
            code="no_isolation_rules",
        )
    return found.isolation


def basis(pack: str, area: str = "") -> str:
    """What a line of the journal names as its ground."""
    return packs.reference(packs.pack(pack, area))


def class_name(pack: str, key: str, area: str = "") -> Text:
    """A class of people by name."""
    rules = packs.pack(pack, area).isolation
    found = rules.of(key) if rules else None
    return found.name if found else Text(key, key)


@dataclass(frozen=True, slots=True)
class Stay:
    """What the rule says of one person's isolation now.

    `site_until` and `home_until`: the ends of the day counts (None: not known, or no such part). `missing` is what else the rule
    asks for before the person may leave the site, `missing_home` before the watch ends. `released`: the engine has released them.
    `exposed_at` is the last exposure that the days are counted from.
    """

    site_until: datetime | None = None
    home_until: datetime | None = None
    missing: tuple[Text, ...] = ()
    missing_home: tuple[Text, ...] = ()
    goes_home: bool = False
    released: bool = False
    exposed_at: datetime | None = None


def stay(kind: str, subject_id: int) -> Stay:
    """What the rule says of this subject; two queries."""
    return stay_of(duties.of_subject(kind, subject_id), kind, subject_id)


def stay_of(owed: Sequence[Any], kind: str, subject_id: int) -> Stay:
    """The same from the duties at hand, the latest first of those that end in a release."""
    for duty in sorted(owed, key=lambda one: (one.state != one.OPEN, -one.pk)):
        rule = duties.rule(duty)
        if rule.release is None or not rule.stages:
            continue
        steps = list(duty.steps.all())
        if duty.state != duty.OPEN:
            return Stay(released=duty.outcome == rule.outcomes[0])
        zone, anchors, done = clock.zone(), planning.anchors_in(duty), planning.done_map(steps)
        spans, _known = rule.timetable.spans(rule.timetable.clock(anchors, done), zone)
        end = protocols.release_time(rule, anchors, done=done, tz=zone)
        facts = [one for one in planning.facts(steps) if one.key != planning.RELEASE]
        if CENTRAL not in spans:
            first = next(iter(spans.values()))
            verdict = planning.verdict(rule, duty, steps, {})
            lacking = tuple(verdict.missing) if verdict else ()
            return Stay(end or first.ends, end or first.ends, lacking, lacking)
        verdict = planning.verdict(rule, duty, steps, {})
        return Stay(
            spans[CENTRAL].ends, end, tuple(_missing(rule, facts)), tuple(verdict.missing) if verdict else (),
            goes_home=AT_HOME in spans, exposed_at=anchors.get("last_exposure_at"),
        )  # fmt: skip
    return Stay()


def grounds(owed: Sequence[Any]) -> tuple[tuple[Text, Text], ...]:
    """Why it lasts as long as it does: each part of the isolation, and how long it is by which clause. From the duties at hand."""
    for duty in sorted(owed, key=lambda one: (one.state != one.OPEN, -one.pk)):
        rule = duties.rule(duty)
        if rule.release is not None and rule.stages:
            lengths = [(stage.name, stage.length) for stage in rule.stages if stage.length is not None]
            return tuple((name, Text(length.explain("zh"), length.explain("en"))) for name, length in lengths)
    return ()


def _missing(rule: DutyRule, facts: Iterable[Any]) -> Iterable[Text]:
    """The steps of the time on the site whose evidence the release needs and does not have."""
    assert rule.release is not None
    wanted = [need for need in rule.release.needs if need.of is None]
    for fact in facts:
        step = rule.step(fact.key)
        needs = [need for need in wanted if step.key == need.steps or step.key.startswith(need.steps + ".")]
        if step.stage != CENTRAL or not needs or fact.state == "void":
            continue
        title = planning.title(rule, fact.key)
        if fact.state not in ("done", "waived"):
            yield title
        elif fact.state == "done" and any(need.where.judge(fact.evidence) is False for need in needs):
            yield Text(f"{title.zh}未通过", f"{title.en}: not as required")
