"""A transmission chain as a drawing: generations from left to right, one row a case, links as quiet curves."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fangxian.tracing.schemas import ChainGraph, ChainNode
from fangxian.web.saying import CLASSES, day

WIDTH, HEIGHT = 168, 40
_GAP_X, _GAP_Y, _EDGE = 56, 14, 12
#: More nodes than a page can show to be read; then only the case's own line and its neighbours are drawn.
MOST = 400


@dataclass(frozen=True, slots=True)
class Box:
    """A case in the drawing: its corner and its words. `url` is empty where there is no page for the reader."""

    x: int
    y: int
    url: str
    label: str
    below: str
    classification: str
    here: bool
    tip: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A link: its path. `tree` is False for a second infector and for what closes a loop."""

    path: str
    tree: bool
    tip: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the template draws; `hidden` cases were left out."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    curves: tuple[Curve, ...]
    generations: tuple[tuple[int, int], ...]
    hidden: int
    loops: tuple[tuple[str, ...], ...]
    edge: int = _EDGE
    box_width: int = WIDTH
    box_height: int = HEIGHT


def draw(graph: ChainGraph, code: str) -> Drawing:
    """Lay the chain out around a case. Rows are those that the graph gives, closed up where cases were left out."""
    nodes = graph.nodes if len(graph.nodes) <= MOST else _near(graph, code)
    rows = {order: place for place, order in enumerate(sorted({node.order for node in nodes}))}
    at = {node.code: (_x(node.generation), _y(rows[node.order])) for node in nodes}
    boxes = tuple(_box(node, *at[node.code], here=node.code == code) for node in nodes)
    curves = tuple(
        Curve(_curve(at[link.infector], at[link.infectee]), link.tree, link.why)
        for link in graph.links
        if link.infector in at and link.infectee in at
    )
    deepest = max((node.generation for node in nodes), default=0)
    return Drawing(
        width=_x(deepest) + WIDTH + _EDGE,
        height=_y(len(rows) - 1) + HEIGHT + _EDGE,
        boxes=boxes,
        curves=curves,
        generations=tuple((number, _x(number)) for number in range(deepest + 1)),
        hidden=len(graph.nodes) - len(nodes),
        loops=graph.loops,
    )


def _near(graph: ChainGraph, code: str) -> tuple[ChainNode, ...]:
    """The line of infectors of a case, those it infected, and theirs."""
    by_code = {node.code: node for node in graph.nodes}
    keep: set[str] = set()
    up = code
    while up in by_code and up not in keep:
        keep.add(up)
        up = by_code[up].infector
    below = {code}
    for _generation in range(2):
        below = {node.code for node in graph.nodes if node.infector in below}
        keep |= set(sorted(below)[: MOST // 2])
    return tuple(node for node in graph.nodes if node.code in keep)


def _x(generation: int) -> int:
    return _EDGE + generation * (WIDTH + _GAP_X)


def _y(row: int) -> int:
    return 32 + row * (HEIGHT + _GAP_Y)


def _box(node: ChainNode, x: int, y: int, *, here: bool) -> Box:
    onset = day(node.onset) if node.onset else _("onset unknown")
    name = node.label or str(NAMELESS.get(node.kind, ""))
    said = str(CLASSES.get(node.classification, node.classification))
    tip = _("%(name)s, %(class)s, onset %(onset)s, infected %(n)s others") % {
        "name": name, "class": said, "onset": onset, "n": node.out_degree,
    }  # fmt: skip
    url = reverse("web:case", args=[node.code]) if node.kind == "case" else ""
    below = f"{node.code} · {onset}" if url else onset
    return Box(x, y, url, name, below, node.classification, here, tip)


#: What stands for a name where there is none to be said.
NAMELESS = {"elsewhere": gettext_lazy("case elsewhere"), "unlisted": gettext_lazy("not on the list")}


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + WIDTH, start[1] + HEIGHT // 2
    x2, y2 = end[0], end[1] + HEIGHT // 2
    bend = max(24, (x2 - x1) // 2)
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
