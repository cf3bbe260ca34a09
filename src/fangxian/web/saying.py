"""How things are said on a page: both languages' texts, amounts of time, days and instants."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from fangxian.core import clock

#: Days, hours, minutes, as they follow a number: “2 d”, “2天”.
UNITS = (pgettext_lazy("after a number", " d"), pgettext_lazy("after a number", " h"), pgettext_lazy("after a number", " min"))

#: What is due within this time is called soon.
SOON = timedelta(hours=1)


def language() -> str:
    """zh-hans or en."""
    return get_language() or "zh-hans"


def chinese() -> bool:
    """Whether the reader reads Chinese."""
    return language().startswith("zh")


def said(text: Any) -> str:
    """What carries both languages (`zh` and `en`, or `name_zh` and `name_en`), in the reader's."""
    if text is None:
        return ""
    for zh, en in (("zh", "en"), ("name_zh", "name_en")):
        if hasattr(text, zh):
            return str(getattr(text, zh) if chinese() else getattr(text, en) or getattr(text, zh))
    return str(text)


def amount(length: timedelta) -> str:
    """The two largest units of a length of time: 3 h 20 min, 2 d 4 h; its sign is not said."""
    minutes = int(abs(length.total_seconds()) // 60)
    parts = [minutes // 1440, minutes // 60 % 24, minutes % 60]
    first = next((place for place, part in enumerate(parts) if part), 2)
    shown = [f"{part}{UNITS[first + place]}" for place, part in enumerate(parts[first : first + 2]) if part or first == 2]
    return (_("%(days)s %(hours)s") % {"days": shown[0], "hours": shown[1]}) if len(shown) > 1 else shown[0]


def until(due: datetime) -> tuple[str, str]:
    """A countdown: its tone (late, soon, calm) and its words."""
    left = due - clock.now()
    if left <= timedelta():
        return "late", _("%s late") % amount(left)
    return ("soon" if left <= SOON else "calm"), _("%s left") % amount(left)


def day(value: date | None) -> str:
    """A day as the reader writes it; the year only where it is not this one."""
    if value is None:
        return "–"
    this_year = value.year == clock.today().year
    if chinese():
        return f"{value.month}月{value.day}日" if this_year else f"{value.year}年{value.month}月{value.day}日"
    return date_format(value, "j M" if this_year else "j M Y")


def instant(value: datetime | None) -> str:
    """An instant in local time: the hour alone for today."""
    if value is None:
        return "–"
    local = value.astimezone(clock.zone())
    hour = local.strftime("%H:%M")
    if local.date() == clock.today():
        return _("today %(hour)s") % {"hour": hour}
    return f"{day(local.date())} {hour}"


#: Words for what is stored by key, in several stages.
PERSONAL = {
    "name": gettext_lazy("name"),
    "name_latin": gettext_lazy("name in Latin letters"),
    "birth_date": gettext_lazy("date of birth"),
    "documents": gettext_lazy("identity documents"),
    "phones": gettext_lazy("telephone"),
    "address": gettext_lazy("address"),
    "aliases": gettext_lazy("other names"),
}
SEX = {"male": gettext_lazy("male"), "female": gettext_lazy("female")}
SEVERITY = {
    "mild": gettext_lazy("mild"),
    "moderate": gettext_lazy("moderate"),
    "severe": gettext_lazy("severe"),
    "critical": gettext_lazy("critical"),
}
OUTCOME = {
    "in_care": gettext_lazy("in care"),
    "recovered": gettext_lazy("recovered"),
    "died": gettext_lazy("died"),
    "transferred": gettext_lazy("transferred"),
}
ORIGIN = {
    "local": gettext_lazy("local"),
    "imported": gettext_lazy("imported"),
    "unknown": gettext_lazy("origin unknown"),
}
CLASSES = {
    "confirmed": gettext_lazy("confirmed"),
    "probable": gettext_lazy("probable"),
    "suspected": gettext_lazy("suspected"),
    "asymptomatic": gettext_lazy("asymptomatic"),
    "discarded": gettext_lazy("discarded"),
}
REVIEW = {
    "reported": gettext_lazy("awaits the county"),
    "returned": gettext_lazy("returned to the reporter"),
    "county": gettext_lazy("passed the county"),
    "city": gettext_lazy("passed the city"),
    "province": gettext_lazy("review complete"),
}
