"""What a daily report says and in which order, in one language: headings, sentences, tables, the curve, and where numbers come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from fangxian.command.situation import chart, narrative
from fangxian.command.situation.narrative import Paragraph
from fangxian.command.situation.schemas import Clock, Situation
from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Report:
    """A version of a report as it goes on paper. Without `signed_at` it is a draft and says so on every page."""

    code: str
    situation: Situation
    version: int
    reason: str
    differs: tuple[tuple[Text, int, int], ...]
    remarks: Text
    drafted_at: datetime
    signed_at: datetime | None
    signed_by: str
    digest: str


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a paragraph; `ref` is the number of the figure in the appendix (0: none)."""

    text: str
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below their headings. `words` are the columns that hold no numbers; `anchored` rows are what numbers refer to."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG with its caption, and the words for whoever cannot see it."""

    svg: str
    caption: str
    alt: str


Block = tuple[Run, ...] | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The composed report. `stamp` is the instant that files are dated with; `mark` stands on every page of a draft."""

    language: str
    title: str
    lines: tuple[str, ...]
    sections: tuple[Section, ...]
    foot: str
    mark: str
    stamp: datetime

    @property
    def chinese(self) -> bool:
        return self.language.startswith("zh")

    @property
    def texts(self) -> str:
        """Everything that is written in it: to see which letters are needed."""
        said = [self.title, *self.lines, self.foot, self.mark]
        for section in self.sections:
            said.append(section.heading)
            for block in section.blocks:
                if isinstance(block, Table):
                    said += [*block.head, *(cell for row in block.rows for cell in row)]
                elif isinstance(block, Picture):
                    said += [block.svg, block.caption]
                else:
                    said += [run.text for run in block]
        return "".join(said)


def compose(report: Report, language: str) -> Document:
    """The report in Chinese (zh) or English (en)."""
    chinese = language.startswith("zh")
    told = report.situation
    number = {one.key: place for place, one in enumerate(told.figures, 1)}

    def say(zh: str, en: str) -> str:
        return zh if chinese else en

    sections = [
        *([_changes_of_version(report, chinese)] if report.version > 1 else []),
        Section(
            say("一、概况", "1 Overview"), tuple(_runs(one, number) for one in narrative.paragraphs(told, chinese))
        ),
        Section(say("二、研判与说明", "2 Remarks"), _remarks(report, chinese)),
        Section(say("三、流行曲线", "3 Epidemic curve"), tuple(_curves(told, chinese))),
        Section(say("四、分地区情况", "4 By place"), (_by_place(told, chinese),)),
        Section(say("五、较前一日的变化", "5 What changed since the day before"), _changed(told, chinese)),
        Section(say("六、任务落实", "6 What is owed"), _owed(told, chinese)),
        Section(say("七、7-1-7 时效", "7 Timeliness (7-1-7)"), _clocks(told.clocks, chinese)),
        Section(
            say("附：指标口径与来源", "Appendix: what each figure counts and where it comes from"),
            _appendix(told, chinese),
        ),
    ]
    return Document(
        language="zh-CN" if chinese else "en",
        title=narrative.heading(told, chinese),
        lines=tuple(_lines(report, chinese)),
        sections=tuple(sections),
        foot=say(f"防线 · 日报 {report.code} 第{report.version}版", f"Fangxian · report {report.code}, version {report.version}"),
        mark="" if report.signed_at else say("草稿 未签发", "DRAFT, not signed"),
        stamp=report.signed_at or report.drafted_at,
    )  # fmt: skip


def _lines(report: Report, chinese: bool) -> list[str]:
    """Below the title: what place and time it tells of, which version, and who signed."""
    told = report.situation
    until = narrative.cut_off(told, chinese)
    if chinese:
        lines = [f"{told.area_name.zh}　{_day(told.day, True)}　第{report.version}版", f"数据截至{until}"]
        if told.known > told.until:
            lines[-1] += f"，含{_instant(told, told.known, True)}前补报"
        if report.signed_at:
            lines.append(f"签发：{report.signed_by}　{_instant(told, report.signed_at, True)}")
            lines.append(f"内容摘要（SHA-256）：{report.digest}")
        return lines
    lines = [f"{told.area_name.en}, {_day(told.day, False)}, version {report.version}", f"Data until {until}"]
    if told.known > told.until:
        lines[-1] += f", late entries until {_instant(told, told.known, False)} included"
    if report.signed_at:
        lines.append(f"Signed by {report.signed_by}, {_instant(told, report.signed_at, False)}")
        lines.append(f"Digest of the content (SHA-256): {report.digest}")
    return lines


def _changes_of_version(report: Report, chinese: bool) -> Section:
    heading = f"第{report.version}版订正说明" if chinese else f"What version {report.version} corrects"
    blocks: list[Block] = [(Run(report.reason),)]
    if report.differs:
        head = ("指标", "原报", "订正") if chinese else ("Figure", "Before", "Now")
        blocks.append(Table(head, tuple((_in(name, chinese), str(was), str(now)) for name, was, now in report.differs)))
    else:
        blocks.append((Run("各项数字没有变化。" if chinese else "No figure has changed."),))
    return Section(heading, tuple(blocks))


def _remarks(report: Report, chinese: bool) -> tuple[Block, ...]:
    text = _in(report.remarks, chinese).strip()
    if not text:
        return ((Run("无。" if chinese else "None."),),)
    return tuple((Run(line.strip()),) for line in text.splitlines() if line.strip())


def _curves(told: Situation, chinese: bool) -> list[Block]:
    """By onset, and by report."""
    found: list[Block] = []
    for per, zh, en in (("onset", "按发病日期", "by onset"), ("report", "按报告日期", "by report")):
        days = told.curves[per]
        if not days:
            continue
        title = f"流行曲线（{zh}）" if chinese else f"Epidemic curve, {en}"
        said = (
            f"{zh}共{sum(day.total for day in days)}例" if chinese else f"{sum(day.total for day in days)} cases {en}"
        )
        words = chart.Words(title, said, "日期" if chinese else "Day", "例数" if chinese else "Cases", chinese)
        classes = [(key, _in(name, chinese)) for key, name in told.classes]
        svg = chart.epicurve([(day.day, day.counts) for day in days], classes, words, name=per)
        found.append(Picture(svg, title, f"{title}: {said}"))
    return found or [(Run("尚无病例填有日期。" if chinese else "No case has a date yet."),)]


#: The columns of the table by place.
_COLUMNS = (
    "cases.new", "cases.new.confirmed", "cases.new.asymptomatic", "cases.total", "cases.in_care", "contacts.watched", "duties.missing",
)  # fmt: skip


def _by_place(told: Situation, chinese: bool) -> Table:
    keys = [key for key in _COLUMNS if told.get(key) and any(key in one.values for one in told.parts)]
    names = {one.key: one.name for one in told.figures}
    rows = [(_in(one.name, chinese), *(str(one.values.get(key, 0)) for key in keys)) for one in told.parts]
    rows.append(("合计" if chinese else "Together", *(str(told.value(key)) for key in keys)))
    return Table(("地区" if chinese else "Place", *(_in(names[key], chinese) for key in keys)), tuple(rows))


def _changed(told: Situation, chinese: bool) -> tuple[Block, ...]:
    if not told.changes:
        return ((Run("与前一日相比没有变化。" if chinese else "Nothing has changed since the day before."),),)
    head = ("指标", "前一日", "当日", "变化原因") if chinese else ("Figure", "Day before", "Now", "Because")
    rows = tuple(
        (
            _in(one.name, chinese), str(one.was), str(one.now),
            ("，" if chinese else ", ").join(f"{_in(name, chinese)} {number:+d}".replace("-", "−") for name, number in one.because),
        )
        for one in told.changes
    )  # fmt: skip
    return (Table(head, rows, words=(0, 3)),)


def _owed(told: Situation, chinese: bool) -> tuple[Block, ...]:
    if not told.kinds:
        return (
            (Run("没有到期任务，或按县（区）统计。" if chinese else "Nothing was due, or it is counted by county."),),
        )
    head = (
        ("任务", "应完成", "按时", "超时", "免除", "未完成")
        if chinese
        else ("Duty", "Due", "In time", "Late", "Waived", "Missing")
    )
    rows = tuple(
        (_in(one.name, chinese), str(one.due), str(one.in_time), str(one.late), str(one.waived), str(one.missing))
        for one in told.kinds
    )
    return (Table(head, rows),)


def _clocks(clocks: Sequence[Clock], chinese: bool) -> tuple[Block, ...]:
    head = (
        ("环节", "起", "止", "用时（天）", "目标（天）", "结果")
        if chinese
        else ("Interval", "From", "To", "Days", "Target", "Result")
    )
    words = {True: ("达标", "met"), False: ("未达标", "missed"), None: ("未定", "open")}
    rows = tuple(
        (
            _in(one.name, chinese), _day(one.from_on, chinese), _day(one.to_on, chinese), "–" if one.days is None else str(one.days),
            str(one.target_days), words[one.met][0 if chinese else 1],
        )
        for one in clocks
    )  # fmt: skip
    return (Table(head, rows, words=(0, 1, 2, 5)),)


def _appendix(told: Situation, chinese: bool) -> tuple[Block, ...]:
    """Every figure with its number, meaning and question; what was asked is the same for all of them."""
    asked = ", ".join(f"{name}={value}" for name, value in told.figures[0].arguments.items()) if told.figures else ""
    head = (
        ("编号", "指标", "数值", "前一日", "口径", "来源")
        if chinese
        else ("No.", "Figure", "Value", "Day before", "What it counts", "Asked of")
    )
    rows = tuple(
        (
            str(place), _in(one.name, chinese), str(one.value), "–" if one.was is None else str(one.was), _in(one.means, chinese),
            one.query.removeprefix("fangxian."),
        )
        for place, one in enumerate(told.figures, 1)
    )  # fmt: skip
    said = f"查询条件：{asked}。规程：{told.pack}。" if chinese else f"Asked with: {asked}. Protocol: {told.pack}."
    return ((Run(said),), Table(head, rows, words=(1, 4, 5), anchored=True))


def _runs(paragraph: Paragraph, number: dict[str, int]) -> tuple[Run, ...]:
    return tuple(Run(piece.text, number.get(piece.key, 0)) for piece in paragraph)


def _in(text: Text, chinese: bool) -> str:
    return text.zh if chinese else text.en


def _day(day: date | None, chinese: bool) -> str:
    if day is None:
        return "–"
    return f"{day.year}年{day.month}月{day.day}日" if chinese else f"{day.day} {day:%B} {day.year}"


def _instant(told: Situation, at: datetime, chinese: bool) -> str:
    local = at.astimezone(ZoneInfo(told.zone))
    return f"{_day(local.date(), chinese)} {local:%H:%M}"
