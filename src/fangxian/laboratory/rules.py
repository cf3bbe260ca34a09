"""What a pack says of samples: sizes of pools, limits for results, and how Ct values are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from fangxian.core.errors import Invalid
from fangxian.duties import packs
from fangxian.laboratory.schemas import VALUES
from fangxian.protocols import Cited, Pack
from fangxian.registry.vocabulary import must_be

#: No tube holds more, whatever a pack says.
LARGEST = 100


@dataclass(frozen=True, slots=True)
class Reading:
    """A result: its value, its lowest Ct, and whether a positive is weak (late, or of a past infection: to be judged)."""

    value: str
    ct: float | None
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Cuts:
    """How a pack reads Ct values: a target counts below `positive`, a positive from `weak` on is weak, `targets` make a positive."""

    pack: str
    positive: float
    weak: float
    targets: int


def cuts(pack: Pack) -> Cuts:
    """The cut-offs of a pack; without any, what is amplified at all counts, on one target."""
    found = [parameter(pack, "ct", key) for key in ("positive", "weak", "targets")]
    below, weak, targets = (one.number if one else usual for one, usual in zip(found, (40, 40, 1), strict=True))
    return Cuts(pack.id, float(below), float(weak), int(targets))


def parameter(pack: Pack, group: str, key: str) -> Cited | None:
    """A value of a pack, if it has one."""
    try:
        return pack.parameter(group, key)
    except KeyError:
        return None


def sizes(pack: Pack) -> tuple[int, ...]:
    """The pools that the pack allows, smallest first; none where it says nothing of pools."""
    told = parameter(pack, "tubes", "sizes")
    if told is None:
        return ()
    values = told.value if isinstance(told.value, tuple) else (told.value,)
    return tuple(sorted(int(value) for value in values if isinstance(value, int | float)))


def capacity(pack: Pack, kind: str, asked: int | None) -> int:
    """How many people a tube is for. Raises Invalid for a pool of a size that the pack does not allow."""
    if kind == "single":
        return 1
    if kind == "object":
        return 0
    if kind == "household":
        most = parameter(pack, "tubes", "household")
        return int(most.number) if most else LARGEST
    allowed = sizes(pack)
    size = asked if asked is not None else 10 if 10 in allowed else allowed[-1] if allowed else 0
    if size not in allowed:
        raise Invalid(
            _("Pools of %(n)s are not validated in this protocol.") % {"n": size},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(map(str, allowed))}, field="capacity",
        )  # fmt: skip
    return size


def limit(pack: Pack, reason: str) -> timedelta | None:
    """By when after sampling a result is due, for the reasons of which the pack says it (6, 12, 24 h)."""
    told = parameter(pack, "clinic_results", reason)
    return told.delta if told else None


def limit_after_receipt(pack: Pack) -> timedelta | None:
    """By when after its receipt a laboratory reports, as the duty of the pack says."""
    rule = pack.duties.get("sample.result")
    due = rule.step("result").due if rule else None
    return due.offset.delta if due is not None and due.anchor == "received_at" else None


def read(by: Cuts, value: str, cts: Mapping[str, float | None]) -> Reading:
    """What a laboratory's word and its Ct values come to.

    With Ct values alone: positive where as many targets as the pack wants are amplified, indeterminate where fewer are, negative
    where none is. Raises Invalid where there is neither, and where the two say the opposite of each other.
    """
    for target, ct in cts.items():
        if ct is not None and not 0 < ct <= 60:
            raise Invalid(
                _("“%(value)s” is no Ct value.") % {"value": ct},
                remedy=_("Give a number between 0 and 60, or nothing where nothing was amplified."), field=f"cts.{target}",
            )  # fmt: skip
    if value:
        must_be(value, VALUES, "value")
    if cts:
        seen = sum(ct is not None and ct < by.positive for ct in cts.values())
        by_ct = "positive" if seen >= min(by.targets, len(cts)) else "indeterminate" if seen else "negative"
        if {value, by_ct} == {"positive", "negative"}:
            raise Invalid(
                _("The word and the Ct values say the opposite of each other."),
                remedy=_("Correct one of the two: in %(pack)s a target counts below Ct %(cut)g.")
                % {"pack": by.pack, "cut": by.positive},
                field="value",
            )
        value = value or by_ct
    if not value:
        raise Invalid(_("There is no result."), remedy=_("Give a value, or Ct values."), field="value")
    told = [ct for ct in cts.values() if ct is not None]
    lowest = min(told) if told else None
    return Reading(value, lowest, weak(by, value, lowest))


def weak(by: Cuts, value: str, ct: float | None) -> bool:
    """Whether a positive is a weak one: late in its course, or of a past infection; a person judges it."""
    return value == "positive" and ct is not None and ct >= by.weak


def is_weak(pack_id: str, value: str, ct: float | None) -> bool:
    """The same by the name of the pack."""
    return value == "positive" and ct is not None and weak(cuts(packs.pack(pack_id)), value, ct)


def least_certain(pack: Pack) -> str:
    """The class of a case of which the least is known: “suspected”, where the pack has it, else its last."""
    known = [definition.key for definition in pack.cases]
    return "suspected" if "suspected" in known else known[-1]


def due_at(pack: Pack, reason: str, sampled_at: datetime, received_at: datetime | None = None) -> datetime | None:
    """When a result is due: counted from the sampling where the reason has a limit, else from the receipt."""
    if (after := limit(pack, reason)) is not None:
        return sampled_at + after
    if received_at is not None and (after := limit_after_receipt(pack)) is not None:
        return received_at + after
    return None
