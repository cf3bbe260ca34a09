"""Examples for the description of the API, put together from what each field looks like in a city that does not exist."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

#: How deep an example goes into shapes that hold shapes.
DEPTH = 5


@cache
def fields() -> Mapping[str, Any]:
    """Field, or `Shape.field` → what it looks like."""
    found: Mapping[str, Any] = yaml.safe_load(
        files("fangxian.api").joinpath("examples.yaml").read_text(encoding="utf-8")
    )
    return found


def put(described: dict[str, Any]) -> None:
    """Give every body and every answer of a description its example."""
    shapes = described["components"]["schemas"]
    for operations in described["paths"].values():
        for operation in operations.values():
            answers = [told for status, told in operation["responses"].items() if 200 <= int(status) < 300]
            for part in [operation.get("requestBody", {}), *answers]:
                for kind, media in part.get("content", {}).items():
                    if kind == "application/json" and "schema" in media:
                        media["example"] = of(media["schema"], shapes)


def of(schema: Mapping[str, Any], shapes: Mapping[str, Any], name: str = "", depth: int = DEPTH) -> Any:
    """Something that a schema allows: the known look of its field where it fits, else the plainest of its type."""
    shape = str(schema.get("$ref", "")).rpartition("/")[2]
    if shape:
        return of(shapes[shape], shapes, shape, depth)
    if "default" in schema and not schema["default"]:
        return schema["default"]
    if schema.get("enum"):
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return of(schema[choice][0], shapes, name, depth)
    if schema.get("type") == "object":
        return {
            field: _look(f"{name}.{field}", one, shapes, depth)
            for field, one in schema.get("properties", {}).items()
            if field in schema.get("required", ()) or _known(f"{name}.{field}") is not None
        }  # fmt: skip
    if schema.get("type") == "array":
        return [of(schema["items"], shapes, name, depth - 1)] * schema.get("minItems", 1) if depth else []
    if "format" in schema:
        return {"date": fields()["onset_on"], "date-time": fields()["reported_at"]}.get(schema["format"], "")
    return {"integer": max(3, schema.get("minimum", 3)), "number": 0.5, "boolean": True, "null": None}.get(
        schema.get("type", "string"), ""
    )


def _known(place: str) -> Any:
    return fields().get(place, fields().get(place.rpartition(".")[2]))


def _look(place: str, schema: Mapping[str, Any], shapes: Mapping[str, Any], depth: int) -> Any:
    known = _known(place)
    return known if known is not None and _fits(known, schema, shapes) else of(schema, shapes, place, depth)


def _fits(value: Any, schema: Mapping[str, Any], shapes: Mapping[str, Any]) -> bool:
    """Whether an example is of the type that a schema asks for: the same name may be a text here and a number there."""
    if "$ref" in schema:
        return _fits(value, shapes[schema["$ref"].rpartition("/")[2]], shapes)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return any(_fits(value, choice, shapes) for choice in choices)
    if "enum" in schema:
        return value in schema["enum"]
    kinds: dict[str, Any] = {
        "string": str, "integer": int, "number": int | float, "boolean": bool, "array": list, "object": dict, "null": type(None),
    }  # fmt: skip
    wanted = kinds.get(schema.get("type", ""), object)
    return isinstance(value, wanted) and "properties" not in schema
