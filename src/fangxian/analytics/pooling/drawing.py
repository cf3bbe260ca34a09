"""A design as a picture (SVG): a block of samples, the tubes of the first stage, and what each stage costs beside single tests."""

from __future__ import annotations

from html import escape

from fangxian.analytics.pooling.choosing import Choice, Forecast
from fangxian.analytics.pooling.designs import Design
from fangxian.drawing.axes import BLUE, GREY, INK, LINE, opened
from fangxian.text import Text

NAMES = {
    "individual": Text("单采单检", "single tubes"),
    "dorfman": Text("混检", "pools"),
    "halving": Text("二分法", "pools and halves"),
    "household": Text("家庭混采", "household pools"),
    "array": Text("矩阵法", "rows and columns"),
    "combinatorial": Text("组合混检", "combinatorial pools"),
}
_WIDE, _LEFT, _ROW = 760, 180, 30
#: No more of a block is drawn than can be seen.
_MOST_SAMPLES, _MOST_TUBES = 96, 48


def drawn(choice: Choice, language: str) -> str:
    """The chosen design's first block as a table of tubes and samples, and bars of tests per 100 samples for every method."""
    every = [choice.chosen, *choice.others, *choice.refused]
    plan, high = _plan(choice.chosen.design, language)
    bars = [
        part
        for row, one in enumerate(every)
        for part in _bar(one, high + 60 + row * _ROW, one in choice.refused, language)
    ]
    bottom = high + 60 + len(every) * _ROW + 20
    title = Text("混检方案", "Design of pooled tests").in_(language)
    scale = Text("每 100 份样本的检测数（95% 范围）", "Tests per 100 samples (95 % range)").in_(language)
    return "\n".join(
        [
            opened("pools", "pools", (_WIDE, bottom), title, scale),
            f'<rect width="{_WIDE}" height="{bottom}" fill="#fff"/>',
            *plan,
            f'<text x="20" y="{high + 40}" font-weight="bold">{scale}</text>',
            *bars,
            "</svg>\n",
        ]
    )


def _plan(design: Design, language: str) -> tuple[list[str], float]:
    """Tubes as rows, samples as columns: a mark where a sample goes into a tube."""
    samples, tubes = min(design.block, _MOST_SAMPLES), design.pools[:_MOST_TUBES]
    cell = min(14.0, 600 / samples)
    head = Text(
        f"{NAMES[design.name].zh}：一组 {design.block} 份样本，{len(design.pools)} 管，每管最多 {design.pool_size} 份",
        f"{NAMES[design.name].en}: a block of {design.block} samples in {len(design.pools)} tubes of at most {design.pool_size}",
    )
    if samples < design.block or len(tubes) < len(design.pools):
        head = head.joined(Text(f"（画出前 {samples} 份）", f" (the first {samples} are drawn)"))
    parts = [f'<text x="20" y="24" font-weight="bold">{escape(head.in_(language))}</text>']
    tall = max(cell, 7.0)
    for row, pool in enumerate(tubes):
        y = 40 + row * (tall + 1)
        parts.append(f'<path d="M110 {y + tall / 2:.1f}H{110 + samples * cell:.1f}" stroke="{LINE}"/>')
        if row % 6 == 0 or len(tubes) <= 12:
            label = Text(f"第 {row + 1} 管", f"tube {row + 1}").in_(language)
            parts.append(f'<text x="100" y="{y + tall / 2 + 4:.1f}" text-anchor="end" font-size="11">{label}</text>')
        marks = "".join(
            f"M{110 + member * cell:.1f} {y:.1f}h{cell - 1:.1f}v{tall - 1:.1f}h-{cell - 1:.1f}z"
            for member in pool[pool < samples].tolist()
        )
        parts.append(f'<path d="{marks}" fill="{BLUE}"/>')
    return parts, 40 + len(tubes) * (tall + 1)


def _bar(one: Forecast, y: float, refused: bool, language: str) -> list[str]:
    """Tests per 100 samples, stage by stage, with its range; hatched by a dashed outline where too few carriers are found."""
    unit = (_WIDE - _LEFT - 190) / 160
    parts = [
        f'<text x="{_LEFT - 10}" y="{y + 14}" text-anchor="end" font-size="12">{NAMES[one.design.name].in_(language)}</text>'
    ]
    x = float(_LEFT)
    for stage, tests in enumerate(one.by_stage):
        wide = min(tests / one.samples * 100, 160) * unit
        look = (
            f'fill="none" stroke="{GREY}" stroke-dasharray="3 2"'
            if refused
            else f'fill="{(BLUE, "#7fa8cc", "#c9dcee")[stage]}"'
        )
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="18" {look}/>')
        x += wide
    low, high = (_LEFT + min(tests / one.samples * 100, 160) * unit for tests in (one.tests.low, one.tests.high))
    parts.append(f'<path d="M{low:.1f} {y + 9}H{high:.1f}M{low:.1f} {y + 4}v10M{high:.1f} {y + 4}v10" stroke="{INK}"/>')
    finds = Text(f"检出 {one.sensitivity:.1%}", f"finds {one.sensitivity:.1%}").in_(language)
    parts.append(
        f'<text x="{max(x, high) + 8:.1f}" y="{y + 14}" font-size="12">{one.tests_per_sample * 100:.1f} · {finds}</text>'
    )
    return parts
