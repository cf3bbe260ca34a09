"""Are two records one person? Weights that add up, a probability, a reason per field, and what forbids merging unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA

from fangxian.analytics.linkage.names import NEAR, SAME, SOUND, Likeness, alike
from fangxian.analytics.linkage.parameters import DEFAULT, FIELDS, Parameters
from fangxian.analytics.linkage.records import Record
from fangxian.text import Text

Decision = Literal["merge", "review", "apart"]
Levels = tuple[tuple[str, int], ...]
Evidence = tuple[tuple[str, int, float], ...]

_UNKNOWN = Text("缺失或无法比较", "unknown or not comparable")
_TEXTS: Mapping[tuple[str, str], Text] = MappingProxyType(
    {
        ("document", "same"): Text("证件号码相同", "the same identity document"),
        ("document", "differ"): Text("同类证件号码不同", "different documents of the same kind"),
        ("name", "same"): Text("姓名相同", "the same name"),
        ("name", "sound"): Text("姓名读音相同", "names that sound the same"),
        ("name", "near"): Text(
            "姓名相近（口音、拼写或缺中间名）", "nearly the same name (accent, spelling or a name left out)"
        ),
        ("name", "part"): Text("姓名部分相同", "part of the name is the same"),
        ("name", "surname"): Text("仅姓相同", "only the surname is the same"),
        ("name", "differ"): Text("姓名不同", "different names"),
        ("born", "same"): Text("出生日期相同", "the same birth date"),
        ("born", "near"): Text(
            "出生日期相近（日月颠倒或误一位）", "nearly the same birth date (day and month swapped, or one slip)"
        ),
        ("born", "differ"): Text("出生日期不同", "different birth dates"),
        ("birth year", "same"): Text("出生年份相符", "birth years agree"),
        ("birth year", "differ"): Text("出生年份不同", "different birth years"),
        ("sex", "same"): Text("性别相同", "the same sex"),
        ("sex", "differ"): Text("性别不同", "different sex"),
        ("phone", "same"): Text("电话相同", "the same telephone"),
        ("phone", "differ"): Text("电话不同", "different telephones"),
        ("residence", "household"): Text("同一住户", "the same household"),
        ("residence", "area"): Text("同一住址区域", "the same area of residence"),
        ("residence", "county"): Text("同一县区", "the same county"),
        ("residence", "differ"): Text("住址不同", "different residences"),
    }
)


def reason(field: str, level: str) -> Text:
    """What a level of a field says, in words: `reason("name", "sound")` is “names that sound the same”."""
    return _TEXTS.get((field, level), _UNKNOWN)


class FieldMatch(NamedTuple):
    """What one field says: its level ("unknown" if it says nothing), bits for (+) or against (-), and the reason in words."""

    field: str
    level: str
    weight: float
    text: Text


class Veto(NamedTuple):
    """Why two records are never merged without asking, however alike they are."""

    code: str
    text: Text


IDENTITY = Veto("identity", Text("两人持有不同的有效同类证件", "two different valid documents of the same kind"))
TWINS = Veto(
    "twins",
    Text(
        "出生日期与住址或电话相同但名字不同，可能是双胞胎",
        "same birth date and home or telephone, other given name: maybe twins",
    ),
)
BORN = Veto("born", Text("同名但出生日期不同", "the same name but different birth dates"))
UNNAMED = Veto("unnamed", Text("姓名与证件均不相符", "neither name nor document agrees"))


@dataclass(frozen=True, slots=True)
class Match:
    """Two records compared.

    weight: bits of evidence, summed over fields. probability: that they are one person, prior included. decision: "merge",
    "review" (a person decides) or "apart". A veto turns "merge" into "review"; probability and weight stay as they are.
    """

    a: Record
    b: Record
    probability: float
    weight: float
    veto: Veto | None
    decision: Decision
    evidence: Evidence

    @property
    def fields(self) -> list[FieldMatch]:
        """The reasons, one per field, in the order of FIELDS; silent fields included."""
        spoken = {_shown(name): (FIELDS[name][level], weight) for name, level, weight in self.evidence}
        shown = []
        for name in dict.fromkeys(map(_shown, FIELDS)):
            level, weight = spoken.get(name, ("unknown", 0.0))
            exact = "birth year" if name == "born" and any(e[0] == "birth year" for e in self.evidence) else name
            shown.append(FieldMatch(name, level, weight, _TEXTS.get((exact, level), _UNKNOWN)))
        return shown


def _shown(name: str) -> str:
    return {"birth year": "born", "residence with phone": "residence"}.get(name, name)


def compare(a: Record, b: Record, parameters: Parameters = DEFAULT) -> Match:
    """Compare two records. Symmetric: swapping them changes neither weight nor decision."""
    likenesses = alike(a.names, b.names)
    evidence = _name(likenesses, parameters) + _circumstances(a, b, parameters)
    weight = sum(bits for _, _, bits in evidence)
    odds = 2.0 ** min(weight + parameters.prior_weight, 500.0)
    probability = odds / (1 + odds)
    veto = _veto(a, b, likenesses)
    decision: Decision = "review" if weight > parameters.review_weight else "apart"
    if probability > parameters.merge_above and veto is None:
        decision = "merge"
    return Match(a, b, probability, weight, veto, decision, evidence)


def match(a: Record, b: Record, parameters: Parameters = DEFAULT) -> Match | None:
    """`compare`, but None, and quicker, for two records that stay apart."""
    missing = parameters.review_weight
    for _, _, bits in _circumstances(a, b, parameters):
        missing -= bits
    if missing >= parameters.weights["name"][0]:
        return None
    name = _name(alike(a.names, b.names), parameters)
    return compare(a, b, parameters) if missing < (name[0][2] if name else 0.0) else None


def veto(a: Record, b: Record) -> Veto | None:
    """What forbids merging two records unasked, if anything does."""
    return _veto(a, b, alike(a.names, b.names))


def levels(a: Record, b: Record) -> Levels:
    """The level of each field that can be compared: what the parameters are estimated from."""
    evidence = _name(alike(a.names, b.names), DEFAULT) + _circumstances(a, b, DEFAULT)
    return tuple([(name, level) for name, level, _ in evidence])


def _name(likenesses: list[Likeness], parameters: Parameters) -> Evidence:
    if not likenesses:
        return ()
    bits, level = max([(_name_bits(likeness, parameters), -likeness.level) for likeness in likenesses])
    return (("name", -level, bits),)


def _circumstances(a: Record, b: Record, parameters: Parameters) -> Evidence:
    """The evidence of all fields but the name."""
    weights = parameters.weights
    found: list[tuple[str, int, float]] = []
    if a.papers and b.papers and (level := _document(a, b)) is not None:
        found.append(("document", level, weights["document"][level]))
    if a.born is not None and b.born is not None:
        field, level = _born(a, b)
        found.append((field, level, weights[field][level]))
    if a.gender is not None and b.gender is not None:
        level = int(a.gender != b.gender)
        found.append(("sex", level, weights["sex"][level]))
    residence = _residence(a, b)
    common = a.numbers & b.numbers
    if common:
        rarest = min([parameters.commonness("phone", 0, (number,)) for number in common])
        phone = max(weights["phone"][0] - rarest, 0.0)
        found.append(("phone", 0, phone))
        if residence is not None:
            # The residence adds what it says beyond the telephone, and never less than it would say without it.
            beyond = max(weights["residence with phone"][residence], weights["residence"][residence] - phone)
            found.append(("residence with phone", residence, beyond))
        return tuple(found)
    if a.numbers and b.numbers:
        found.append(("phone", 1, weights["phone"][1]))
    if residence is not None:
        found.append(("residence", residence, weights["residence"][residence]))
    return tuple(found)


def _name_bits(likeness: Likeness, parameters: Parameters) -> float:
    bits = parameters.weights["name"][likeness.level]
    if likeness.level > NEAR:
        return bits
    less = parameters.commonness("name", min(likeness.level, SOUND), likeness.names)
    return max(bits - less, 0.0) if likeness.level == SAME else bits - less


def _document(a: Record, b: Record) -> int | None:
    if not a.documented.isdisjoint(b.documented):
        return 0
    return 1 if {kind for kind, _ in a.proofs} & {kind for kind, _ in b.proofs} else None


def _born(a: Record, b: Record) -> tuple[str, int]:
    """The field that can be judged, birth date or only its year, and its level. Both birth dates must be known."""
    x, y = a.born_digits, b.born_digits
    if not x or not y or (x[:4] == y[:4] and "0101" in (x[4:], y[4:])):  # 1 January stands for a day not known
        return "birth year", int(abs(a.born_year - b.born_year) > 1)
    if x == y:
        return "born", 0
    return "born", 1 if _slip(x, y) else 2


def _slip(x: str, y: str) -> bool:
    """Day and month swapped, a neighbouring day, the same day of a neighbouring year, one digit wrong or two exchanged."""
    if OSA.distance(x, y, score_cutoff=1) <= 1 or (x[:4] == y[:4] and x[4:6] == y[6:] and x[6:] == y[4:6]):
        return True
    if x[4:] == y[4:]:
        return abs(int(x[:4]) - int(y[:4])) == 1
    return x[:2] == y[:2] and abs((date.fromisoformat(x) - date.fromisoformat(y)).days) == 1


def _residence(a: Record, b: Record) -> int | None:
    if a.household is not None and a.household == b.household:
        return 0
    if a.area and b.area:
        if a.area == b.area:
            return 1
        return 2 if len(a.area) >= 6 and a.area[:6] == b.area[:6] else 3
    return 3 if a.household is not None and b.household is not None else None


def _veto(a: Record, b: Record, likenesses: list[Likeness]) -> Veto | None:
    shared = {kind for kind, _ in a.proofs & b.proofs}
    if ({kind for kind, _ in a.proofs} & {kind for kind, _ in b.proofs}) - shared:
        return IDENTITY
    if shared:
        return None
    dated = a.born is not None and b.born is not None
    if any(likeness.level <= NEAR for likeness in likenesses):
        field, level = _born(a, b) if dated else ("born", 0)
        return BORN if level == len(FIELDS[field]) - 1 else None
    residence = _residence(a, b)
    if dated and a.born == b.born and (a.numbers & b.numbers or (residence is not None and residence < 2)):
        return TWINS
    return UNNAMED
