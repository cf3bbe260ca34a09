"""From what a person asks to a question for the search: the measures on the table, limits from capacities, protocols to compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import Any

import yaml
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.analytics import deciding
from fangxian.analytics.deciding import DecidingError
from fangxian.analytics.simulation import disease, names
from fangxian.command.decisions import packs
from fangxian.command.decisions.schemas import QuestionForm
from fangxian.core.errors import Invalid
from fangxian.protocols import load
from fangxian.text import Text

#: What may be counted, as the figures of a run are called.
EFFECTS = ("infected", "deaths", "severe", "peak_in_hospital")
COSTS = ("cost", "disruption")
#: Policies tried between the values, by how fine the search is to be: from few values it gains less than more values do.
REFINED = {"coarse": 0, "usual": 48, "fine": 64}
DETAILS = ("coarse", "usual", "fine")
#: The simulation begins so many days ago, so that people are in all stages of illness today; from then to now infections grew by about so
#: much (a doubling in 5 days: an assumption, grade G).
WARM, GROWN = 7, 2.6
#: People that a city may have, and runs of a policy: beyond them nobody waits for the answer.
PEOPLE, RUNS, DAYS = (500, 1_000_000), (4, 100), (20, 365)
_BOUNDS = {
    "people": PEOPLE, "infected": (1, 100_000), "lead": (0, 60), "days": DAYS, "runs": RUNS, "harsher": (1, 3), "beds": (0, 1_000_000),
    "tests": (0, 10_000_000), "rooms": (0, 1_000_000), "investigators": (0, 100_000),
}  # fmt: skip
#: Until the measures are in force few of those who fall ill are tested.
_BEFORE = {"testing": {"symptomatic": 0.05, "until": "$detected"}}
#: What there is, as a limit on a figure, and as a capacity beyond which people wait.
_LIMITS = {"beds": "peak_in_hospital", "tests": "peak_tests", "rooms": "peak_in_quarantine"}
_CAPACITIES = {
    "beds": "hospital_beds",
    "tests": "laboratory",
    "rooms": "isolation_beds",
    "investigators": "investigators",
}
#: A strength is a number of people at most, and comes into force so many days later at most.
_MOST_STRENGTHS, _LATEST = 8, 60


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that a form offers."""

    key: str
    name: Text
    unit: Text
    rule: Mapping[str, Any]
    values: Mapping[str, tuple[float, ...]]
    hint: Text
    percent: bool = True
    never: float | None = None
    least: Mapping[str, Any] | None = None

    @property
    def kind(self) -> str:
        """The measure of the simulation that it is."""
        return next(iter(self.rule))


@cache
def measures() -> Mapping[str, Measure]:
    """Every measure that may be put on the table, in the order of the form."""
    raw = yaml.safe_load(files(__package__).joinpath("measures.yaml").read_text(encoding="utf-8"))
    return {
        key: Measure(key, **{**one, **{words: Text(**one[words]) for words in ("name", "unit", "hint")}})
        for key, one in raw.items()
    }


def diseases() -> Mapping[str, Text]:
    """The diseases that come with the product, by key."""
    return {key: disease(key).name for key in names()}


def raw_of(form: QuestionForm, parts: Mapping[str, int | None] | None = None) -> dict[str, Any]:
    """The question as `analytics.deciding` reads it; the people simulated live in the `parts` of the place (code → who lives there) as
    people do. Raises Invalid that names the field."""
    _check(form)
    chosen = [one for key, one in measures().items() if key in form.measures]
    orders = packs.of(form.pack) if form.pack else {}
    rules = [_rule(one, form, orders) for one in chosen]
    if "testing" not in form.measures and (least := measures()["testing"].least) is not None:
        rules.append(dict(least))  # somebody is tested whatever is decided: without it nobody would be found
    rules.append(_BEFORE)
    there_is = {field: most for field in _CAPACITIES if (most := getattr(form, field)) is not None}
    limits: list[dict[str, Any]] = []
    if form.queued:
        # As many as there are people is no bound.
        rules.append({"capacity": {_CAPACITIES[field]: most for field, most in there_is.items() if most < form.people}})
    else:
        limits = [{"of": of, "most": there_is[field]} for field, of in _LIMITS.items() if field in there_is]
    earlier = [day for day in (1, 3, 5, 7) if day <= WARM + form.lead]
    raw: dict[str, Any] = {
        "name": form.name, "effect": form.effect, "cost": form.cost, "harsher": form.harsher, "today": WARM,
        "detected": WARM + form.lead, "earlier": earlier,
        "runs": {"first": min(4, form.runs), "last": form.runs}, "refined": REFINED[form.detail],
        "scenario": {
            "population": {"profile": "cn", "seed": 1} | _settled(form.people, parts or {}), "disease": form.disease,
            "days": WARM + form.days, "seeds": max(1, round(form.infected / GROWN)),
            "measures": rules,
        },
        "choices": {one.key: _choice(one, form) for one in chosen},
        "limits": limits,
    }  # fmt: skip
    if form.prices:
        raw["prices"] = dict(form.prices)
    if form.beds is not None:
        raw["beds"] = form.beds
    if form.packs:
        found = {key: load(key) for key in form.packs}
        raw["compare"] = {
            key: {"name": {"zh": one.name.zh, "en": one.name.en}, "measures": packs.measures_of(one)} for key, one in found.items()
        }  # fmt: skip
    return raw


