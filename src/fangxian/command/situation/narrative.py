"""The situation in sentences, in the manner of an official bulletin (疫情日报), composed from its figures in either language.

Pure. A sentence is a row of pieces: words, and numbers that carry the key of their figure, so that a page can link each number
and a document can refer from each to its question.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fangxian.command.situation.schemas import KindFigures, Situation

#: How many kinds of duty, and places of one, are named in a sentence.
MOST = 3
_SOURCES = ("cases.new.imported", "cases.new.controlled", "cases.new.uncontrolled", "cases.new.community")
_SOURCES_ZH = tuple(zip(_SOURCES, ("输入", "管控中发现", "密接中发现（报告时未管控）", "社会面发现"), strict=True))
_SOURCES_EN = tuple(
    zip(
        _SOURCES,
        (
            "imported",
            "found among contacts under control",
            "found among contacts not yet held",
            "found in the community",
        ),
        strict=True,
    )
)
_WATCH = ("contacts.new", "contacts.released", "contacts.became_case", "contacts.lost")
_WATCH_ZH = tuple(zip(_WATCH, ("新判定", "解除", "转为病例", "失访"), strict=True))
_WATCH_EN = tuple(zip(_WATCH, ("identified", "released", "became cases", "lost to follow-up"), strict=True))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence; `key` is that of the figure which the text is the value of."""

    text: str
    key: str = ""


Paragraph = tuple[Piece, ...]


def paragraphs(told: Situation, chinese: bool) -> tuple[Paragraph, ...]:
    """Cases; contacts; what is owed and zones."""
    texts = (_cases_zh, _contacts_zh, _duties_zh) if chinese else (_cases_en, _contacts_en, _duties_en)
    return tuple(_pieces(text, told, chinese) for write in texts if (text := write(told)))


def headline(told: Situation, chinese: bool) -> Paragraph:
    """The day in one sentence."""
    if chinese:
        text = _new_zh(told) + "；" + _double_zero_zh(told)
        text += "；逾期未完成任务{duties.missing}项。" if told.value("duties.missing") else "。"
    else:
        text = _new_en(told) + "; " + _double_zero_en(told)
        text += "; {duties.missing|step|steps} overdue." if told.value("duties.missing") else "."
    return _pieces(text[:1].upper() + text[1:], told, chinese)


def heading(told: Situation, chinese: bool) -> str:
    """The title of the report: 汐州市新冠疫情日报, Situation report: COVID-19 in Xizhou."""
    if chinese:
        name = told.outbreak_name.zh
        return f"{'' if told.area_name.zh in name else told.area_name.zh}{name}日报"
    return f"Daily situation report: {told.outbreak_name.en}"


def cut_off(told: Situation, chinese: bool) -> str:
    """Until when it counts: 2026年3月4日24时, 24:00 on 4 March 2026."""
    end = told.until.astimezone(ZoneInfo(told.zone))
    whole = end.date() > told.day
    if chinese:
        clock = "24时" if whole else _clock_zh(end)
        return f"{told.day.year}年{told.day.month}月{told.day.day}日{clock}"
    return f"{'24:00' if whole else f'{end:%H:%M}'} on {told.day.day} {told.day:%B} {told.day.year}"


def text_of(paragraph: Sequence[Piece]) -> str:
    """A paragraph as plain text."""
    return "".join(piece.text for piece in paragraph)


# ── Chinese ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cases_zh(told: Situation) -> str:
    text = f"{_span_zh(told)}，{told.area_name.zh}{_new_zh(told)}"
    if told.value("cases.new"):
        text += f"。按发现来源：{_list_zh(told, _SOURCES_ZH, '例')}"
    if told.value("cases.new.converted"):
        text += "。新增确诊中{cases.new.converted}例为无症状感染者转确诊"
    text += "。"
    text += "新增治愈{cases.recovered.new}例，" if told.value("cases.recovered.new") else "无新增治愈病例，"
    text += "新增死亡{cases.died.new}例。" if told.value("cases.died.new") else "无新增死亡病例。"
    others = [("cases.late_entered", "另补报以前病例{}例"), ("cases.discarded", "排除{}例")]
    said = [phrase.replace("{}", f"{{{key}}}") for key, phrase in others if told.value(key)]
    text += "，".join(said) + ("。" if said else "")
    text += f"截至{cut_off(told, True)}，累计报告病例{{cases.total}}例"
    classes = [(f"cases.total.{key}", name.zh) for key, name in told.classes]
    text += f"（{_list_zh(told, classes, '例')}）" if told.value("cases.total") else ""
    text += "，现有在治{cases.in_care}例，累计治愈{cases.recovered}例，累计死亡{cases.died}例。"
    return text + _double_zero_zh(told) + "。"


