"""Samples: swab points, tubes by the batch, boxes from hand to hand, results, what waits for a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from ninja import Router

from fangxian.api.batches import RowRefused, readable, rows_of, told
from fangxian.api.offering import offer
from fangxian.api.shapes import Shown, shown
from fangxian.cases.schemas import CaseForm
from fangxian.command.clocks import from_tube_to_rooms
from fangxian.core.access import Actor
from fangxian.laboratory import actions, queries
from fangxian.laboratory.schemas import (
    BoxView,
    MemberView,
    PointView,
    PositiveView,
    ResultForm,
    TubeForm,
    TubeRow,
    TubeView,
    UnmatchedView,
)

router = Router(tags=["laboratory"])


class TubesTaken(Shown):
    """What became of a batch of samples: barcodes taken, those that were on record just so, and the rows left out."""

    taken: list[str]
    repeated: list[str]
    refused: list[RowRefused]


class ResultsTaken(Shown):
    """What became of a batch of results. `unmatched` belong to no tube and wait for a person."""

    taken: int
    repeated: int
    unmatched: int
    positive: int
    refused: list[RowRefused]


class LabelsPrinted(Shown):
    """Fresh barcodes."""

    codes: list[str]


class CaseOpened(Shown):
    """The case that was reported."""

    case: str


def collect_tubes(by: Actor, tubes: Sequence[Any]) -> Mapping[str, Any]:
    """Record up to 5,000 samples; one sent twice is taken once, rows that are refused do not stop the others."""
    forms, refused = readable(tubes)
    places = list(forms)
    done = actions.collect_many(by, list(forms.values()))
    refused |= {places[place]: refusal for place, refusal in done.refused}
    return {"taken": done.taken, "repeated": done.repeated, "refused": told(refused)}


def tell_results(by: Actor, results: Sequence[Any], laboratory: int | None = None) -> Mapping[str, Any]:
    """Tell up to 5,000 results of one laboratory; what is told twice is taken once, a change must call itself a correction."""
    forms, refused = readable(results)
    places = list(forms)
    done = actions.report_results(by, list(forms.values()), laboratory=laboratory, source="api")
    refused |= {places[place]: refusal for place, refusal in done.refused}
    return {
        "taken": done.taken, "repeated": done.repeated, "unmatched": done.unmatched, "positive": done.positive,
        "refused": told(refused),
    }  # fmt: skip


def labels(by: Actor, code: str, count: int) -> Mapping[str, Any]:
    """Fresh barcodes for tubes of a swab point."""
    return {"codes": actions.print_labels(by, code, count)}


def case(by: Actor, code: str, outbreak: str = "", symptomatic: bool | None = None) -> Mapping[str, Any]:
    """Report whoever is in a positive tube of their own as a case."""
    facts = {} if symptomatic is None else {"symptomatic": symptomatic}
    return {"case": actions.open_case(by, code, CaseForm(person="", outbreak=outbreak, facts=facts))}


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _point(by: Actor, row: Any) -> PointView:
    return queries.point(by, row.code)


def _tube(by: Actor, row: Any) -> TubeView:
    return queries.tube(by, row.code)


def _box(by: Actor, row: Any) -> BoxView:
    return queries.box(by, row.code)


def _positive(by: Actor, row: Any) -> PositiveView:
    found = queries.tube(by, row.tube.code).decision
    assert found is not None, "it was just decided"
    return found


TUBE, BOX = shown(TubeView), shown(BoxView)
TUBES = {"tubes": rows_of(TubeForm, name="TubeOfBatch")}
RESULTS = {"results": rows_of(ResultForm, name="ResultOfBatch")}

offer(router, "GET", "/swab-points", queries.points, shown(PointView), after=lambda row: row.id)
offer(router, "POST", "/swab-points", actions.open_point, shown(PointView), status=201, keyed=True, then=_point)
offer(router, "GET", "/swab-points/{code}", queries.point)
offer(router, "POST", "/swab-points/{code}/close", actions.close_point, None, keyed=True, then=lambda by, row: None)
offer(router, "POST", "/swab-points/{code}/labels", labels, LabelsPrinted, keyed=True)
offer(router, "GET", "/tubes", queries.tubes, shown(TubeRow), after=lambda row: row.id)
offer(router, "GET", "/tubes/late", queries.late, shown(TubeRow), after=lambda row: (row.due_at, row.id))
offer(router, "POST", "/tubes", actions.collect, TUBE, status=201, keyed=True, then=_tube)
offer(router, "POST", "/tubes/batch", collect_tubes, TubesTaken, keyed=True, given=TUBES)
offer(router, "GET", "/tubes/{code}/clocks", from_tube_to_rooms)
offer(router, "GET", "/tubes/{code}", queries.tube, TUBE)
offer(router, "POST", "/tubes/{code}/reject", actions.reject_tube, TUBE, keyed=True, then=_tube)
offer(router, "POST", "/tubes/{code}/lose", actions.lose_tube, TUBE, keyed=True, then=_tube)
offer(router, "POST", "/tubes/{code}/relabel", actions.relabel_tube, TUBE, keyed=True, then=_tube)
offer(router, "POST", "/tubes/{code}/correct", actions.correct_result, TUBE, keyed=True, then=_tube)
offer(router, "POST", "/tubes/{code}/cancel", actions.cancel_result, TUBE, keyed=True, then=_tube)
offer(router, "POST", "/tubes/{code}/case", case, CaseOpened, keyed=True, name="open_case")
offer(
    router, "POST", "/tubes/{code}/decline", actions.decline_positive, shown(PositiveView), keyed=True, then=_positive
)
offer(router, "POST", "/results", tell_results, ResultsTaken, keyed=True, given=RESULTS)
offer(router, "GET", "/boxes", queries.boxes, BOX, after=lambda row: row.id)
offer(router, "POST", "/boxes", actions.seal_box, BOX, status=201, keyed=True, then=_box)
offer(router, "GET", "/boxes/{code}", queries.box, BOX)
offer(router, "GET", "/boxes/{code}/hand-overs", queries.custody)
offer(router, "POST", "/boxes/{code}/hand-over", actions.hand_over_box, BOX, keyed=True, then=_box)
offer(router, "POST", "/boxes/{code}/receive", actions.receive_box, BOX, keyed=True, then=_box)
offer(router, "GET", "/positives", queries.positives, shown(PositiveView), after=lambda row: row.id)
offer(router, "GET", "/pool-members", queries.members, shown(MemberView), after=lambda row: row.id)
offer(router, "GET", "/pool-members/{member_id}", queries.member, shown(MemberView))
offer(router, "GET", "/unmatched-results", queries.unmatched, shown(UnmatchedView), after=lambda row: row.id)
offer(router, "POST", "/unmatched-results/{unmatched}/match", actions.match_result, TUBE, keyed=True, then=_tube)
offer(router, "POST", "/unmatched-results/{unmatched}/dismiss", actions.dismiss_result, None, keyed=True)
