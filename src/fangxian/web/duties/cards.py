"""A step as it is shown: who, by when, under which clause, and what can be done about it here."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fangxian.cases import queries as cases
from fangxian.core import clock, journal
from fangxian.core.access import Actor
from fangxian.duties import packs, planning, queries, subjects
from fangxian.protocols import Cited, DutyRule, Text
from fangxian.protocols.vocabulary import terms
from fangxian.registry import queries as registry
from fangxian.tracing import queries as tracing
from fangxian.tracing.queries import Reaching
from fangxian.tracing.subject import KIND as CONTACT
from fangxian.web.duties.evidence import EvidenceForm
from fangxian.web.saying import language, said


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a step is due when it is: the clock in words, where that comes from, how far it was checked."""

    when: str
    explanation: str
    clause: str
    pack: str


@dataclass(slots=True)
class StepCard:
    """A step with everything that its card shows. `form` holds what was typed where a try failed."""

    step: Any
    title: str
    duty: str
    who: str
    code: str
    url: str
    place: str
    holder: str
    ground: Ground
    form: EvidenceForm
    by: Actor
    door: str = ""
    tried: Reaching | None = None
    refusal: Any = None
    fold: str = ""

    @property
    def on_its_page(self) -> bool:
        """Done on the page of its subject: a review is a decision about a case, not a tick."""
        return subjects.reserved_for(self.step.kind) is not None

    @property
    def may_do(self) -> bool:
        """Whether the reader may settle the step."""
        return self._may("duties.do")

    @property
    def may_waive(self) -> bool:
        """Whether the reader may settle it without doing it."""
        return not self.on_its_page and self._may("duties.waive")

    @property
    def may_hand_over(self) -> bool:
        """Whether the reader may give it to another post."""
        return self._may("duties.hand_over")

    @property
    def about_contact(self) -> bool:
        """Somebody is to be reached, and may not be."""
        return bool(self.step.duty.subject_kind == CONTACT)

    @property
    def settled_evidence(self) -> Sequence[tuple[str, str]]:
        """What was entered when it was done but for the photograph: name and value, in words."""
        return [
            (str(self.form.fields[name].label if name in self.form.fields else name), in_words(self.form, name, value))
            for name, value in (self.step.evidence or {}).items()
            if name != "photo"
        ]

    @property
    def photo(self) -> str:
        """The code of the photograph among the evidence, if there is one."""
        return str((self.step.evidence or {}).get("photo", ""))

    @property
    def typed(self) -> Sequence[tuple[str, str]]:
        """What the reader had entered, in words, where somebody else was quicker."""
        if not self.form.is_bound:
            return []
        return [
            (str(one.label), in_words(self.form, one.name, one.value()))
            for one in self.form
            if one.name != "photo" and one.value()
        ]

    def _may(self, right: str) -> bool:
        step, by = self.step, self.by
        own = right == "duties.do" and by.account_id is not None and step.account_id == by.account_id
        return bool(step.state == "open" and (own or by.may(right, step.area, step.organisation_id)))


def cards(by: Actor, steps: Iterable[Any]) -> list[StepCard]:
    """Cards for many steps: two queries for each kind of subject, one for the places."""
    steps = list(steps)
    wanted: dict[str, set[int]] = defaultdict(set)
    for step in steps:
        wanted[step.duty.subject_kind].add(step.duty.subject_id)
    described = {kind: subjects.describe(kind, ids) for kind, ids in wanted.items()}
    places = registry.short_area_names({step.area for step in steps})
    tried = tracing.of_contacts(wanted[CONTACT]) if CONTACT in wanted else {}
    found = [_card(by, step, described[step.duty.subject_kind], places[step.area]) for step in steps]
    for one in found:
        one.tried = tried.get(one.step.duty.subject_id) if one.about_contact else None
    return found


#: Roles whose steps are done where the person is; others work from a desk.
_AT_DOORS = frozenset({"grid_worker", "site_nurse", "sampler", "vaccinator", "school_doctor"})


@dataclass(frozen=True, slots=True)
class Visit:
    """What can be done at one door at one go: the cards, the latest first, and how many people they are about."""

    cards: tuple[StepCard, ...]
    people: int