def _new_zh(told: Situation) -> str:
    if not told.value("cases.new"):
        return "无新报告病例" + _classes_zh(told)
    return "新报告病例{cases.new}例" + _classes_zh(told)


def _classes_zh(told: Situation) -> str:
    classes = [(f"cases.new.{key}", name.zh) for key, name in told.classes]
    if not any(told.value(key) for key, _name in classes):
        return ""
    return f"，新增{_list_zh(told, classes, '例')}"


def _double_zero_zh(told: Situation) -> str:
    if told.double_zero:
        return "已连续{double_zero.days}天无新增确诊、无新增疑似（双零）"
    return "尚未实现双零"


def _contacts_zh(told: Situation) -> str:
    if not (told.value("contacts.watched") or told.value("contacts.new")):
        return "无在管密切接触者。"
    text = "现有在管密切接触者等{contacts.watched}人"
    if told.value("contacts.unheld"):
        text += "，其中尚未落实管控{contacts.unheld}人"
    moved = _list_zh(told, _WATCH_ZH, "人")
    text += f"；当日{moved}" if moved else "；当日无变动"
    if told.value("contacts.missing"):
        text += "；随访等应做未做{contacts.missing}项"
    return text + "。"


def _duties_zh(told: Situation) -> str:
    text = ""
    if told.get("duties.missing"):
        if told.value("duties.due_day"):
            text += "辖区当日到期任务{duties.due_day}项，已完成{duties.settled_day}项；"
        text += "逾期未完成任务{duties.missing}项" if told.value("duties.missing") else "无逾期未完成任务"
        late = _most(told)
        if late:
            text += "，主要为" + "、".join(f"{one.name.zh}{one.missing}项{_places_zh(told, one)}" for one in late)
        text += "。"
        if told.value("review.missing"):
            text += "三级审核逾期{review.missing}项。"
    if told.get("zones.in_force"):
        text += "现有风险区{zones.in_force}个，待研判{zones.proposed}个，当日解除{zones.lifted}个。"
    return text


def _places_zh(told: Situation, one: KindFigures) -> str:
    names = {part.code: part.name.zh for part in told.parts}
    named = [f"{names[code]}{number}项" for code, number in one.places[:MOST] if code in names and len(names) > 1]
    return f"（{'、'.join(named)}）" if named else ""


def _list_zh(told: Situation, parts: Sequence[tuple[str, str]], unit: str) -> str:
    return "、".join(f"{name}{{{key}}}{unit}" for key, name in parts if told.value(key))


def _span_zh(told: Situation) -> str:
    end = told.until.astimezone(ZoneInfo(told.zone))
    last = "24时" if end.date() > told.day else _clock_zh(end)
    return f"{told.day.month}月{told.day.day}日0时至{last}"


def _clock_zh(at: datetime) -> str:
    return f"{at.hour}时{at.minute:02}分" if at.minute else f"{at.hour}时"


