"""The picture of an outbreak's chains as a page's script reads it: columns of numbers, words once, nobody's name."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.tracing.schemas import ChainNode, ChainPicture
from fangxian.web.saying import CLASSES, day

#: Places that have a colour of their own; the others share one.
_COLOURED = 8


def columns(picture: ChainPicture) -> Mapping[str, Any]:
    """The picture as columns over its nodes. Days count from `first`; codes are empty where there is no case for the reader."""
    nodes = picture.graph.nodes
    number = {node.code: place for place, node in enumerate(nodes)}
    first = int(min((place.day for place in picture.places), default=clock.today().toordinal()))
    last = int(max((place.day for place in picture.places), default=first))
    classes = list(dict.fromkeys(node.classification for node in nodes))
    areas, area_of = _areas(nodes)
    return {
        "codes": [node.code if node.kind == "case" else "" for node in nodes],
        "kinds": [node.kind for node in nodes],
        "days": [round(place.day - first, 2) for place in picture.places],
        "dated": [int(place.is_dated) for place in picture.places],
        "rows": [round(place.row, 2) for place in picture.places],
        "x": [round(place.x, 2) for place in picture.places],
        "y": [round(place.y, 2) for place in picture.places],
        "generations": [node.generation for node in nodes],
        "classes": [classes.index(node.classification) for node in nodes],
        "areas": area_of,
        "infected": [node.out_degree for node in nodes],
        "infectors": [number.get(node.infector, -1) for node in nodes],
        "links": [[number[one.infector], number[one.infectee], int(one.tree)] for one in picture.graph.links],
        "classKeys": classes,
        "classNames": [str(CLASSES.get(key, key)) if key else _("not on the list") for key in classes],
        "areaNames": areas,
        "first": date.fromordinal(first).isoformat(),
        "dayNames": [day(date.fromordinal(one)) for one in range(first, last + 1)],
        "leftOut": picture.left_out,
        "loops": len(picture.graph.loops),
    }


def _areas(nodes: Sequence[ChainNode]) -> tuple[list[str], list[int]]:
    """Names of the places that cases are of, the most frequent first, and the number of each node's; -1 is no place known.

    Counties, or townships where all cases are of one county.
    """
    level = "county" if len({node.area[:6] for node in nodes if node.area}) > 1 else "township"
    codes = [levels.at_level(node.area, level) if node.area else "" for node in nodes]
    counted = [code for code, _number in Counter(filter(None, codes)).most_common()]
    names = registry.area_names(counted[:_COLOURED])
    said = [names[code] for code in counted[:_COLOURED]]
    if len(counted) > _COLOURED:
        said.append(_("other places"))
    place = {code: min(number, _COLOURED) for number, code in enumerate(counted)}
    return said, [place.get(code, -1) for code in codes]
