"""The only writers of the registry. Each checks the right, writes, leaves its line in the journal and tells of it."""

from fangxian.registry.actions.amendments import amend_person, withdraw
from fangxian.registry.actions.divisions import abolish_division, import_divisions, install, rename_division
from fangxian.registry.actions.households import create_household, house, move_in, move_out, set_head
from fangxian.registry.actions.lake_keys import LABELS, forget_keys, keys_of_labels, lake_keys, open_keys
from fangxian.registry.actions.matches import find_matches, merge, say_different, say_same, unmerge
from fangxian.registry.actions.organisations import create_organisation, deactivate_organisation, rename_organisation
from fangxian.registry.actions.outlines import import_outlines, outline_division
from fangxian.registry.actions.people import register_many, register_person, withdraw_people
from fangxian.registry.actions.places import PlaceForm, amend_place, create_place
from fangxian.registry.actions.posts import appoint, end_appointment, hand_over_post
from fangxian.registry.actions.reveals import PERSONAL, reveal, reveal_many
from fangxian.registry.actions.tables import import_organisations, import_places
from fangxian.registry.actions.views import begin_with, delete_view, keep_columns, rename_view, save_view
from fangxian.registry.checking import check

__all__ = [
    "LABELS",
    "PERSONAL",
    "PlaceForm",
    "abolish_division",
    "amend_person",
    "amend_place",
    "appoint",
    "begin_with",
    "check",
    "create_household",
    "create_organisation",
    "create_place",
    "deactivate_organisation",
    "delete_view",
    "end_appointment",
    "find_matches",
    "forget_keys",
    "hand_over_post",
    "house",
    "import_divisions",
    "import_organisations",
    "import_outlines",
    "import_places",
    "install",
    "keep_columns",
    "keys_of_labels",
    "lake_keys",
    "merge",
    "move_in",
    "move_out",
    "open_keys",
    "outline_division",
    "register_many",
    "register_person",
    "rename_division",
    "rename_organisation",
    "rename_view",
    "reveal",
    "reveal_many",
    "save_view",
    "say_different",
    "say_same",
    "set_head",
    "unmerge",
    "withdraw",
    "withdraw_people",
]
