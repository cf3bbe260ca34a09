"""What goes in and what comes out, made from the stages' own dataclasses, so that no field is written down twice.

`sent` turns a type into one that reads untrusted JSON: unknown fields are refused, texts and numbers are such as a database
holds, instants have their offset. `shown` turns a dataclass into the schema of an answer.
"""

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    create_model,
)
from pydantic_core import PydanticCustomError

#: Years within which the arithmetic of every clock and zone is safe, and every date of a living outbreak lies.
FIRST, LAST = 1900, 2199
#: What a column of whole numbers holds.
LARGEST = 2**63 - 1
#: How many elements a list inside a form may have, and a mapping of facts.
MANY = 500

D = TypeVar("D", bound=date)


def _either(kinds: tuple[Any, ...]) -> Any:
    return Union.__getitem__(kinds)


def _of_length(kinds: tuple[Any, ...]) -> Any:
    """A tuple, as a list of so many: what readers of descriptions understand best."""
    kind: Any = _either(kinds)
    return Annotated[list[kind], Field(min_length=len(kinds), max_length=len(kinds))]


def _written(value: object) -> object:
    if not isinstance(value, str):  # a number would be taken for seconds since 1970
        raise PydanticCustomError("not_written", "a date is written as text")
    return value


def _thinkable(value: D) -> D:
    if not FIRST <= value.year <= LAST:
        raise PydanticCustomError("unthinkable", "the year lies too far away")
    return value


