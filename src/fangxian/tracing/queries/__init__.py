"""The only readers of tracing that others use. People are masked here; to see one is to reveal with a purpose."""

from fangxian.tracing.queries.attack import attack_rates
from fangxian.tracing.queries.calendar import follow_ups
from fangxian.tracing.queries.chains import chain_around, chain_graph, chain_picture, chains
from fangxian.tracing.queries.contacts import (
    ContactDetail,
    contact,
    counts,
    follow_up,
    of_case,
    of_cases_and_after,
    of_people,
    of_person,
)
from fangxian.tracing.queries.exposures import exposures
from fangxian.tracing.queries.finding import candidate, found, plan, proposed_to, search, searches, sums
from fangxian.tracing.queries.four_clear import clearance, four_clear, watched_outbreaks
from fangxian.tracing.queries.importing import columns, corrections, import_of, imports, left_out, preview
from fangxian.tracing.queries.lake import LakeView, lake_view
from fangxian.tracing.queries.proposing import propose
from fangxian.tracing.queries.reaching import Reaching, of_contacts, reaching
from fangxian.tracing.queries.readying import ready
from fangxian.tracing.queries.stays import last_contacts
from fangxian.tracing.queries.tracks import investigation, track
from fangxian.tracing.sourcing import shared_places
from fangxian.tracing.telling import stays_of

__all__ = [
    "ContactDetail",
    "LakeView",
    "Reaching",
    "attack_rates",
    "candidate",
    "chain_around",
    "chain_graph",
    "chain_picture",
    "chains",
    "clearance",
    "columns",
    "contact",
    "corrections",
    "counts",
    "exposures",
    "follow_up",
    "follow_ups",
    "found",
    "four_clear",
    "import_of",
    "imports",
    "investigation",
    "lake_view",
    "last_contacts",
    "left_out",
    "of_case",
    "of_cases_and_after",
    "of_contacts",
    "of_people",
    "of_person",
    "plan",
    "preview",
    "propose",
    "proposed_to",
    "reaching",
    "ready",
    "search",
    "searches",
    "shared_places",
    "stays_of",
    "sums",
    "track",
    "watched_outbreaks",
]
