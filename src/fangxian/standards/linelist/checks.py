"""What cannot be true of a case or of a chain, and how seriously a recipe takes it (数据核对)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fangxian.standards import cn_ids
from fangxian.standards.linelist.rows import CaseRow, Severity, When, day_of
from fangxian.text import Text

SEVERITIES: dict[str, Severity] = {
    # The row or the value could not be read. Recipes cannot change these.
    "row_fault": "dropped_row",
    "missing_required": "dropped_row",
    "unreadable_date": "dropped_value",
    "ambiguous_date": "dropped_value",
    "partial_date": "dropped_value",
    "impossible_date": "dropped_value",
    "future_date": "dropped_value",
    "bad_number": "dropped_value",
    "damaged_number": "dropped_value",
    "bad_coordinate": "dropped_value",
    "age_absurd": "dropped_value",
    "unmapped_value": "dropped_value",
    "unknown_lookup": "dropped_value",
    "lookup_conflict": "warning",
    "join_conflict": "warning",
    "bad_area": "dropped_value",
    "bad_id_number": "dropped_value",
    "bad_phone": "warning",
    "passenger_unnamed": "dropped_row",
    "trip_reversed": "dropped_row",
    # The values can be read but contradict each other. `checks` of a recipe can change these.
    "duplicate_case": "dropped_row",
    "conflicting_case": "dropped_row",
    "unknown_area": "dropped_value",
    "exposure_reversed": "dropped_value",
    "exposure_after_onset": "dropped_value",
    "no_incubation": "warning",
    "onset_after_death": "dropped_value",
    "outcome_before_onset": "dropped_value",
    "outcome_before_admission": "warning",
    "outcome_conflict": "warning",
    "identity_conflict": "warning",
    "contact_without_case": "dropped_row",
    "unknown_person": "dropped_row",
    "duplicate_contact": "dropped_row",
    "self_infection": "dropped_row",
    "infection_loop": "dropped_row",
    "negative_serial_interval": "warning",
    "times_reversed": "dropped_value",
}
"""Every code of a Rejection and its severity unless the recipe says otherwise."""

_FIRST_CHECK = "duplicate_case"
CHECKS = tuple(SEVERITIES)[tuple(SEVERITIES).index(_FIRST_CHECK) :]
"""The codes that ``checks`` of a recipe may set."""
VALUE_CHECKS = tuple(
    code for code in CHECKS if SEVERITIES[code] != "dropped_row" and code != "negative_serial_interval"
)
"""Those of `CHECKS` that can drop single values; the others are about whole rows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that cannot be true. ``fields`` are the values to drop, the first being the one to name."""

    code: str
    fields: tuple[str, ...]
    reason: Text
    remedy: Text


_CHECK_DATES = Text("请核对这两个日期", "Check these two dates")


def _before(one: When | None, other: When | None) -> bool:
    return one is not None and other is not None and day_of(one) < day_of(other)


def check_case(case: CaseRow) -> Iterator[Finding]:
    """The contradictions within one case."""
    if _before(case.exposure_end, case.exposure_start):
        what = Text(
            f"暴露结束（{case.exposure_end}）早于暴露开始（{case.exposure_start}）",
            f"exposure ended ({case.exposure_end}) before it began ({case.exposure_start})",
        )
        yield Finding("exposure_reversed", ("exposure_end", "exposure_start"), what, _CHECK_DATES)
    elif _before(case.onset, case.exposure_start):
        what = Text(
            f"暴露开始（{case.exposure_start}）晚于发病（{case.onset}）",
            f"exposure began ({case.exposure_start}) after onset ({case.onset})",
        )
        yield Finding("exposure_after_onset", ("exposure_start", "exposure_end"), what, _CHECK_DATES)
    elif case.onset and case.exposure_start and case.exposure_end and _same_day(case):
        what = Text(
            f"感染与发病在同一天（{case.onset}），潜伏期为零",
            f"infection and onset on the same day ({case.onset}): no incubation period",
        )
        yield Finding("no_incubation", ("exposure_start", "exposure_end"), what, _CHECK_DATES)
    if _before(case.died_at, case.onset):
        what = Text(
            f"发病（{case.onset}）晚于死亡（{case.died_at}）", f"onset ({case.onset}) after death ({case.died_at})"
        )
        yield Finding(
            "onset_after_death",
            ("died_at", *(("outcome_at",) if case.outcome_at == case.died_at else ())),
            what,
            _CHECK_DATES,
        )
    elif _before(case.outcome_at, case.onset):
        what = Text(
            f"转归（{case.outcome_at}）早于发病（{case.onset}）",
            f"outcome ({case.outcome_at}) before onset ({case.onset})",
        )
        yield Finding("outcome_before_onset", ("outcome_at",), what, _CHECK_DATES)
    elif _before(case.outcome_at, case.hospitalised_at):
        what = Text(
            f"转归（{case.outcome_at}）早于入院（{case.hospitalised_at}）",
            f"outcome ({case.outcome_at}) before admission ({case.hospitalised_at})",
        )
        yield Finding("outcome_before_admission", ("outcome_at",), what, _CHECK_DATES)
    if case.died_at and case.outcome not in (None, "died"):
        what = Text(f"有死亡日期但转归为 {case.outcome}", f"there is a date of death but the outcome is {case.outcome}")
        yield Finding("outcome_conflict", ("outcome",), what, Text("请核对转归", "Check the outcome"))
    if case.id_number:
        yield from _check_identity(case)


def _same_day(case: CaseRow) -> bool:
    assert case.onset and case.exposure_start and case.exposure_end
    return day_of(case.exposure_start) == day_of(case.exposure_end) == day_of(case.onset)


def _check_identity(case: CaseRow) -> Iterator[Finding]:
    try:
        citizen = cn_ids.parse_citizen_id(case.id_number or "")
    except cn_ids.IdError:
        return
    remedy = Text("请对照证件核对", "Compare it with the document")
    if case.sex and case.sex != citizen.sex:
        yield Finding(
            "identity_conflict",
            ("sex",),
            Text("性别与身份证号不符", "the sex does not fit the identity number"),
            remedy,
        )
    if case.birth_date and case.birth_date != citizen.birth_date:
        what = Text("出生日期与身份证号不符", "the birth date does not fit the identity number")
        yield Finding("identity_conflict", ("birth_date",), what, remedy)
    elif case.birth_year and case.birth_year != citizen.birth_date.year:
        what = Text("出生年份与身份证号不符", "the birth year does not fit the identity number")
        yield Finding("identity_conflict", ("birth_year",), what, remedy)


def complete_case(case: CaseRow) -> CaseRow:
    """Fill in what follows with certainty from what is given: nothing that was given is changed."""
    known: dict[str, object] = {}
    if case.died_at and case.outcome is None:
        known["outcome"] = "died"
    if case.died_at and case.outcome_at is None and case.outcome in (None, "died"):
        known["outcome_at"] = case.died_at
    if case.outcome == "died" and case.outcome_at and case.died_at is None:
        known["died_at"] = case.outcome_at
    if case.id_number and not any(_check_identity(case)):
        try:
            citizen = cn_ids.parse_citizen_id(case.id_number)
            known |= {"sex": citizen.sex, "birth_date": citizen.birth_date, "birth_year": citizen.birth_date.year}
        except cn_ids.IdError:
            pass
    if case.birth_date and case.birth_year is None:
        known["birth_year"] = case.birth_date.year
    return replace(case, **known) if known else case  # type: ignore[arg-type]


class Chains:
    """Who infected whom so far, to refuse the link that would close a loop."""

    def __init__(self) -> None:
        self._infectors: dict[str, list[str]] = {}

    def loop(self, infector: str, infectee: str) -> tuple[str, ...]:
        """The loop that this link would close, from the infectee back to itself; empty when there is none."""
        came_from: dict[str, str] = {infector: infectee}
        waiting = [infector]
        while waiting:
            person = waiting.pop()
            if person == infectee:
                path = [infectee]
                while path[-1] != infector:
                    path.append(came_from[path[-1]])
                return (*path, infectee)
            for above in self._infectors.get(person, ()):
                if above not in came_from or above == infectee:
                    came_from[above] = person
                    waiting.append(above)
        return ()

    def add(self, infector: str, infectee: str) -> None:
        self._infectors.setdefault(infectee, []).append(infector)