def read(raw: Any) -> deciding.Question:
    """The question, read again. Raises Invalid with the words of whatever is wrong with it."""
    try:
        return deciding.of(raw)
    except DecidingError as fault:
        raise Invalid(
            fault.text.in_(get_language() or "zh"), remedy=_("Change the question, then ask again.")
        ) from None


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _settled(people: int, parts: Mapping[str, int | None]) -> dict[str, Any]:
    """So many people over the parts of a place; where it is not known how many live in each, alike."""
    if len(parts) < 2 or people < len(parts):
        return {"people": people}
    known = all(parts.values())
    weights = [(parts[code] or 0) if known else 1 for code in parts]
    ends = [round(people * upto / sum(weights)) for upto in accumulate(weights)]
    return {"townships": {code: end - begin for code, begin, end in zip(parts, [0, *ends], ends, strict=False)}}


def _rule(one: Measure, form: QuestionForm, orders: Mapping[str, packs.Ordered]) -> dict[str, Any]:
    """A measure as a scenario writes it: as the protocol orders it, and in force when it can be."""
    values = dict(one.rule[one.kind])
    if one.key in orders:
        values |= orders[one.key].values
    if later := form.later.get(one.key):
        values["since"] = f"$detected + {later}"
    if one.key == "rounds" and form.queued and form.tests:
        values["capacity"] = min(form.tests * values.get("pool", 10), form.people)
    return {one.kind: values}


def _choice(one: Measure, form: QuestionForm) -> dict[str, Any]:
    values = list(form.strengths.get(one.key) or one.values[form.detail])
    told: dict[str, Any] = {"name": {"zh": one.unit.zh, "en": one.unit.en}, "values": values, "percent": one.percent}
    return told if one.never is None else told | {"never": one.never}


def _check_strengths(key: str, values: tuple[float, ...], chosen: tuple[str, ...]) -> None:
    one = measures().get(key)
    if one is None or key not in chosen:
        raise Invalid(
            _("There is no such measure on the table."), remedy=_("Tick it, or leave its values out."), field="measures"
        )
    low, high = (0, 1) if one.percent else (1, one.never or 10_000)
    ordered = list(one.values["usual"]) == sorted(one.values["usual"])
    if (
        not 1 <= len(values) <= _MOST_STRENGTHS
        or len(set(values)) != len(values)
        or not all(low <= v <= high for v in values)
    ):
        raise Invalid(
            _("These are no values of this measure."),
            remedy=_("Give up to %(most)s different numbers from %(low)s to %(high)s, with spaces between.")
            % {"most": _MOST_STRENGTHS, "low": 100 * low if one.percent else low, "high": 100 * high if one.percent else high},
            field=f"strength_{key}",
        )  # fmt: skip
    if list(values) != sorted(values, reverse=not ordered):
        raise Invalid(
            _("Begin with the least of the measure."), remedy=_("Each value is stricter than the one before."), field=f"strength_{key}"
        )  # fmt: skip


def _check(form: QuestionForm) -> None:
    if not 2 <= len(form.name.strip()) <= 120 or "\0" in form.name:
        raise Invalid(_("A question needs a name."), remedy=_("One line, 120 characters at most."), field="name")
    if not form.measures or set(form.measures) - set(measures()):
        raise Invalid(
            _("There is nothing to choose."), remedy=_("Put at least one measure on the table."), field="measures"
        )
    for field, known in (("effect", EFFECTS), ("cost", COSTS), ("detail", DETAILS)):
        if getattr(form, field) not in known:
            raise Invalid(
                _("This is none of the choices."), remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(known)}, field=field
            )  # fmt: skip
    for field, (low, high) in _BOUNDS.items():
        value = getattr(form, field)
        if value is not None and not low <= value <= high:
            raise Invalid(
                _("This number is out of bounds."),
                remedy=_("Give a number from %(low)s to %(high)s.") % {"low": low, "high": high}, field=field,
            )  # fmt: skip
    for key, values in form.strengths.items():
        _check_strengths(key, values, form.measures)
    for key, days in form.later.items():
        if key not in measures() or not 0 <= days <= min(_LATEST, form.days - form.lead - 1):
            raise Invalid(
                _("A measure would never come into force."), remedy=_("Give fewer days, or look further ahead."), field=f"later_{key}"
            )  # fmt: skip
    if form.pack and form.pack not in {key for key, _name in packs.comparable()}:
        raise Invalid(_("There is no such protocol."), remedy=_("Choose one of the list."), field="pack")
    if form.infected > form.people:
        raise Invalid(
            _("More people are infected than there are."), remedy=_("Give fewer, or a larger city."), field="infected"
        )
    if form.lead >= form.days:
        raise Invalid(
            _("The measures would never come into force."), remedy=_("Give fewer days of lead, or more days in all."), field="lead"
        )  # fmt: skip
    if unknown := sorted(set(form.packs) - {key for key, _name in packs.comparable()}):
        raise Invalid(
            _("This protocol cannot be compared: %(pack)s.") % {"pack": unknown[0]},
            remedy=_("Choose protocols that keep contacts in quarantine."), field="packs",
        )  # fmt: skip
