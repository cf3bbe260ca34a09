"""A file of results as laboratories send it: one sample a row, whatever its columns are called. What cannot be read is named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.errors import Invalid
from fangxian.laboratory.schemas import ResultForm
from fangxian.laboratory.sheets import Line, lines
from fangxian.standards.errors import InputError
from fangxian.standards.tables import Cell, as_identifier, as_text, open_table

#: Field → what its column may be called.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": (
        "code",
        "barcode",
        "tube",
        "sample",
        "条码",
        "条码号",
        "采样管",
        "采样管编号",
        "管号",
        "样本编号",
        "样本条码",
    ),
    "value": ("value", "result", "结果", "检测结果", "结论"),
    "status": ("status", "状态", "报告状态"),
    "tested_at": ("tested_at", "tested", "检测时间", "检测日期"),
    "sampled_at": ("sampled_at", "sampled", "采样时间", "采样日期"),
    "reference": ("reference", "report", "报告编号", "报告号"),
    "reason": ("reason", "更正原因", "备注"),
    "name": ("name", "patient", "姓名"),
    "document": ("document", "id_number", "证件号", "证件号码", "身份证号"),
    "phone": ("phone", "电话", "联系电话", "手机号"),
    "birth_year": ("birth_year", "出生年份"),
}
#: Targets of the test → what the column of their Ct may be called.
TARGETS: Mapping[str, tuple[str, ...]] = {
    "ct": ("ct", "ct值", "ct 值"),
    "orf1ab": ("orf1ab", "orf1ab ct", "orf1ab_ct", "ct_orf1ab", "orf1ab基因ct值", "o基因"),
    "n": ("n", "n ct", "n_ct", "ct_n", "n基因", "n基因ct值"),
    "e": ("e", "e ct", "e_ct", "ct_e", "e基因", "e基因ct值"),
}
_VALUES: Mapping[str, tuple[str, ...]] = {
    "negative": ("negative", "neg", "-", "阴性", "未检出", "not detected"),
    "positive": ("positive", "pos", "+", "阳性", "检出", "detected"),
    "indeterminate": ("indeterminate", "inconclusive", "不确定", "可疑", "灰区", "待复检", "±"),
}
_STATUSES: Mapping[str, tuple[str, ...]] = {
    "final": ("", "final", "f", "终审", "正式"),
    "corrected": ("corrected", "correction", "c", "更正"),
    "cancelled": ("cancelled", "canceled", "x", "撤销", "作废"),
}
#: How laboratories write that nothing was amplified.
_NOTHING = frozenset({"-", "/", "undetermined", "undet", "nan", "n/a", "na", "noct", "no ct", "未检出", "无", "0"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that was opened: which column was taken for what, those that were not taken, and its rows, which can be read once."""

    taken: Mapping[str, str]
    ignored: tuple[str, ...]
    lines: Iterator[Line[ResultForm]]
    path: Path

    def rows(self) -> int:
        """How many rows the file has, counted without reading what they say."""
        return sum(1 for _row in open_table(self.path))


def read(path: Path, name: str, mapping: Mapping[str, str] | None = None) -> Sheet:
    """Open a CSV or workbook. `mapping` (field or target → column) goes before the usual names.

    Raises Invalid for what is no such table, naming the column that is missing.
    """
    try:
        table = open_table(path)
    except InputError as fault:
        raise Invalid(
            f"{name}: {fault.text.in_(get_language() or 'zh')}", remedy=_("Send CSV or Excel with one sample a row.")
        ) from fault
    chosen = dict(mapping or {})
    at: dict[str, int] = {}
    for field, names in {**COLUMNS, **TARGETS}.items():
        wanted = (chosen[field],) if chosen.get(field) else names
        if (place := next((found for one in wanted if (found := table.index(one)) is not None), None)) is not None:
            at[field] = place
        elif chosen.get(field):
            raise Invalid(
                _("%(file)s has no column “%(column)s”.") % {"file": name, "column": chosen[field]},
                remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(table.columns)}, field=field,
            )  # fmt: skip
    if "code" not in at and not {"name", "document"} & at.keys():
        raise Invalid(
            _("%(file)s has no column “%(column)s”.") % {"file": name, "column": "条码 / barcode"},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(table.columns)}, field="code",
        )  # fmt: skip
    if "value" not in at and not TARGETS.keys() & at.keys():
        raise Invalid(
            _("%(file)s has no column “%(column)s”.") % {"file": name, "column": "结果 / result"},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(table.columns)}, field="value",
        )  # fmt: skip
    taken = {field: table.columns[place] for field, place in at.items()}
    return Sheet(taken, tuple(one for one in table.columns if one not in taken.values()), lines(table, at, _form), path)


def _form(cells: Mapping[str, Cell]) -> ResultForm:
    def text(field: str) -> str:
        return as_identifier(cells.get(field))[:120]

    year = text("birth_year")
    return ResultForm(
        code=text("code"), value=_word(text("value"), _VALUES, "value"), status=_word(text("status"), _STATUSES, "status") or "final",
        cts={target: _ct(text(target), target) for target in TARGETS if text(target)},
        tested_at=_instant(cells.get("tested_at"), "tested_at"), sampled_at=_instant(cells.get("sampled_at"), "sampled_at"),
        reference=text("reference"), reason=text("reason"), name=text("name"), document=text("document"), phone=text("phone"),
        birth_year=int(year) if year.isdecimal() and len(year) == 4 else None,
    )  # fmt: skip


def _word(text: str, words: Mapping[str, tuple[str, ...]], field: str) -> str:
    folded = text.casefold()
    found = next((key for key, names in words.items() if folded in names), None)
    if found is None and text:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": text[:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(one for names in words.values() for one in names if one)},
            field=field,
        )  # fmt: skip
    return found or ""


def _ct(text: str, target: str) -> float | None:
    if text.casefold() in _NOTHING:
        return None
    try:
        return float(text)
    except ValueError:
        raise Invalid(
            _("“%(value)s” is no Ct value.") % {"value": text[:40]},
            remedy=_("Give a number between 0 and 60, or nothing where nothing was amplified."), field=f"cts.{target}",
        ) from None  # fmt: skip


def _instant(cell: Cell, field: str) -> datetime | None:
    """A time of the file, in the zone of the deployment unless it names its own; a day alone is its noon."""
    if cell is None or as_text(cell) == "":
        return None
    if isinstance(cell, datetime):
        found = cell
    elif isinstance(cell, date):
        return clock.local_noon(cell)
    else:
        text = as_text(cell).replace("/", "-")
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise Invalid(
                _("“%(value)s” is no time.") % {"value": text[:40]},
                remedy=_("Write it as 2026-03-04 08:30."),
                field=field,
            ) from None
        if len(text) <= 10:
            return clock.local_noon(found.date())
    return found if found.tzinfo else found.replace(tzinfo=clock.zone())
