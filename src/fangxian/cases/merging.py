"""Two records of one person, both with a case in one outbreak: a person has one case there, so one of the two must go first."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from fangxian.cases.models import Case
from fangxian.core.errors import Conflict
from fangxian.registry import objections


@objections.objects
def two_cases(ours: Collection[int], theirs: Collection[int]) -> None:
    """Raise Conflict, naming both cases, where each of the two people has one in the same outbreak that was not ruled out."""
    rows = Case.objects.filter(person__in=[*ours, *theirs]).exclude(classification=Case.DISCARDED)
    found = list(rows.order_by("pk").values_list("outbreak_id", "person_id", "code"))
    of = {outbreak: code for outbreak, person, code in found if person in ours}
    for outbreak, person, code in found:
        if person in theirs and outbreak in of:
            raise Conflict(
                _("Both have a case in the same outbreak: %(one)s and %(other)s.")
                % {"one": of[outbreak], "other": code},
                remedy=_(
                    "Compare the two cases, carry over what is missing, and rule one of them out as entered twice; then merge."
                ),
                code="two_cases",
                detail={"cases": [of[outbreak], code]},
            )
