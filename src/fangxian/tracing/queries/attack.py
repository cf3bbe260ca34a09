"""Secondary attack rates: of the contacts whose watch is over, how many fell ill."""

from collections import defaultdict
from math import sqrt
from statistics import NormalDist

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.tracing.models import Contact, Exposure
from fangxian.tracing.schemas import AttackRate

#: What the contacts can be told apart by.
BY = ("category", "setting", "ring")

#: The two-sided 95 % point of the normal distribution.
_Z = NormalDist().inv_cdf(0.975)


def attack_rates(by: Actor, outbreak: str, of: str = "category") -> list[AttackRate]:
    """The secondary attack rate (续发率) by category, setting of the exposure, or ring, with a 95 % Wilson interval.

    Counted are contacts that were released or became a case; those still watched, lost or dismissed are in neither number. A
    contact with exposures in two settings counts in both.
    """
    if of not in BY:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": of},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(BY)},
            field="of",
        )
    outbreak_id = cases.outbreak(by, outbreak).id
    over = Contact.objects.filter(
        by.scope("contacts.view", organisation="held_by_id"),
        outbreak_id=outbreak_id,
        state__in=(Contact.RELEASED, Contact.BECAME_CASE),
    )
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    if of == "setting":
        rows = Exposure.objects.filter(contact__in=over).exclude(category="")
        for group, _pk, state in rows.values_list("setting", "contact_id", "contact__state").distinct():
            counts[group][0] += 1
            counts[group][1] += state == Contact.BECAME_CASE
    else:
        for group, state in over.values_list(of, "state"):
            counts[str(group)][0] += 1
            counts[str(group)][1] += state == Contact.BECAME_CASE
    return [_rate(group, n, k) for group, (n, k) in sorted(counts.items(), key=lambda one: (-one[1][0], one[0]))]


def _rate(group: str, n: int, k: int) -> AttackRate:
    """The share with Wilson's interval, which keeps its coverage where shares are small and groups are too."""
    z, share = _Z, k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return AttackRate(group, n, k, share, max(0.0, middle - half), min(1.0, middle + half))
