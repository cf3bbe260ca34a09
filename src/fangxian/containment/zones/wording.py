"""What is said of zones in both languages: why each case counts, and the notice as the facts would have it."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from django.utils.translation import gettext as _

from fangxian import protocols
from fangxian.containment.zones.land import Land
from fangxian.containment.zones.models import Ground, Notice, Zone
from fangxian.containment.zones.proposing import ACTIVE, LIVES, STAYED
from fangxian.containment.zones.schemas import Draft
from fangxian.core import clock
from fangxian.protocols import Pack, ZoneLevel
from fangxian.text import Text, listed

_DID = {
    LIVES: Text("居住于", "lives at"),
    ACTIVE: Text("传染期内频繁活动于", "was frequently active, while infectious, at"),
    STAYED: Text("传染期内停留于", "stayed, while infectious, at"),
}
_SOMEBODY = Text("一名感染者", "An infected person")


def why(ground: Ground, pack: Pack, case: str, unit: Text) -> Text:
    """One ground as a sentence: which case, what it did where, how long, when, and by which rule that counts."""
    zones = pack.zones
    assert zones is not None, "a zone is under a guideline that has zones"
    who = Text(f"病例 {case}", f"Case {case}") if case else _SOMEBODY
    did = _DID.get(ground.fact, Text("涉及", "concerns"))
    said = Text(f"{who.zh}{did.zh}{unit.zh}", f"{who.en} {did.en} {unit.en}")
    if ground.visits:
        span = _span(ground.first_at, ground.last_at)
        said = Text(
            f"{said.zh}，{ground.visits} 次共 {ground.minutes} 分钟（{span}）",
            f"{said.en}, {ground.visits} visit{'s' * (ground.visits > 1)}, {ground.minutes} minutes in all ({span})",
        )
    _found, cited = protocols.zone_facts(zones, {"stay_minutes": ground.minutes, "stay_visits": ground.visits})
    rule = next((one for one in zones.counting if one.key == ground.fact), None)
    if rule is not None:
        text, grade = rule.when.text, max((one.grade for one in cited), key="ABCG".index, default="G")
        said = Text(
            f"{said.zh}；“{rule.name.zh}”指{text.zh}（{grade} 级）",
            f"{said.en}; “{rule.name.en}” is {text.en} (grade {grade})",
        )
    level = zones.level(ground.level)
    return Text(f"{said.zh}。{_by_rule(level, pack).zh}", f"{said.en}. {_by_rule(level, pack).en}")


def change_name(what: str) -> str:
    """What a change of a zone is called, in the reader's language."""
    return {
        "proposed": _("proposed"), "edited": _("edited"), "accepted": _("put into force"), "declined": _("declined"),
        "infection": _("a new infection inside"), "round": _("a testing round recorded"),
        "notice": _("a notice published"), "downgraded": _("brought down a level"), "lifted": _("lifted"),
        "withdrawn": _("withdrawn"), "absorbed": _("taken into a stricter zone"),
    }.get(what, what)  # fmt: skip


def _by_rule(level: ZoneLevel, pack: Pack) -> Text:
    cite = level.cite
    clause = Text(f"，{cite.clause}", f", {cite.clause}") if cite.clause else Text("", "")
    return Text(
        f"依据{pack.name.zh}（{pack.version}{clause.zh}，{cite.grade} 级）定为{level.name.zh}。",
        f"By the {pack.name.en} ({pack.version}{clause.en}, grade {cite.grade}) this makes it a {level.name.en.lower()}.",
    )


def basis(zone: Zone, pack: Pack) -> str:
    """What the journal names as the ground: pack, version and clause or source."""
    assert pack.zones is not None, "a zone is under a guideline that has zones"
    cite = pack.zones.level(zone.level).cite
    return f"{zone.pack} {cite.clause or cite.source}"[:120]


def measures(level: ZoneLevel) -> Text:
    """The measures of a level as one list."""
    return listed((one.name for one in level.measures), "；", "; ")


def draft(zone: Zone, pack: Pack, kind: str, lands: Sequence[Land]) -> Draft:
    """A notice of one kind (drawn, downgraded, lifted, withdrawn) as the facts would have it. It names no case and no person."""
    assert pack.zones is not None, "a zone is under a guideline that has zones"
    level = pack.zones.level(zone.level)
    name = Text(zone.name_zh, zone.name_en)
    day = zone.level_since or clock.now()
    if kind in (Notice.LIFTED, Notice.WITHDRAWN):
        day = zone.ended_at or clock.now()
    zh_day, en_day = _day(day)
    titles = {
        Notice.DRAWN: Text(f"关于划定{name.zh}为{level.name.zh}的公告", f"{name.en}: {level.name.en}"),
        Notice.DOWNGRADED: Text(
            f"关于将{name.zh}调整为{level.name.zh}的公告", f"{name.en}: now {level.name.en.lower()}"
        ),
        Notice.LIFTED: Text(f"关于解除{name.zh}{level.name.zh}的公告", f"{name.en}: {level.name.en.lower()} lifted"),
        Notice.WITHDRAWN: Text(
            f"关于撤销{name.zh}{level.name.zh}的公告", f"{name.en}: {level.name.en.lower()} withdrawn"
        ),
    }
    said = {
        Notice.DRAWN: Text(
            f"根据疫情防控需要，自{zh_day}起，将{name.zh}划定为{level.name.zh}。",
            f"To contain the outbreak, {name.en} is a {level.name.en.lower()} from {en_day} on.",
        ),
        Notice.DOWNGRADED: Text(
            f"经评估符合条件，自{zh_day}起，{name.zh}调整为{level.name.zh}。",
            f"The conditions being met, {name.en} is a {level.name.en.lower()} from {en_day} on.",
        ),
        Notice.LIFTED: Text(
            f"经评估符合条件，自{zh_day}起，解除{name.zh}的{level.name.zh}管理。",
            f"The conditions being met, {name.en} is no longer a {level.name.en.lower()} from {en_day} on.",
        ),
        Notice.WITHDRAWN: Text(
            f"自{zh_day}起，撤销{name.zh}的{level.name.zh}管理。",
            f"{name.en} is no longer a {level.name.en.lower()} from {en_day} on: it was drawn in error.",
        ),
    }[kind]
    parts = [said]
    where = listed((one.name for one in lands), "、", "; ")
    if kind in (Notice.DRAWN, Notice.DOWNGRADED):
        parts.append(Text(f"范围：{where.zh}。", f"Extent: {where.en}."))
        parts.append(Text(f"措施：{measures(level).zh}。", f"Measures: {measures(level).en}."))
        parts.append(Text(f"依据：{pack.name.zh}。", f"Ground: {pack.name.en}."))
    text = reduce(lambda one, other: one.joined(other, "\n"), parts)
    title = titles[kind]
    return Draft(kind, Text(title.zh[:200], title.en[:200]), text)


def _span(first: datetime | None, last: datetime | None) -> str:
    zone = clock.zone()
    return "–".join(f"{one.astimezone(zone):%Y-%m-%d %H:%M}" for one in (first, last) if one is not None)


def _day(at: datetime) -> tuple[str, str]:
    local = at.astimezone(clock.zone())
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}", f"{local:%Y-%m-%d %H:%M}"