def _scalar(value: object) -> object:
    """What a fact or a piece of evidence may be."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= 10_000 and "\0" not in value:
        return value
    if isinstance(value, int | float) and abs(value) <= LARGEST:  # never so for what is not a number
        return value
    raise PydanticCustomError("no_scalar", "yes or no, a number, a text or nothing")


Word = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_thinkable)]
Day = Annotated[date, BeforeValidator(_written), AfterValidator(_thinkable)]
Whole = Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e18, le=1e18)]
YesNo = Annotated[bool, Field(strict=True)]
Scalar = Annotated[
    Any, AfterValidator(_scalar), WithJsonSchema({"type": ["boolean", "number", "string", "null"], "maxLength": 10_000})
]
#: A code as it was typed or heard: of a case, a contact, a person, a place, a job.
Code = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00/]+$")]
Id = Annotated[int, Field(ge=1, le=LARGEST)]
Limit = Annotated[int, Field(ge=1, le=500)]
#: A jurisdiction (GB/T 2260 and below); empty for wherever the account may look.
Area = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,18}$")]

_IN_A_BODY: Mapping[Any, Any] = {
    str: Word, int: Whole, float: Number, bool: YesNo, datetime: Instant, date: Day, Any: Scalar
}  # fmt: skip
_IN_A_QUERY: Mapping[Any, Any] = {
    **_IN_A_BODY,
    int: Annotated[int, Field(ge=-LARGEST, le=LARGEST)],
    float: Annotated[float, Field(allow_inf_nan=False, ge=-1e18, le=1e18)],
    bool: bool,
}


class Closed(BaseModel):
    """Base of what is sent: a field that is not known is a slip of the pen, and said so."""

    model_config = ConfigDict(extra="forbid")


def sent(hint: Any, *, query: bool = False) -> Any:
    """The type as it is read from outside. A dataclass arrives in the action as that dataclass."""
    if isinstance(hint, type) and is_dataclass(hint):
        return _form(hint, query)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated or origin is Literal:
        return hint
    if origin in (Union, UnionType):
        forms = [one for one in args if is_dataclass(one)]
        if forms and str in args:  # a code, or the whole of it
            choices = tuple(Annotated[sent(one), Tag("#code" if one is str else "#form")] for one in args)
            return Annotated[
                _either(choices), Discriminator(lambda value: "#code" if isinstance(value, str) else "#form")
            ]
        return _either(tuple(one if one is NoneType else sent(one, query=query) for one in args))
    if origin is tuple and args[-1] is not Ellipsis:
        return Annotated[_of_length(tuple(map(sent, args))), AfterValidator(tuple)]
    if origin is not None and issubclass(origin, Mapping):
        return Annotated[dict[Word, sent(args[1])], Field(max_length=MANY)]  # type: ignore[misc]
    if origin is not None and issubclass(origin, Collection):
        return Annotated[list[sent(args[0], query=query)], Field(max_length=MANY)]  # type: ignore[misc]
    return (_IN_A_QUERY if query else _IN_A_BODY).get(hint, hint)


@cache
def _form(kind: type, query: bool) -> Any:
    model = model_of(kind, query=query)
    return model if query else Annotated[model, AfterValidator(lambda read: built(kind, read))]


def built(kind: type, read: BaseModel, **more: Any) -> Any:
    """The dataclass from what was read."""
    return kind(**{name: getattr(read, name) for name in type(read).model_fields}, **more)


def model_of(kind: Any, *, name: str = "", without: Collection[str] = (), query: bool = False) -> type[BaseModel]:
    """A closed model with the fields of a dataclass, but for some."""
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in without:
            continue
        default: Any = ... if field.default is MISSING else field.default
        if field.default_factory is not MISSING:
            default = Field(default_factory=field.default_factory)
        found[field.name] = (sent(hints[field.name], query=query), default)
    return _named(name or kind.__name__, Closed, kind.__doc__, found)


def changes(kind: Any, names: Collection[str], *, name: str, removable: Collection[str] = ()) -> Any:
    """Changes to fields of a form: only what is sent is changed. Values of the `removable` mappings may be null, which removes."""
    hints = get_type_hints(kind)
    found: dict[str, Any] = {}
    for field in sorted(names):
        hint = hints[field]
        if field in removable:
            hint = Mapping[str, get_args(hint)[1] | None] if get_args(hint)[1] is not Any else hint  # type: ignore[misc]
        found[field] = (sent(hint), None)
    model = _named(name, Closed, "What is to be changed; fields that are not sent stay as they are.", found)
    return only_sent(model)


def only_sent(model: type[BaseModel]) -> Any:
    """A model that is read as a mapping of those fields that were sent."""
    return Annotated[model, AfterValidator(lambda read: {name: getattr(read, name) for name in read.model_fields_set})]


def arguments(name: str, given: Mapping[str, Any]) -> type[BaseModel]:
    """A closed model of the arguments of an action: name → (type as it is read, default or `...`)."""
    return _named(name, Closed, None, given)


def shown(kind: Any, *properties: str, name: str = "") -> Any:
    """The schema of an answer from a dataclass: all its fields, and these properties of it.

    A dataclass has one schema, also inside others: say its properties, or another name, before it is first shown.
    """
    if kind in _answers:
        if properties or name:
            raise ValueError(f"{kind.__name__} was shown before")
        return _answers[kind]
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Any] = {field.name: (_shown(hints[field.name]), ...) for field in fields(kind)}
    for one in properties:
        found[one] = (_shown(get_type_hints(getattr(kind, one).fget)["return"]), ...)
    _answers[kind] = _named(name or kind.__name__, Shown, kind.__doc__, found)
    return _answers[kind]


class Shown(BaseModel):
    """Base of what is answered: read from attributes of whatever a query gave."""

    model_config = ConfigDict(from_attributes=True)


def _shown(hint: Any) -> Any:
    if is_dataclass(hint):
        return shown(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin is None or origin in (Annotated, Literal):
        return Any if hint is object else hint
    if origin in (Union, UnionType):
        return _either(tuple(map(_shown, args)))
    if issubclass(origin, frozenset | set):
        return Annotated[list[_shown(args[0])], BeforeValidator(sorted)]  # type: ignore[misc]
    if issubclass(origin, Mapping):
        return dict[_shown(args[0]), _shown(args[1])]  # type: ignore[misc]
    if origin is tuple and args[-1] is not Ellipsis:
        return _of_length(tuple(map(_shown, args)))
    return list[_shown(args[0])]  # type: ignore[misc]


_answers: dict[Any, type[BaseModel]] = {}
_names: dict[str, Any] = {}


def _named(name: str, base: type[BaseModel], doc: str | None, found: Mapping[str, Any]) -> type[BaseModel]:
    """A model under a name that no other has: the names are those of the description of the API."""
    if name in _names:
        raise ValueError(f"two shapes of the API are called {name}")
    model: type[BaseModel] = create_model(name, __base__=base, __doc__=cleandoc(doc or "") or None, **found)
    _names[name] = model
    return model
