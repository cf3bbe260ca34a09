"""Reading jurisdictions: names, the tree, and the codes that a place had before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import within
from fangxian.core.errors import NotFound
from fangxian.registry import romanised
from fangxian.registry.divisions import SUMMARY_NAMES
from fangxian.registry.languages import is_chinese
from fangxian.registry.levels import LEVELS, at_level, upwards
from fangxian.registry.models import Jurisdiction
from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Area:
    """A jurisdiction. `name` is in the language asked for; `valid_until` says that the code has ended."""

    code: str
    level: str
    name: str
    population: int | None
    lon: float | None
    lat: float | None
    valid_until: date | None
    successor: str


def area_names(codes: Iterable[str], lang: str | None = None) -> dict[str, str]:
    """Names of many jurisdictions, one query; a code that is not in the register is its own name, "" the whole country.

    Nothing is kept between calls: the query costs less than a millisecond, a name that was changed elsewhere costs trust.
    """
    chinese = _chinese(lang)
    wanted = set(codes)
    rows = Jurisdiction.objects.filter(pk__in=wanted).values_list("code", "name_zh", "name_en")
    found = {code: _name(zh, en, chinese) for code, zh, en in rows}
    return {code: found.get(code) or code or _("the whole country") for code in wanted}


def named_and_drawn(named: Iterable[str], drawn: Iterable[str]) -> tuple[dict[str, str], bool]:
    """`area_names` of some jurisdictions, and whether the outline of any of others is on record. One query."""
    chinese, called, wanted = _chinese(None), set(named), set(drawn)
    has_outline = ExpressionWrapper(Q(outline__isnull=False), BooleanField())
    rows = Jurisdiction.objects.filter(pk__in=called | wanted).annotate(has_outline=has_outline)
    found = {row[0]: row[1:] for row in rows.values_list("code", "name_zh", "name_en", "has_outline")}
    names = {
        code: _name(*found[code][:2], chinese) if code in found else code or _("the whole country") for code in called
    }
    return names, any(found[code][2] for code in wanted & found.keys())


def full_area_names(codes: Iterable[str], lang: str | None = None) -> dict[str, str]:
    """Names with those of the jurisdictions above: 浙江省杭州市西湖区, or Xihu District, Hangzhou, Zhejiang. Two queries at most."""
    chinese = _chinese(lang)
    wanted = set(codes)
    called = area_names({above for code in wanted for above in upwards(code)}, lang)
    full = {}
    for code in wanted:
        path = [
            called[above] for above in upwards(code) if called[above] not in SUMMARY_NAMES and called[above] != above
        ]
        full[code] = ("".join(reversed(path)) if chinese else ", ".join(path)) or code or _("the whole country")
    return full


def short_area_names(codes: Iterable[str], lang: str | None = None) -> dict[str, str]:
    """Names as people of the county say them: a grid or building with its community (春和社区第1网格), the rest by itself. One query."""
    language = "zh" if _chinese(lang) else "en"
    return {code: name.in_(language) for code, name in short_area_texts(codes).items()}


def short_area_texts(codes: Iterable[str]) -> dict[str, Text]:
    """The same in both languages, one query."""
    wanted = set(codes)
    community = {code: at_level(code, "village") for code in wanted}
    rows = Jurisdiction.objects.filter(pk__in={*wanted, *community.values()}).values_list("code", "name_zh", "name_en")
    called = {code: Text(_name(zh, en, True), _name(zh, en, False)) for code, zh, en in rows}
    short = {}
    for code in wanted:
        own = called.get(code) or _nameless(code)
        whole = called.get(community[code]) or _nameless(community[code])
        short[code] = own if community[code] == code else Text(whole.zh + own.zh, f"{own.en}, {whole.en}")
    return short


def _nameless(code: str) -> Text:
    """A code that is not in the register is its own name, "" the whole country."""
    return Text(code, code) if code else Text("全国", "the whole country")


def area(code: str, lang: str | None = None) -> Area:
    """One jurisdiction. Raises NotFound."""
    row = Jurisdiction.objects.filter(pk=code).defer("outline").first()
    if row is None:
        raise NotFound(_("There is no jurisdiction %(code)s.") % {"code": code})
    return _area(row, _chinese(lang))


def children(code: str, *, lang: str | None = None, with_abolished: bool = False) -> list[Area]:
    """The jurisdictions one level below (or two, where a summary code or a city without counties leaves one out)."""
    deeper = [length for length in sorted(LEVELS) if length > len(code)]
    for length in deeper[:2]:
        found = below(code, LEVELS[length], lang=lang, with_abolished=with_abolished)
        if found:
            return found
    return []


def below(
    code: str,
    level: str,
    *,
    lang: str | None = None,
    with_abolished: bool = False,
    after: str = "",
    limit: int | None = None,
) -> list[Area]:
    """Every jurisdiction of a level within one, by code; from the one after `after`."""
    rows = Jurisdiction.objects.filter(within(code, "code"), level=level, code__gt=after).defer("outline")
    if not with_abolished:
        rows = rows.filter(_standing())
    return [_area(row, _chinese(lang)) for row in rows.order_by("code")[:limit]]


def prefixes(code: str) -> tuple[str, ...]:
    """The codes under which a jurisdiction's records are found: its own, and those it succeeded (撤并).

    So the numbers of a county that swallowed another include the other's past. None lies within another.
    """
    if not code:
        return ("",)
    return succeeded(code, dict(Jurisdiction.objects.exclude(successor="").values_list("code", "successor")))


def succeeded(code: str, ended: Mapping[str, str]) -> tuple[str, ...]:
    """The same, with the codes that have ended (each with its successor) at hand."""
    found = {code}
    grown = bool(code)
    while grown:
        more = {old for old, new in ended.items() if any(new.startswith(one) for one in found)}
        more = {old for old in more if not any(old.startswith(one) for one in found)}
        grown = bool(more)
        found |= more
    outermost = {one for one in found if not any(one != other and one.startswith(other) for other in found)}
    return (code, *sorted(outermost - {code}))


def in_any(codes: Sequence[str], column: str = "area") -> Q:
    """Rows that lie in any of the jurisdictions: for `prefixes`."""
    found = Q(pk__in=())
    for code in codes:
        if not code:
            return Q()
        found |= within(code, column)
    return found


def current(code: str) -> str:
    """The code that stands today for a code that may have ended: its successor's successor, as far as they go."""
    return current_codes([code])[code]


def current_codes(codes: Iterable[str]) -> dict[str, str]:
    """The same for many. A code below one that ended goes on below the successor only if it is there; else it is the successor."""
    wanted = set(codes)
    ended = dict(Jurisdiction.objects.exclude(successor="").values_list("code", "successor"))
    return {code: follow(code, ended) for code in wanted}


def follow(code: str, ended: Mapping[str, str]) -> str:
    """Follow successors from a code or from the nearest jurisdiction above it that ended. A circle ends where it began."""
    seen = set()
    while code not in seen:
        seen.add(code)
        for above in upwards(code):
            if above in ended:
                code = ended[above]
                break
    return code


def _standing() -> Q:
    return Q(valid_until__isnull=True) | Q(valid_until__gt=clock.today())


def _chinese(lang: str | None) -> bool:
    return lang.startswith("zh") if lang else is_chinese()


def _name(zh: str, en: str, chinese: bool) -> str:
    return zh if chinese else en or romanised.division(zh)


def _area(row: Jurisdiction, chinese: bool) -> Area:
    return Area(
        row.code, row.level, _name(row.name_zh, row.name_en, chinese), row.population, row.lon, row.lat,
        row.valid_until, row.successor,
    )  # fmt: skip