# ── English ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cases_en(told: Situation) -> str:
    end = told.until.astimezone(ZoneInfo(told.zone))
    span = "" if end.date() > told.day else f" until {end:%H:%M}"
    text = f"On {told.day.day} {told.day:%B}{span}, {told.area_name.en}: {_new_en(told)}. "
    if told.value("cases.new"):
        text += f"By how they were found: {_list_en(told, _SOURCES_EN)}. "
    if told.value("cases.new.converted"):
        text += "Of the new confirmed cases, {cases.new.converted} had been infected without symptoms before. "
    text += (
        "{cases.recovered.new|patient|patients} recovered; "
        if told.value("cases.recovered.new")
        else "No recovery was recorded; "
    )
    text += "{cases.died.new|death|deaths} occurred. " if told.value("cases.died.new") else "no death was recorded. "
    if told.value("cases.late_entered"):
        text += "{cases.late_entered|case|cases} of earlier days came in late. "
    if told.value("cases.discarded"):
        text += "{cases.discarded|case|cases} ruled out. "
    text += f"By {cut_off(told, False)} there were {{cases.total|case|cases}} in all"
    classes = _list_en(told, [(f"cases.total.{key}", _class_en(key, name.en)) for key, name in told.classes])
    text += f" ({classes})" if classes else ""
    text += ", {cases.in_care} in care, {cases.recovered} recovered and {cases.died} dead. "
    said = _double_zero_en(told)
    return text + said[:1].upper() + said[1:] + "."


def _new_en(told: Situation) -> str:
    text = "{cases.new|new case|new cases} reported" if told.value("cases.new") else "no new case reported"
    classes = _list_en(told, [(f"cases.new.{key}", f"newly {_class_en(key, name.en)}") for key, name in told.classes])
    return f"{text}, {classes}" if classes else text


def _class_en(key: str, name: str) -> str:
    return "without symptoms" if key == "asymptomatic" else name


def _double_zero_en(told: Situation) -> str:
    if told.double_zero:
        return "{double_zero.days|day|days} in a row without a new confirmed or suspected case (double zero)"
    return "double zero is not reached"


def _contacts_en(told: Situation) -> str:
    if not (told.value("contacts.watched") or told.value("contacts.new")):
        return "No contacts are under watch."
    text = "{contacts.watched|contact is|contacts are} under watch"
    if told.value("contacts.unheld"):
        text += ", {contacts.unheld} of them not yet held"
    moved = _list_en(told, _WATCH_EN)
    text += f". On the day: {moved}" if moved else ". Nothing changed on the day"
    if told.value("contacts.missing"):
        text += ". {contacts.missing|step|steps} of their follow-up missing"
    return text + "."


def _duties_en(told: Situation) -> str:
    text = ""
    if told.get("duties.missing"):
        if told.value("duties.due_day"):
            text += "{duties.due_day|step|steps} of duties fell due on the day in all outbreaks of the place, "
            text += "{duties.settled_day} of them settled. "
        text += "{duties.missing|step is|steps are} overdue" if told.value("duties.missing") else "Nothing is overdue"
        late = _most(told)
        if late:
            text += ", most of all " + _joined(
                [f"{one.name.en.lower()} {one.missing}{_places_en(told, one)}" for one in late]
            )
        text += ". "
        if told.value("review.missing"):
            text += "{review.missing|step|steps} of the three-level review overdue. "
    if told.get("zones.in_force"):
        text += "{zones.in_force|zone|zones} in force, {zones.proposed} proposed, {zones.lifted} lifted on the day."
    return text.strip()


def _places_en(told: Situation, one: KindFigures) -> str:
    names = {part.code: part.name.en for part in told.parts}
    named = [f"{names[code]} {number}" for code, number in one.places[:MOST] if code in names and len(names) > 1]
    return f" ({', '.join(named)})" if named else ""


def _list_en(told: Situation, parts: Sequence[tuple[str, str]]) -> str:
    return _joined([f"{{{key}}} {name}" for key, name in parts if told.value(key)])


def _joined(said: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:])))


# ── both ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _most(told: Situation) -> list[KindFigures]:
    return [one for one in told.kinds if one.missing][:MOST]


_MARK = re.compile(r"\{([a-z_.]+)(?:\|([^|}]*)\|([^}]*))?\}")


def _pieces(text: str, told: Situation, chinese: bool) -> Paragraph:
    """Put the figures into their marks: {key}, or {key|singular|plural} with the noun in its number."""
    found: list[Piece] = []
    end = 0
    for mark in _MARK.finditer(text):
        value = told.value(mark[1])
        found += [Piece(text[end : mark.start()]), Piece(f"{value:,}" if not chinese else str(value), mark[1])]
        if mark[2] is not None:
            found.append(Piece(f" {mark[2] if value == 1 else mark[3]}"))
        end = mark.end()
    return tuple(piece for piece in (*found, Piece(text[end:])) if piece.text)
