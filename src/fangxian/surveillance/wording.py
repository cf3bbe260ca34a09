"""Why there is an alert, in one sentence of each language: which sources, what was seen, what was expected, what it comes to."""

from collections.abc import Mapping, Sequence

from fangxian.surveillance.fusing import METHOD
from fangxian.surveillance.kinds import kinds
from fangxian.surveillance.models import Signal
from fangxian.text import Text, listed

GRADE_NAMES: Mapping[str, Text] = {
    "blue": Text("蓝色", "blue"), "yellow": Text("黄色", "yellow"), "orange": Text("橙色", "orange"), "red": Text("红色", "red"),
}  # fmt: skip
#: So many sources are named; of the others their number is said.
_NAMED = 3


def why(place: Text, signals: Sequence[Signal], probability: float, grade: str) -> Text:
    """The sentence. `signals` are the strongest of each source, the strongest first."""
    told = listed([_one(signal) for signal in signals[:_NAMED]], "；", "; ")
    rest = len(signals) - _NAMED
    more = Text(f"；另有 {rest} 个来源", f"; {rest} other sources") if rest > 0 else Text("", "")
    how = Text("", "")
    if any(signal.method == METHOD for signal in signals):
        how = Text("多点融合，", "Sources fused. ")
    elif any(signal.kind == "excess" for signal in signals):
        how = Text(
            "逐条序列判断（历史不足以融合），", "Series judged one by one, history being too short to fuse them. "
        )
    share = f"{min(99.0, probability * 100):.0f}"  # nobody is ever sure
    name = GRADE_NAMES[grade]
    return Text(
        f"{place.zh}：{told.zh}{more.zh}。{how.zh}合并判断暴发可能性 {share}%，{name.zh}预警。",
        f"{place.en}: {told.en}{more.en}. {how.en}Together a probability of {share}% of an outbreak: {name.en}.",
    )


def amount(value: float | None, unit: str = "count") -> str:
    """A number as a reader takes it in: counts whole, shares in percent, large amounts with three digits, and powers of ten beyond."""
    if value is None or value != value:
        return "–"
    if unit == "share":
        return f"{value * 100:.1f}%"
    if abs(value) >= 1e9:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}×10^{int(exponent)}"
    if unit == "amount" and abs(value) >= 1000:
        value = float(f"{value:.2e}")
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _one(signal: Signal) -> Text:
    name = Text(signal.source.name_zh, signal.source.name_en or signal.source.name_zh)
    unit = Text(f"（{signal.unit}）", f" ({signal.unit})") if signal.unit else Text("", "")
    if signal.kind in ("late", "silent"):
        number = int(signal.observed or 0)
        return Text(f"{name.zh}已连续 {number} 次未报数", f"{name.en} has not reported {number} times in a row")
    measure = kinds()[signal.source.kind].measures[signal.measure]
    seen = amount(signal.observed, measure.unit)
    if signal.kind == "threshold":
        least = amount((signal.upperbound or 0) + 1)
        return Text(
            f"{name.zh}{unit.zh}{measure.name.zh} {seen} 例，达到聚集性疫情标准（{least} 例）",
            f"{name.en}{unit.en}: {measure.name.en}, {seen}, which reaches the threshold of a cluster ({least})",
        )
    if signal.upperbound is None:
        seen, expected = amount(signal.observed, measure.unit), amount(signal.expected, measure.unit)
        return Text(
            f"{name.zh}{measure.name.zh} {seen}（预期 {expected}）",
            f"{name.en}: {measure.name.en}, {seen} (expected {expected})",
        )
    expected, upper = amount(signal.expected, measure.unit), amount(signal.upperbound, measure.unit)
    return Text(
        f"{name.zh}{unit.zh}{measure.name.zh} {seen}（预期 {expected}，上限 {upper}）",
        f"{name.en}{unit.en}: {measure.name.en}, {seen} (expected {expected}, upper bound {upper})",
    )
