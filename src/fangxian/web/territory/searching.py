"""Which jurisdiction a list is narrowed to."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.standards import cn_ids
from fangxian.standards.errors import InputError


def narrowed(request: HttpRequest, by: Actor, right: str = "registry.view") -> str:
    """The code that the address gives, in its shortest form; else the actor's own jurisdiction. Raises Invalid."""
    given = request.GET.get("area", "").strip()
    if not given:
        return next(iter(by.areas(right)), "")
    try:
        return cn_ids.area_code(given)
    except InputError:
        raise Invalid(
            _("“%(text)s” is no code of a jurisdiction.") % {"text": given},
            remedy=_("It has 2 to 18 digits."),
            field="area",
        ) from None
