"""What views share: is only a part of the page wanted, and where a list goes on."""

from datetime import datetime

from django.http import HttpRequest

from fangxian.core.errors import Invalid
from django.utils.translation import gettext as _


def fragment(request: HttpRequest, part: str = "") -> bool:
    """Whether htmx asks for a part of the page; `part` names which one (`?part=more`)."""
    return bool(getattr(request, "htmx", False)) and (not part or request.GET.get("part") == part)


class Cursor:
    """Where a list in order of (instant, key) goes on, as text for an address."""

    @staticmethod
    def write(at: datetime | None, pk: int) -> str:
        return f"{at.isoformat() if at else ''}_{pk}"

    @staticmethod
    def read(text: str) -> tuple[datetime | None, int] | None:
        """Raises Invalid for what `write` has not written."""
        if not text:
            return None
        at, _mark, pk = text.rpartition("_")
        try:
            moment = datetime.fromisoformat(at) if at else None
            if moment is not None and moment.tzinfo is None:
                raise ValueError
            return moment, int(pk)
        except ValueError:
            raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again.")) from None
