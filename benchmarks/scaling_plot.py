"""The times of `benchmarks.scaling` as a picture: both axes logarithmic, a line and a mark of its own for each engine."""

from math import ceil, floor, log10

WIDE, HIGH, LEFT, TOP = 720, 400, 70, 30
MARKS = ("●", "■", "▲", "◆")
SHADES = ("#1f4e79", "#2e6b4f", "#8a3a00", "#6b2f7a")


def drawn(series: dict[str, list[tuple[int, float]]]) -> str:
    """SVG of seconds over stays."""
    every = [point for points in series.values() for point in points]
    x0, x1 = floor(log10(min(x for x, _ in every))), ceil(log10(max(x for x, _ in every)))
    y0, y1 = floor(log10(min(y for _, y in every))), ceil(log10(max(y for _, y in every)))
    x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)

    def at(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - x0) / (x1 - x0) * (WIDE - LEFT - 200)
        up = (log10(y) - y0) / (y1 - y0) * (HIGH - TOP - 50)
        return round(LEFT + across, 1), round(HIGH - 50 - up, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="13" role="img">',
        "<title>Seconds for both rings by number of stays, both axes logarithmic</title>",
        f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>',
    ]
    for power in range(x0, x1 + 1):
        (x, bottom), (_, top) = at(10**power, 10**y0), at(10**power, 10**y1)
        parts.append(f'<path d="M{x} {bottom}V{top}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">10{_raised(power)} stays</text>')
    for power in range(y0, y1 + 1):
        (left, y), (right, _) = at(10**x0, 10**power), at(10**x1, 10**power)
        parts.append(f'<path d="M{left} {y}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g} s</text>')
    for number, (name, points) in enumerate(series.items()):
        shade, mark = SHADES[number % len(SHADES)], MARKS[number % len(MARKS)]
        places = [at(*point) for point in points]
        path = " ".join(f"{x},{y}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{shade}" stroke-width="2"/>')
        parts += [f'<text x="{x}" y="{y + 4}" fill="{shade}" text-anchor="middle">{mark}</text>' for x, y in places]
        parts.append(f'<text x="{WIDE - 190}" y="{TOP + 20 + 22 * number}" fill="{shade}">{mark} {name}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _raised(power: int) -> str:
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))
