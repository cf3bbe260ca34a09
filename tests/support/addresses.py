"""Every address of the pages, as the house itself knows them, with something of its kind in the place of each variable.

So a test or a benchmark that walks them meets whatever is added, without anybody naming it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

Samples = Mapping[str, Sequence[Any]]
_VARIABLE = re.compile(r"[<{](?:\w+:)?(\w+)[>}]")


def pages() -> Iterator[str]:
    """The routes of all pages: `/cases/<str:code>/`. The API describes itself; static files are none."""

    def walk(resolver: URLResolver, before: str) -> Iterator[str]:
        for one in resolver.url_patterns:
            path = before + str(one.pattern)
            if isinstance(one, URLResolver):
                yield from walk(one, path)
            elif isinstance(one, URLPattern) and not path.startswith("api/"):
                yield "/" + path

    yield from walk(get_resolver(), "")


def variables(route: str) -> list[str]:
    """The names of a route's variables, in order."""
    return _VARIABLE.findall(route)


def filled(route: str, samples: Samples, turns: int = 1) -> list[str]:
    """The route with its variables filled, another sample each turn; nothing where it has one of which there is no sample.

    `cases.code` is asked for before `code` in what begins with /cases/.
    """
    noun = route.removeprefix("/api/v1").strip("/").split("/")[0]
    given = [samples.get(f"{noun}.{name}") or samples.get(name) or () for name in variables(route)]
    if not all(given):
        return []
    found = []
    for turn in range(turns if given else 1):
        address = route
        for values in given:
            address = _VARIABLE.sub(str(values[turn % len(values)]), address, count=1)
        found.append(address)
    return found
