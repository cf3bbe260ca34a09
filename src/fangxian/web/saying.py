"""How things are said on a page: both languages' texts, amounts of time, days and instants."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.protocols.vocabulary import facts, terms, units

#: Days, hours, minutes, as they follow a number: “2 d”, “2天”.
UNITS = (
    pgettext_lazy("after a number", " d"),
    pgettext_lazy("after a number", " h"),
    pgettext_lazy("after a number", " min"),
)

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
    shown = [
        f"{part}{UNITS[first + place]}" for place, part in enumerate(parts[first : first + 2]) if part or first == 2
    ]
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

#: What is known of a stay or an exposure, and from where.
SOURCE_NAMES = {
    "interview": gettext_lazy("interview"),
    "card": gettext_lazy("payment or travel card"),
    "camera": gettext_lazy("camera"),
    "ticket": gettext_lazy("ticket"),
    "venue_code": gettext_lazy("venue code"),
    "register": gettext_lazy("register of households"),
    "linelist": gettext_lazy("line list"),
}

#: The moments of 7-1-7.
MILESTONE_NAMES = {
    "emerged_on": gettext_lazy("emergence: onset of the first case"),
    "detected_on": gettext_lazy("detection"),
    "notified_on": gettext_lazy("notification"),
    "responded_on": gettext_lazy("completion of the early response"),
}

#: What the journal says that was done to a case or a contact.
EVENTS = {
    "case.reported": gettext_lazy("reported"),
    "case.amended": gettext_lazy("corrected"),
    "case.corrected": gettext_lazy("corrected after a return"),
    "case.handed_in": gettext_lazy("handed in again"),
    "case.approved": gettext_lazy("approved"),
    "case.returned": gettext_lazy("returned"),
    "case.outcome": gettext_lazy("outcome recorded"),
    "case.isolated": gettext_lazy("isolated"),
    "case.transferred": gettext_lazy("transferred"),
    "case.discarded": gettext_lazy("ruled out"),
    "outbreak.opened": gettext_lazy("outbreak opened"),
    "outbreak.dated": gettext_lazy("dates of 7-1-7 recorded"),
    "outbreak.closed": gettext_lazy("outbreak closed"),
    "track.added": gettext_lazy("stay added to the track"),
    "track.edited": gettext_lazy("stay on the track corrected"),
    "track.removed": gettext_lazy("stay taken off the track"),
    "investigation.opened": gettext_lazy("investigation opened"),
    "investigation.assigned": gettext_lazy("investigation assigned"),
    "investigation.closed": gettext_lazy("investigation closed"),
    "case.infector": gettext_lazy("infector chosen"),
    "case.investigation": gettext_lazy("investigation"),
}

#: Fields of a case as its history names them.
FIELDS = {
    "source_ref": gettext_lazy("source number"),
    "classification": gettext_lazy("class"),
    "origin": gettext_lazy("origin"),
    "onset_on": gettext_lazy("onset"),
    "sampled_at": gettext_lazy("sampled"),
    "diagnosed_at": gettext_lazy("diagnosed"),
    "reported_at": gettext_lazy("reported at"),
    "isolated_at": gettext_lazy("isolated at"),
    "last_negative_at": gettext_lazy("last negative test"),
    "severity": gettext_lazy("severity"),
    "hospital": gettext_lazy("hospital"),
    "admitted_at": gettext_lazy("admitted"),
    "outcome": gettext_lazy("outcome"),
    "outcome_on": gettext_lazy("date of outcome"),
    "note": gettext_lazy("note"),
}

#: How a contact is held, and what became of the watch.
HELD = {
    "home": gettext_lazy("at home"),
    "site": gettext_lazy("isolation site"),
    "hospital": gettext_lazy("in hospital"),
    "elsewhere": gettext_lazy("elsewhere"),
}
CONTACT_STATES = {
    "watched": gettext_lazy("under watch"),
    "released": gettext_lazy("released"),
    "case": gettext_lazy("became a case"),
    "lost": gettext_lazy("lost to follow-up"),
    "dismissed": gettext_lazy("no contact after all"),
    "merged": gettext_lazy("merged with another record"),
}


def fact_name(key: str) -> str:
    """A fact of the protocols' vocabulary by name."""
    fact = facts().get(key)
    return said(fact.name) if fact else key


def fact_value(key: str, value: Any) -> str:
    """What was answered to a fact, in words."""
    fact = facts().get(key)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if fact and value in fact.values:
        return said(fact.values[value])
    unit = units().get(fact.unit) if fact and fact.unit else None
    return f"{value} {said(unit.name)}" if unit else str(value)


def field_name(name: str) -> str:
    """A field of a case as its history names it; facts and dates by their own names."""
    group, _dot, key = name.partition(".")
    if group == "facts":
        return fact_name(key)
    if group == "dates":
        return said(terms("anchors").get(key, key))
    return str(FIELDS.get(name, name))


def field_value(name: str, value: Any) -> str:
    """The value of such a field in words."""
    if value in (None, ""):
        return "–"
    group, _dot, key = name.partition(".")
    if group == "facts":
        return fact_value(key, value)
    tables: dict[str, dict[str, Any]] = {
        "classification": CLASSES,
        "origin": ORIGIN,
        "severity": SEVERITY,
        "outcome": OUTCOME,
    }
    if name in tables:
        return str(tables[name].get(value, value))
    if isinstance(value, str) and (name.endswith(("_at", "_on")) or group == "dates"):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return instant(value)
    return day(value) if isinstance(value, date) else str(value)
