"""Many rows in one request: what is wrong with one of them is said of that one, and the others are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from fangxian.api.refusing import Problem, of_fields, problem
from fangxian.api.shapes import Shown, built, model_of
from fangxian.core.errors import Refusal

#: Rows of one request: many enough to be fast, few enough for one transaction.
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that is not of the form asked for."""

    refusal: Refusal


class RowRefused(Shown):
    """A row that was left out: its place among the rows, from 0, and why."""

    index: int
    problem: Problem


def rows_of(kind: Any, *, name: str, without: Sequence[str] = ()) -> Any:
    """The type of a list of forms, each read by itself: what cannot be read arrives as `Unread`."""
    model: Any = model_of(kind, name=name, without=without)

    def read(value: Any, reader: ValidatorFunctionWrapHandler) -> Any:
        try:
            found: BaseModel = reader(value)
        except ValidationError as fault:
            return Unread(of_fields([{**error, "loc": ("row", *error["loc"])} for error in fault.errors()]))
        return built(kind, found)

    return Annotated[list[Annotated[model, WrapValidator(read)]], Field(min_length=1, max_length=MOST)]


def readable(rows: Sequence[Any]) -> tuple[Mapping[int, Any], dict[int, Refusal]]:
    """The forms that could be read, by their place, and the refusals of the others."""
    unread = {index: row.refusal for index, row in enumerate(rows) if isinstance(row, Unread)}
    return {index: row for index, row in enumerate(rows) if index not in unread}, unread


def told(refused: Mapping[int, Refusal]) -> list[Mapping[str, Any]]:
    """Refusals by their place, as they are answered."""
    return [{"index": index, "problem": problem(refusal)} for index, refusal in sorted(refused.items())]
