"""Tables of lines: columns chosen and kept, an order, saved views. The line list and the contacts are such tables.

The address says all of it (`?classification=confirmed&order=-onset&columns=code,name`, or `?view=7`), so that what is seen can
be sent to a colleague, gone on with page by page, and exported exactly.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _

from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.registry import queries as registry
from fangxian.registry.files import Sheet
from fangxian.registry.schemas import ListKept, ViewShown
from fangxian.standards.tables import Cell
from fangxian.web.saying import chinese

#: Parameters of an address that narrow nothing.
_NO_FILTER = ("cursor", "after", "part", "view", "order", "columns")
#: More lines than this are not counted: nobody reads them, and counting them is what would be slow.
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `show` gives the cell of a line on the page, `tell` its value in a file. `order` is the word to sort by it."""

    key: str
    name: Any
    show: Callable[[Any], Any]
    tell: Callable[[Any], Cell]
    order: str = ""
    #: Whether it says something of a person: a file with it is taken for a purpose.
    personal: bool = False
    #: Whether a phone, where lines are cards, needs the heading to understand the cell.
    labelled: bool = False

    @property
    def also(self) -> str:
        """The heading in the other language: a list is printed and sent to people who read either."""
        with translation.override("en" if chinese() else "zh-hans"):
            return str(self.name)

    @property
    def also_language(self) -> str:
        return "en" if chinese() else "zh-CN"


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its cells, each with its column, as the page shows them."""

    row: Any
    cells: Sequence[tuple[Column, Any]]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head: where it leads to sort by it, and how it is sorted now (`ascending`, `descending` or nothing)."""

    column: Column
    href: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Table:
    """A list as its reader has arranged it."""

    page: str
    known: Mapping[str, Column]
    columns: Sequence[Column]
    order: str
    #: What narrows it, without order and columns.
    given: QueryDict
    kept: ListKept
    view: ViewShown | None

    @property
    def query(self) -> str:
        """The whole of it as an address says it, without the cursor."""
        return self._address(self.order)

    @property
    def narrowed(self) -> bool:
        return bool(self.given)

    @property
    def personal(self) -> bool:
        """Whether a file of it holds something of persons."""
        return any(column.personal for column in self.columns)

    @property
    def keys(self) -> str:
        return ",".join(column.key for column in self.columns)

    @property
    def choices(self) -> list[tuple[Column, bool]]:
        """Every column, those shown first, and whether it is shown."""
        shown = list(self.columns)
        return [(one, True) for one in shown] + [(one, False) for one in self.known.values() if one not in shown]

    @property
    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.columns]

    @property
    def sheet(self) -> Sheet[Any]:
        """A file with exactly the columns that are seen, in the reader's language and words."""
        return Sheet(
            {column.key: str(column.name) for column in self.columns},
            lambda row: [column.tell(row) for column in self.columns],
        )

    def lines(self, rows: Iterable[Any]) -> list[Line]:
        return [Line(row, [(column, column.show(row)) for column in self.columns]) for row in rows]

    def _heading(self, column: Column) -> Heading:
        if not column.order:
            return Heading(column, "", "")
        down = self.order == f"-{column.order}"
        up = self.order == column.order
        other = column.order if down else f"-{column.order}"
        return Heading(column, self._address(other), "descending" if down else "ascending" if up else "")

    def _address(self, order: str) -> str:
        address = self.given.copy()
        address["order"] = order
        address["columns"] = self.keys
        return address.urlencode(safe=",")


def arrange(by: Actor, page: str, asked: QueryDict, known: Sequence[Column], usual: Sequence[str], order: str) -> Table:
    """The table that an address asks for: a view by its number, else what the address says, else how the reader keeps it.

    `usual` are the columns that the list comes with, `order` its own. Raises NotFound for a view that is not the reader's to see.
    """
    kept = registry.list_kept(by, page)
    columns = {column.key: column for column in known}
    view = _view(kept, asked)
    given = QueryDict(mutable=True)
    if view is not None:
        given.update(dict(view.filter))
    else:
        for name in asked:
            if name not in _NO_FILTER and (values := [value for value in asked.getlist(name) if value]):
                given.setlist(name, values)
    wanted = list(view.columns) if view else asked.get("columns", "").split(",")
    chosen = [columns[key] for key in dict.fromkeys(wanted) if key in columns]
    chosen = chosen or [columns[key] for key in kept.columns if key in columns] or [columns[key] for key in usual]
    if chosen[0] is not known[0]:  # the code is how a line is opened, so it is always there and always first
        chosen = [known[0], *(column for column in chosen if column is not known[0])]
    orders = {word for column in known if column.order for word in (column.order, f"-{column.order}")}
    word = view.order if view else asked.get("order", "")
    return Table(page, columns, chosen, word if word in orders else order, given, kept, view)


def _view(kept: ListKept, asked: QueryDict) -> ViewShown | None:
    wanted = asked.get("view", "")
    if wanted == "all":
        return None
    if wanted:
        view = next((one for one in kept.views if str(one.id) == wanted), None)
        if view is None:
            raise NotFound(_("There is no such view among yours."), remedy=_("Reload the list."))
        return view
    if set(asked) - {"cursor", "after", "part"}:
        return None
    return next((one for one in kept.views if one.first), None)
