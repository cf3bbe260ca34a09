"""The frontier (效果—成本前沿) as SVG: every policy tried, those that nobody beats joined by a line, the recommended one marked. Pure.

What a policy is, its form says: a filled circle with its interval is on the frontier, a diamond is recommended, a hollow circle is
beaten, a cross keeps no limit. Each carries its words as a title, and on a page its address.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from fangxian.analytics.deciding import Answer, Estimate, Policy, Question, wording
from fangxian.analytics.deciding.answer import Fan
from fangxian.analytics.deciding.figures import BORNE, COST, name_of
from fangxian.analytics.deciding.question import Setting
from fangxian.drawing import Band, Bars, Layer, Line, Words, draw
from fangxian.drawing.axes import BLUE, GREY, INK, LINE, opened, path, step, wide
from fangxian.text import Text

WIDTH, HEIGHT, NARROW = 720, 380, 350
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 40, 44
#: Days of what is expected that are drawn beyond today.
AHEAD = 14
#: How far beyond the frontier's own ends the drawing goes.
_AROUND = 1.25
_LEGEND = (
    ("knee", Text("建议", "recommended")), ("frontier", Text("前沿", "frontier")), ("beaten", Text("被胜过", "beaten")),
    ("not_allowed", Text("超限", "breaks a limit")),
)  # fmt: skip


def frontier(
    question: Question, answer: Answer, language: str, *, name: str = "frontier", width: int = WIDTH, height: int = HEIGHT,
    address: Callable[[int], str] | None = None, chosen: int | None = None,
) -> str:  # fmt: skip
    """An SVG element. `address` gives the link of a policy by its place in the grid; `chosen` is the place of one to be ringed."""
    on = [answer.policies[place] for place in answer.frontier]
    plot = _Plot(
        width, height, _AROUND * max(one.cost.high for one in on), _AROUND * max(one.effect.high for one in on),
        *_units(question, language),
    )  # fmt: skip
    inside = [(place, one) for place, one in enumerate(answer.policies) if plot.holds(one) and one.state != "frontier"]
    hidden = sum(not plot.holds(one) for one in answer.policies)
    effect, cost = (name_of(question, one).in_(language) for one in (question.effect, question.cost))
    title = Text(f"{effect}与{cost}", f"{effect} against {cost}").in_(language)
    described = Text(
        f"{len(on)} 种方案在前沿上，{len(inside)} 种被胜过或超限，{hidden} 种在图外；"
        f"建议：{wording.policy(question, answer.best.setting).zh}",
        f"{len(on)} policies on the frontier, {len(inside)} beaten or not allowed, {hidden} beyond the drawing; recommended:"
        f" {wording.policy(question, answer.best.setting).en}",
    ).in_(language)  # fmt: skip
    marks = [_mark(question, plot, place, one, language, address, knee=False) for place, one in inside]
    marks += [
        _mark(question, plot, place, answer.policies[place], language, address, knee=place == answer.knee) for place in answer.frontier
    ]  # fmt: skip
    ring = "" if chosen is None or not plot.holds(answer.policies[chosen]) else plot.ring(answer.policies[chosen])
    return "".join([
        opened(
            "drawing frontier", name, (width, height), title, described, role="group" if address else "img"),
        *plot.grid(), _legend(language, {one.state for one in (*on, *(one for _place, one in inside))}), _joined(plot, on), *marks, ring,
        f'<text class="axis" x="4" y="14">{escape(effect)}</text>',
        f'<text class="axis" x="{width / 2:g}" y="{height - 6}" text-anchor="middle">{escape(cost)}{escape(plot.unit)}</text></svg>',
    ])  # fmt: skip


def fan(answer: Answer, setting: Setting, column: str, label: Text, language: str, *, width: int = WIDTH, height: int = 240,
        name: str = "fan", today: int = 0, highest: float | None = None) -> str:  # fmt: skip
    """Days of a policy as a fan: median, the middle half and 95 % of runs. Days are counted from `today`;
    `highest` is the top that drawings side by side share."""
    rows = [row[today:] for row in next(one for one in answer.fans if one.setting == setting).columns[column]]
    chinese = language.startswith("zh")
    said = [Text("95% 的推演", "95 % of runs"), Text("一半的推演", "half of them"), Text("中位数", "median")]
    layers: list[Layer] = [
        Band(said[0].in_(language), list(rows[0]), list(rows[4]), faint=True),
        Band(said[1].in_(language), list(rows[1]), list(rows[3])),
        Line(said[2].in_(language), list(rows[2])),
    ]
    if highest is not None:
        layers.append(Line("", [*[None] * (len(rows[0]) - 1), highest]))  # no stroke: it only holds the axis
    words = Words(
        label.in_(language), Text("逐日中位数与区间", "Median and intervals by day").in_(language), Text("第几天", "Day").in_(language),
        label.in_(language), chinese,
    )  # fmt: skip
    days = [str(day) for day in range(len(rows[0]))]
    return draw(name, days, layers, words, width=width, height=height)


def bearers(
    question: Question, figures: Mapping[str, Estimate], language: str, *, name: str = "bearers", width: int = 480,
    highest: float | None = None,
) -> str:  # fmt: skip
    """Who bears what a policy costs, as bars; `highest` is the top that drawings side by side share, in money."""
    scale, unit = _money(language)
    table = question.prices.bearers
    values = [figures[BORNE + key].value / scale for key in table]
    label = Text("成本", "Cost").in_(language) + unit
    words = Words(
        Text("由谁承担", "Who bears it").in_(language), Text("一次推演的平均成本", "Mean cost of a run").in_(language), "", label,
        language.startswith("zh"),
    )  # fmt: skip
    layers: list[Layer] = [Bars(label, values)]
    if highest is not None:
        layers.append(Line("", [*[None] * (len(values) - 1), highest / scale]))
    return draw(name, [one.in_(language) for one in table.values()], layers, words, width=width, height=200, least=1e-3)


def happened(
    question: Question, fan: Fan, begins_on: date, reported: Sequence[int], language: str, *, name: str = "happened", width: int = WIDTH
) -> str:  # fmt: skip
    """Cases reported since the question was asked (bars), over the cases that were expected to be found by day, and what is still ahead."""
    columns = [row[question.today : question.today + len(reported) + AHEAD] for row in fan.columns["found"]]
    said = [
        Text("报告", "reported"), Text("95% 的推演", "95 % of runs"), Text("一半的推演", "half of them"),
        Text("预计中位数", "median expected"),
    ]  # fmt: skip
    ahead = len(columns[0])
    layers: list[Layer] = [
        Bars(said[0].in_(language), [*reported, *[None] * ahead][:ahead]),
        Band(said[1].in_(language), columns[0], columns[4], faint=True),
        Band(said[2].in_(language), columns[1], columns[3]),
        Line(said[3].in_(language), columns[2]),
    ]
    words = Words(
        Text("实际与预计", "What happened, and what was expected").in_(language),
        Text("每日报告病例与推演预计的发现数", "Cases reported by day, over those that runs expect to be found").in_(language),
        Text("报告日期", "Day of report").in_(language), Text("病例", "Cases").in_(language), language.startswith("zh"),
    )  # fmt: skip
    return draw(name, [begins_on + timedelta(days=at) for at in range(ahead)], layers, words, width=width)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Plot:
    """The frame: cost to the right, effect upwards, both from 0; `scale` is what an axis of money is divided by."""

    width: int
    height: int
    right: float
    top: float
    scale: float
    unit: str

    def x(self, cost: float) -> float:
        return _LEFT + max(0.0, cost) * (self.width - _LEFT - _RIGHT) / max(self.right, 1e-9)

    def y(self, effect: float) -> float:
        base = self.height - _BOTTOM
        return base - max(0.0, effect) * (base - _TOP) / max(self.top, 1e-9)

    def holds(self, one: Policy) -> bool:
        return one.cost.value <= self.right and one.effect.value <= self.top

    def ring(self, one: Policy) -> str:
        return (
            f'<circle class="chosen" cx="{self.x(one.cost.value):.5g}" cy="{self.y(one.effect.value):.5g}" r="11" fill="none"'
            f' stroke="{INK}" stroke-width="1.6"/>'
        )

    def grid(self) -> list[str]:
        found = []
        base, scaled = self.height - _BOTTOM, self.right / self.scale
        for value in _ticks(self.top):
            y = self.y(value)
            found.append(
                f'<line class="grid" x1="{_LEFT}" y1="{y:.5g}" x2="{self.width - _RIGHT}" y2="{y:.5g}" stroke="{LINE}"/>'
                f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.5g}" text-anchor="end">{value:,g}</text>'
            )
        for value in _ticks(scaled, 4 if self.width <= NARROW else 6):
            x = self.x(value * self.scale)
            found.append(
                f'<line class="grid" x1="{x:.5g}" y1="{_TOP}" x2="{x:.5g}" y2="{base}" stroke="{LINE}"/>'
                f'<text class="axis" x="{x:.5g}" y="{base + 16}" text-anchor="middle">{value:,g}</text>'
            )
        return found


def _ticks(top: float, most: int = 6) -> list[float]:
    apart = step(max(top, 0.0), 1e-6)
    if top / apart > most:
        apart *= 2
    return [round(apart * place, 9) for place in range(int(top / apart + 1e-9) + 1)]


def _units(question: Question, language: str) -> tuple[float, str]:
    return _money(language) if question.cost == COST else (1.0, "")


def _money(language: str) -> tuple[float, str]:
    scale, unit = (1e4, "万元") if language.startswith("zh") else (1e6, "CNY million")
    return scale, f"（{unit}）" if language.startswith("zh") else f" ({unit})"


def _joined(plot: _Plot, on: Sequence[Policy]) -> str:
    line = path((plot.x(one.cost.value), plot.y(one.effect.value)) for one in on)
    return f'<path class="line" d="{line}" fill="none" stroke="{BLUE}" stroke-width="1.6"/>'


def _mark(
    question: Question, plot: _Plot, place: int, one: Policy, language: str, address: Callable[[int], str] | None, *, knee: bool
) -> str:  # fmt: skip
    x, y = plot.x(one.cost.value), plot.y(one.effect.value)
    effect, cost = (
        wording.ranged(question, figure, told)
        for figure, told in ((question.effect, one.effect), (question.cost, one.cost))
    )
    words = Text(
        f"{wording.policy(question, one.setting).zh}：{effect.zh}，{cost.zh}",
        f"{wording.policy(question, one.setting).en}: {effect.en}; {cost.en}",
    )
    whiskers = ""
    if one.state == "frontier":
        whiskers = (
            f'<path class="whisker" d="M{x:.5g} {plot.y(one.effect.low):.5g}V{plot.y(one.effect.high):.5g}'
            f'M{plot.x(one.cost.low):.5g} {y:.5g}H{plot.x(one.cost.high):.5g}" stroke="{INK}" stroke-width="1"/>'
        )
    shape = _shape("knee" if knee else one.state, x, y)
    title = f"<title>{escape(words.in_(language))}</title>"
    if address is None or one.state != "frontier":
        return f"<g>{title}{whiskers}{shape}</g>"
    # A target of a finger's size around each mark.
    room = f'<circle class="room" cx="{x:.5g}" cy="{y:.5g}" r="14" fill="transparent"/>'
    return f'<a href="{escape(address(place))}" aria-label="{escape(words.in_(language))}">{title}{whiskers}{room}{shape}</a>'


def _shape(state: str, x: float, y: float) -> str:
    match state:
        case "knee":
            return f'<path class="knee" d="M{x:.5g} {y - 8:.5g}l8 8l-8 8l-8-8z" fill="{BLUE}" stroke="{INK}" stroke-width="1.2"/>'
        case "frontier":
            return f'<circle class="on" cx="{x:.5g}" cy="{y:.5g}" r="5" fill="{BLUE}"/>'
        case "not_allowed":
            return f'<path class="off" d="M{x - 3:.5g} {y - 3:.5g}l6 6m0-6l-6 6" stroke="{GREY}" stroke-width="1.2"/>'
    return f'<circle class="off" cx="{x:.5g}" cy="{y:.5g}" r="3" fill="none" stroke="{GREY}"/>'


def _legend(language: str, states: Set[str]) -> str:
    x, parts = float(_LEFT), []
    for state, name in _LEGEND:
        if state not in states | {"knee"} and not (state == "beaten" and "dropped" in states):
            continue
        label = name.in_(language)
        parts.append(_shape(state, x + 6, 26) + f'<text x="{x + 18:g}" y="30">{escape(label)}</text>')
        x += 18 + wide(label) + 20
    return "".join(parts)
