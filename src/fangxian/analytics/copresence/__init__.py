"""Who was with whom (时空交集): contacts over hundreds of millions of stays, in rings around index persons.

from fangxian.analytics import copresence
stays = copresence.Stays.of(person, place, arrival, departure)
found = copresence.trace(stays, copresence.Index.of([7], [0], [86_400]), tau=15 * 60, rings=2)
found.people.person, found.lines.via
"""

from fangxian.analytics.copresence.common import CommonSources, common_sources
from fangxian.analytics.copresence.companions import cell_stays, companions
from fangxian.analytics.copresence.crowds import CrowdTraced, Notices, busiest, trace_capped
from fangxian.analytics.copresence.grids import cells
from fangxian.analytics.copresence.ranking import Contacts, Hazard, Ranking, rank
from fangxian.analytics.copresence.sources import Carriers, Sources, carriers, sources
from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tracing import Index, Lines, People, Traced, trace

__all__ = [
    "Carriers", "CommonSources", "Contacts", "CrowdTraced", "Hazard", "Index", "Lines", "Notices", "People", "Ranking",
    "Sources", "Stays", "Traced", "busiest", "carriers", "cell_stays", "cells", "common_sources", "companions", "rank",
    "sources", "trace", "trace_capped",
]  # fmt: skip
