"""The only readers of this stage that others use. People are masked here; to see one is to reveal with a purpose."""

from fangxian.cases.queries.curves import daily_numbers, double_zero, epicurve
from fangxian.cases.queries.exporting import Export, export
from fangxian.cases.queries.linelist import count, line_list, of_people, total
from fangxian.cases.queries.lookups import (
    by_person,
    codes_by_source,
    codes_in,
    facts_of,
    id_of,
    ids_of,
    infected_since,
    outbreak_codes,
    outbreak_id,
    outbreak_pack,
    people_with_cases,
)
from fangxian.cases.queries.one import CaseDetail, case
from fangxian.cases.queries.timeliness import (
    OutbreakName,
    OutbreakView,
    counted,
    outbreak,
    outbreak_name,
    outbreak_names,
    outbreaks,
    seven_one_seven,
)

__all__ = [
    "CaseDetail",
    "Export",
    "OutbreakName",
    "OutbreakView",
    "by_person",
    "case",
    "codes_by_source",
    "codes_in",
    "count",
    "counted",
    "daily_numbers",
    "double_zero",
    "epicurve",
    "export",
    "facts_of",
    "id_of",
    "ids_of",
    "infected_since",
    "line_list",
    "of_people",
    "outbreak",
    "outbreak_codes",
    "outbreak_id",
    "outbreak_name",
    "outbreak_names",
    "outbreak_pack",
    "outbreaks",
    "people_with_cases",
    "seven_one_seven",
    "total",
]
