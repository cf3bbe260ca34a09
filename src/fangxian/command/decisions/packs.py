"""What a protocol pack orders, as measures of a simulation: so that editions are compared on the same epidemics.

Taken from the pack: how long contacts and theirs stay in quarantine and where, on which days they are tested, how soon a result and a
contact is due, which piece of land a case closes and until when, and how often everybody there is tested. What
a pack does not say is the same for all: who tests, how many contacts are known. A pack without quarantine has no tracing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

from fangxian.protocols import Cited, Pack, available, load
from fangxian.text import Text

#: The same for every pack: how many with symptoms are tested a day, and how many of their contacts are known, by layer.
_TESTED = 0.3
_KNOWN = {"home": 1.0, "school": 0.8, "work": 0.8, "community": 0.3}
#: What is left of transmission in quarantine away from home, and at home (assumptions, grade G).
_AWAY = {"home": 0.05, "school": 0.0, "work": 0.0, "community": 0.05}
#: Pieces of land that a simulated city has, by the words of packs; a street or a cell of a grid is about a compound.
_LAND = {"building": "building", "township": "township", "county": "township"}
_ROUNDS = ("parameters/testing/values/every_other/value", "parameters/testing/values/others/value")
_AT_HOME = {"home": 0.6, "school": 0.1, "work": 0.1, "community": 0.1}


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a pack orders of a measure: fields of the measure with their values, and in words, with the document."""

    values: Mapping[str, Any]
    said: Text


def ordered(pack: Pack) -> dict[str, Ordered]:
    """By the measures of the form, what a pack says of them; those that it does not speak of are left out."""
    found: dict[str, Ordered] = {}
    if stages := _stages(pack):
        days = sum(_days(stage.length) for stage in stages)
        found["tracing"] = Ordered(
            {"days": days}, _cited(f"密接隔离 {days} 天", f"contacts stay {days} d", stages[0].length)
        )
    if pack.zones is not None:
        first = next(level for level in pack.zones.levels if level.is_on)
        lift = [
            cited
            for rule in pack.zones.lift
            for path, cited in pack.values.items()
            if rule.is_on
            and rule.from_ == first.key
            and path.startswith(f"zones/lift/{rule.key}/when")
            and cited.unit == "d"
        ]
        level = _LAND.get(str(first.unit.value) if first.unit else "", "compound")
        days = max((_days(one) for one in lift), default=14)
        zh, en = f"{first.name.zh}，{days} 天无新发可降级", f"{first.name.en}; lower after {days} d without a new case"
        found["zones"] = Ordered({"level": level, "days": days}, _cited(zh, en, lift[0] if lift else first.cite))
    if every := next((pack.values[path] for path in _ROUNDS if path in pack.values), None):
        days = _days(every)
        found["rounds"] = Ordered({"every": days}, _cited(f"每 {days} 天一轮", f"a round every {days} d", every))
    return found


@cache
def of(key: str) -> Mapping[str, Ordered]:
    """What the pack of a key orders."""
    return ordered(load(key))


@cache
def comparable() -> list[tuple[str, Text]]:
    """The packs that keep contacts in quarantine for a time: key and name, those in force first."""
    found = [load(one.id) for one in available()]
    told = [one for one in found if _stages(one)]
    return [(one.id, one.name) for one in sorted(told, key=lambda one: one.status != "in_force")]


def measures_of(pack: Pack) -> list[dict[str, Any]]:
    """The measures of a pack as a scenario writes them, in force from `$detected` on."""
    days = sum(_days(stage.length) for stage in _stages(pack) if stage.length is not None)
    tested = [day for step in pack.duties["contact.observation"].steps for day in step.days] if days else []
    testing = {
        "symptomatic": _TESTED, "symptomatic_quarantined": 0.9,
        # A test on the first days finds who is infected already; later ones are what symptoms bring.
        "quarantined": 1.0 if any(day <= 2 for day in tested) else 0.1,
        "delay": max(1, _due_days(pack, "sample.result")), "since": "$detected",
    }  # fmt: skip
    found: list[dict[str, Any]] = [{"testing": testing}]
    if days:
        reach = _due_days(pack, "contact.notification")
        after = {"home": 0, "school": reach, "work": reach, "community": reach + 1}
        found.append({"tracing": {"share": _KNOWN, "after": after, "days": days, "since": "$detected"} | _second(pack)})
        found.append({"isolation": {"found": _AWAY, "quarantined": _AWAY if _is_away(pack) else _AT_HOME}})
    said = ordered(pack)
    if "zones" in said:
        found.append({"zones": {**said["zones"].values, "since": "$detected"}})
        if "rounds" in said:
            found.append({"rounds": {**said["rounds"].values, "scope": "zones", "since": "$detected"}})
    return found


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stages(pack: Pack) -> list[Any]:
    rule = pack.duties.get("contact.observation")
    return [one for one in rule.stages if one.length is not None] if rule else []


def _second(pack: Pack) -> dict[str, Any]:
    """Contacts of contacts, where the pack keeps them too: half as many of them are known."""
    rule = pack.duties.get("contact2.observation")
    days = sum(_days(one.length) for one in rule.stages if one.length is not None) if rule else 0
    return {"second": {layer: share / 2 for layer, share in _KNOWN.items()}, "second_days": days} if days else {}


def _is_away(pack: Pack) -> bool:
    """Whether quarantine begins at a site: whoever visits there is the nurse of the site."""
    rule, first = pack.duties["contact.observation"], _stages(pack)[0]
    return any(step.stage == first.key and step.role == "site_nurse" for step in rule.steps)


def _days(length: Cited) -> int:
    return max(1, length.delta.days)


def _cited(zh: str, en: str, of: Cited) -> Text:
    """What a pack says, the document it is from, and how far that was checked."""
    return Text(f"{zh}（{of.document.text.zh}，{of.grade} 级）", f"{en} ({of.document.text.en}, grade {of.grade})")


def _due_days(pack: Pack, kind: str) -> int:
    """Whole days until the last step of a duty is due, counted from its beginning; 1 where the pack orders no such duty."""
    rule = pack.duties.get(kind)
    due = [step.due.delta.total_seconds() for step in rule.steps if step.due is not None] if rule else []
    return ceil(max(due, default=86_400) / 86_400)
