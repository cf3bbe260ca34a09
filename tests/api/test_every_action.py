"""Nothing that can be done or asked on a page is missing from the API."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

API = Path(__file__).resolve().parents[2] / "src" / "fangxian" / "api"

#: What is not asked for from outside, and why.
FOR_OTHER_STAGES = "asked by other stages, which have checked the right"
BY_THE_ENGINE = "done by the stages as part of their own actions"
BY_AN_UNDO = "done by undoing an import"
ON_A_PAGE = "files are dropped on a page, or taken by `fangxian import`; programs report in batches"
LEFT_OUT = {
    "fangxian.registry.actions": {
        "PERSONAL": "a list of names",
        "PlaceForm": "a form",
        "LABELS": "a list of names",
        "check": "part of registering",
        "forget_keys": "done by dropping stays",
        "keys_of_labels": "part of sending stays",
        "lake_keys": "part of sending stays",
        "open_keys": "part of finding contacts",
        "import_organisations": ON_A_PAGE,
        "import_places": ON_A_PAGE,
        "install": "done once, by `fangxian` itself",
        "register_many": "for imports; people come with their cases and exposures",
        "withdraw_people": BY_AN_UNDO,
        "reveal_many": "for exports; one person at a time is revealed to somebody who asks",
    },
    "fangxian.registry.queries": {
        "whole": FOR_OTHER_STAGES,
        "Area": "an answer",
        "Parts": "an answer",
        "Post": "an answer",
        "Responsibility": FOR_OTHER_STAGES,
        "named_and_drawn": FOR_OTHER_STAGES,
        "area_names": FOR_OTHER_STAGES,
        "buildings_of": FOR_OTHER_STAGES,
        "holders_of": FOR_OTHER_STAGES,
        "roll": FOR_OTHER_STAGES,
        "around": FOR_OTHER_STAGES,
        "by_codes": FOR_OTHER_STAGES,
        "canonical": FOR_OTHER_STAGES,
        "codes_of": FOR_OTHER_STAGES,
        "doors": FOR_OTHER_STAGES,
        "current": FOR_OTHER_STAGES,
        "current_codes": FOR_OTHER_STAGES,
        "full_area_names": FOR_OTHER_STAGES,
        "homes": FOR_OTHER_STAGES,
        "identified": FOR_OTHER_STAGES,
        "in_any": FOR_OTHER_STAGES,
        "lake_keys_of": FOR_OTHER_STAGES,
        "living_counted": FOR_OTHER_STAGES,
        "living_in": FOR_OTHER_STAGES,
        "named": FOR_OTHER_STAGES,
        "names": FOR_OTHER_STAGES,
        "organisation_ids": FOR_OTHER_STAGES,
        "organisation_names": FOR_OTHER_STAGES,
        "organisations_of": "a view is shared with one of them, or refused",
        "parts": FOR_OTHER_STAGES,
        "organisations_at": FOR_OTHER_STAGES,
        "outlines_of": FOR_OTHER_STAGES,
        "outlines_within": FOR_OTHER_STAGES,
        "parts_of": FOR_OTHER_STAGES,
        "place_ids": FOR_OTHER_STAGES,
        "prefixes": FOR_OTHER_STAGES,
        "resembling": FOR_OTHER_STAGES,
        "residents": FOR_OTHER_STAGES,
        "same_person": FOR_OTHER_STAGES,
        "short_area_names": FOR_OTHER_STAGES,
        "short_area_texts": FOR_OTHER_STAGES,
        "person_with_kin": "asked by a person's page, in one look",
        "duplicates": FOR_OTHER_STAGES,
        "points": FOR_OTHER_STAGES,
        "spots": FOR_OTHER_STAGES,
        "spots_by_code": FOR_OTHER_STAGES,
        "spots_in": FOR_OTHER_STAGES,
        "traits": FOR_OTHER_STAGES,
    },
    "fangxian.surveillance.actions": {
        "MOST": "a number",
        "detect": "done soon after numbers have come",
        "notice_silence": "done by time itself",
        "owe": "done by time itself",
        "report_many": "part of sending a batch",
    },
    "fangxian.surveillance.queries": {
        "board": "for the overview; programs read signals, alerts and late reports",
        "changes": "for the overview; programs read signals, alerts and late reports",
        "judged": "for the page of a series and its files; its alarms are the signals",
        "sheet": "for a page: the source with its reports, breaks and untested, which have addresses of their own",
        "sparks": "for a page: the series, drawn",
        "unexplained": "for the doctor and the laws; it is always empty",
    },
    "fangxian.laboratory.actions": {"report_result": "a batch of one", "start_results": ON_A_PAGE},
    "fangxian.laboratory.queries": {
        "pool_members": FOR_OTHER_STAGES,
        "busiest_day": FOR_OTHER_STAGES,
        "counted": "the numbers above a page; programs read the lists",
        "outcomes": FOR_OTHER_STAGES,
        "pool_clocks": "a part of the chain of clocks of a tube",
        "samples_of": FOR_OTHER_STAGES,
        "swabs": FOR_OTHER_STAGES,
        "test_done_by": FOR_OTHER_STAGES,
        "tests_owed_by": FOR_OTHER_STAGES,
        "tests_owed": FOR_OTHER_STAGES,
        "told_by": FOR_OTHER_STAGES,
        "waiting_to_be_sealed": "for the page on which a box is sealed; programs read the tubes that were taken",
    },
    "fangxian.laboratory.screening.actions": {
        "count_swabs": "done by the house when samples are taken",
        "owe": "done by the house as days begin",
        "recount": "done by the house when people are merged",
        "take_results": "done by the house when results come",
        "watch_ended": "done by the house when a watch is over",
    },
    "fangxian.laboratory.screening.queries": {
        "how_often": "rosters say it",
        "post_name": "rosters say it",
    },
    "fangxian.laboratory.rounds.actions": {
        "people_joined": "done when records are found to be of one person",
        "tubes_touched": "done when samples are taken, told of, rejected or lost",
    },
    "fangxian.laboratory.rounds.queries": {
        "households_missing": "the number above a page; programs read the list",
        "on_roll": FOR_OTHER_STAGES,
        "result_of": FOR_OTHER_STAGES,
        "any_running": "whether the list is worth asking for",
    },
    "fangxian.cases.actions": {"withdraw_cases": BY_AN_UNDO, "amend_many": FOR_OTHER_STAGES},
    "fangxian.cases.queries": {
        "CaseDetail": "an answer",
        "Export": "an answer",
        "OutbreakName": "an answer",
        "OutbreakView": "an answer",
        "by_person": FOR_OTHER_STAGES,
        "codes_by_source": FOR_OTHER_STAGES,
        "codes_in": "the line list of an outbreak says it",
        "export": "asked by the action of the same name, which leaves a line in the journal",
        "facts_of": FOR_OTHER_STAGES,
        "id_of": FOR_OTHER_STAGES,
        "of_people": "asked by a person's page; cases and contacts have lists of their own",
        "people_with_cases": FOR_OTHER_STAGES,
        "ids_of": FOR_OTHER_STAGES,
        "infected_since": FOR_OTHER_STAGES,
        "outbreak_codes": FOR_OTHER_STAGES,
        "outbreak_id": FOR_OTHER_STAGES,
        "outbreak_name": "the API has `outbreak`, which says more",
        "outbreak_names": FOR_OTHER_STAGES,
        "outbreak_pack": FOR_OTHER_STAGES,
    },
    "fangxian.tracing.actions": {
        **dict.fromkeys(
            "begin_import choose_columns correct_import forget_import set_recipe start_import undo_import".split(), ON_A_PAGE
        ),
        "SEND": "a right",
        "forget_old": "done by time itself",
        "confirm_all": "done as a job that `start_confirming` puts in the queue",
        "export_contacts": "a file; programs read the contacts of an outbreak page by page",
        "export_found": "a file; programs read the people of a search page by page",
        "forget_stays": "done by time itself",
        "tidy_stays": "done by time itself",
        "drop_stays": "done on the machine itself, by `fangxian lake drop`",
    },
    "fangxian.tracing.queries": {
        **dict.fromkeys("columns corrections import_of imports left_out preview".split(), ON_A_PAGE),
        "of_cases_and_after": "a part of the chain of clocks of a tube",
        "ContactDetail": "an answer",
        "clearance": "part of the table of the four clear",
        "chain_picture": "`chain_graph`, arranged for a screen",
        "LakeView": "an answer",
        "Reaching": "an answer",
        "of_contacts": FOR_OTHER_STAGES,
        "last_contacts": FOR_OTHER_STAGES,
        "of_people": "asked by a person's page; cases and contacts have lists of their own",
        "of_person": FOR_OTHER_STAGES,
        "stays_of": FOR_OTHER_STAGES,
    },
    "fangxian.containment.zones.actions": {
        "catch_up": "done by the worker",
        "evaluate": "done whenever a case or its track changes",
        "reconsider": "done when a case is ruled out",
        "take_round": "done when a testing round is over, and when its results come in",
    },
    "fangxian.containment.zones.queries": {
        "counted": FOR_OTHER_STAGES,
        "membership": "part of planning a round in a zone",
        "LIFTED_IN_IT": "a name",
        "numbers": FOR_OTHER_STAGES,
        "drawn": "for the page on which a zone is drawn; programs read the zone and the map",
    },
    "fangxian.containment.isolation.actions": {
        "Handed": "an answer",
        "neighbours_freed": "done when the last of those at home is free",
        "holder_of": "asked by the page that a letter opens",
        "open_letter": "typed by the holder of a letter, on its page",
        "duty_ended": "done when the duties of somebody in isolation have ended",
        "retime": "done when a clock has moved",
        "revealing": "part of revealing a person",
        "watch_ended": "done when a contact is watched no longer",
        "watched_again": "done when a release did not hold",
    },
    "fangxian.containment.isolation.queries": {
        "rooms": FOR_OTHER_STAGES,
        "public_neighbour_notice": "for the page that the paper leads to",
        "neighbour_draft": "for the page on which a notice is issued",
        "kept_too_long": "a part of the situation; `numbers` has it for programs",
        "office": "stands on the letter of somebody in isolation",
        "clocks_of": "a part of the chain of clocks of a tube",
        "overdue": "the first lines of the releases, above a page",
        "whose": "a part of revealing somebody"},
    "fangxian.containment.venues.actions": {},
    "fangxian.containment.venues.queries": {},
    "fangxian.duties.actions": {
        "Done": "a form",
        "complete_many": BY_THE_ENGINE,
        "ask_for_help": "done when somebody was tried in vain as often as the pack says",
        "expire": "done by time itself",
        "open_due": BY_THE_ENGINE,
        "set_anchors": BY_THE_ENGINE,
        "end_all": BY_THE_ENGINE,
        "withdraw": BY_AN_UNDO,
        "reassign": "done when a post falls vacant",
        "release": BY_THE_ENGINE,
        "reopen": "done when a result is corrected",
        "send_back": "a report is sent back by reviewing the case",
    },
    "fangxian.command.situation.actions": {
        "digest": "part of signing",
        "draft_due": "done by the house at the set hour",
    },
    "fangxian.command.situation.queries": {
        "missing_by_name": "the steps are those of /steps/missing",
        "keep_pictures": "done by time itself",
        "picture": "the same as the situation, kept for a minute for a page",
        "places": "the grants of the session say it",
        "places_to_report": "the grants of the session say it",
    },
    "fangxian.duties.queries": {
        "count_outstanding": FOR_OTHER_STAGES,
        "outstanding": FOR_OTHER_STAGES,
        "Answer": "an answer",
        "Covered": "an answer",
        "answering": FOR_OTHER_STAGES,
        "diary": FOR_OTHER_STAGES,
        "holds": FOR_OTHER_STAGES,
        "ids_of_subjects": FOR_OTHER_STAGES,
        "last_settled": FOR_OTHER_STAGES,
        "last_told": FOR_OTHER_STAGES,
        "late_subjects": FOR_OTHER_STAGES,
        "due_of_role": FOR_OTHER_STAGES,
        "of_role": FOR_OTHER_STAGES,
        "open_step": FOR_OTHER_STAGES,
        "open_steps_of": FOR_OTHER_STAGES,
        "due_of_subjects": FOR_OTHER_STAGES,
        "may_see": FOR_OTHER_STAGES,
    },
}  # fmt: skip


def _public(module: str) -> set[str]:
    """The functions that a module offers: those of `__all__`, else those it defines under a name without underscore."""
    found = import_module(module)
    if hasattr(found, "__all__"):
        return set(found.__all__)
    tree = ast.parse(Path(str(found.__file__)).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}


def _used(module: str) -> set[str]:
    """The names of a module that the code of the API uses, by whatever name it imported the module."""
    package, _dot, last = module.rpartition(".")
    used: set[str] = set()
    for path in API.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {
            alias.asname or alias.name
            for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == package
            for alias in node.names if alias.name == last
        }  # fmt: skip
        used |= {
            node.attr for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in called
        }  # fmt: skip
    return used


@pytest.mark.parametrize("module", LEFT_OUT)
def test_what_a_stage_offers_can_be_asked_for(module: str) -> None:
    offered, used, left_out = _public(module), _used(module), set(LEFT_OUT[module])
    assert offered - used - left_out == set(), "give it an address in fangxian.api, or say here why it has none"
    assert left_out - offered == set(), "these are gone"


def test_the_api_reaches_no_table() -> None:
    imported = {
        node.module for path in API.glob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    }  # fmt: skip
    assert {module for module in imported if module.endswith(".models") and module.startswith("fangxian")} == set()