def visits(cards: Sequence[StepCard]) -> list[Visit]:
    """The cards by door, in the order of what is latest at each. What is due after today waits for a visit of its own."""
    tonight = clock.local_midnight(clock.today() + clock.DAY)
    together: dict[str, list[StepCard]] = {}
    for one in cards:
        today = one.step.due_at is not None and one.step.due_at <= tonight
        at_door = one.door and today and one.step.role in _AT_DOORS
        group = together.setdefault(one.door if at_door else f"s{one.step.pk}", [])
        if any(before.code == one.code for before in group):
            one.tried = None  # said once for each person
        group.append(one)
    return [Visit(tuple(found), len({one.code for one in found})) for found in together.values()]


def card(by: Actor, step: Any) -> StepCard:
    """One card."""
    return cards(by, [step])[0]


def _card(by: Actor, step: Any, described: Mapping[int, subjects.Described], place: str) -> StepCard:
    rule = queries.rule(step.duty)
    about = described.get(step.duty.subject_id)
    return StepCard(
        step=step,
        title=said(planning.title(rule, step.key)),
        duty=said(rule.name),
        who=about.title if about else said(terms("subjects").get(step.duty.subject_kind)),
        code=about.code if about else "",
        url=about.url if about and subjects.may_open(by, step.duty.subject_kind) else "",
        door=about.door if about else "",
        place=place,
        holder=step.account.name if step.account else said(step.organisation),
        ground=ground(rule, step.key, step.duty.pack),
        form=form(step, rule),
        by=by,
    )


def form(step: Any, rule: DutyRule, *args: Any) -> EvidenceForm:
    """The evidence that the step asks for, as a form of its own on the page."""
    wanted = planning.evidence_wanted(rule, step.key)
    return EvidenceForm(wanted, packs.by_reference(step.duty.pack), *args, prefix=f"s{step.pk}")


def ground(rule: DutyRule, key: str, pack: str) -> Ground:
    """Why the step is due when it is."""
    when, cited = _clock(rule, key)
    explanation = cited.explain(language()) if cited else ""
    return Ground(said(when), explanation, (cited.clause or "") if cited and cited.published else "", pack)


def _clock(rule: DutyRule, key: str) -> tuple[Text | None, Cited | None]:
    if key == planning.RELEASE:
        release = rule.release
        if release is None or release.after is None:
            return None, release.cite if release else None
        return rule.say(release.after), release.after.offset
    step = rule.step(key)
    if step.due is not None:
        return rule.say(step.due), step.citation
    if step.on_days is not None:
        stage = next((stage.name for stage in rule.stages if stage.key == step.stage), None)
        days = step.on_days.text
        return (stage.joined(days, " ") if stage else days), step.citation
    return None, step.citation


def owed(by: Actor, kind: str, subject_id: int) -> list[dict[str, Any]]:
    """The duties about a subject, each with its steps as lines: title, ground, holder. For whoever may see the subject."""
    found = []
    duties = queries.of_subject(kind, subject_id)
    opened = journal.numbers("duty", [duty.pk for duty in duties], "duty.opened")
    for duty in duties:
        rule = queries.rule(duty)
        steps = sorted(duty.steps.all(), key=lambda step: (step.number, step.attempt))
        lines = [
            {
                "step": step,
                "title": said(planning.title(rule, step.key)),
                "ground": ground(rule, step.key, duty.pack),
                "holder": step.account.name if step.account else said(step.organisation),
                "open": queries.may_see(by, step),
            }
            for step in steps
        ]
        outcome = said(terms("outcomes").get(duty.outcome, duty.outcome))
        found.append(
            {"duty": duty, "name": said(rule.name), "lines": lines, "outcome": outcome, "entry": opened.get(duty.pk)}
        )
    return found


def review_clock(step: Any, rule: DutyRule, pack: str) -> dict[str, Any]:
    """The clock of the review step whose turn it is: due when, and why."""
    return {"step": step, "title": said(planning.title(rule, step.key)), "ground": ground(rule, step.key, pack)}


def kind_names(by: Actor) -> Callable[[str], str]:
    """What kinds of duty are called: by the packs of the outbreaks in progress, then by the others in force. One query."""
    used = [packs.pack(one.pack, one.area) for one in cases.outbreaks(by, open_only=True)]
    known = {key: rule.name for pack in reversed([*used, *packs.in_force()]) for key, rule in pack.duties.items()}
    return lambda kind: said(known.get(kind, kind))


def in_words(form: EvidenceForm, name: str, value: Any) -> str:
    """A piece of evidence as people read it."""
    field: Any = form.fields.get(name)
    if value is True or value is False:
        value = "yes" if value else "no"
    for key, label in getattr(field, "choices", ()):
        if key == value:
            return str(label)
    unit = getattr(field, "unit", "")
    return f"{value} {unit}".strip()
