"""What a custom kind's schema refuses: checked by jsonschema, told in the real server's words."""

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsonschema

from receiver.sandbox import naming
from receiver.sandbox.errors import Cause

Object = dict[str, Any]
BOUNDS = {"int32": 2**31, "int64": 2**63}
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def refusals(schema: Mapping[str, Any], value: Any, *, status: bool) -> Iterator[Cause]:
    """Yield what is wrong with a value; with `status`, which the real one then names without its prefix."""
    for error in _validator(json.dumps(_plain(schema))).iter_errors(value):
        yield from _causes(error, status)


def _plain(schema: Any) -> Any:
    """Return the schema in JSON Schema's words."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: {k: _plain(v) for k, v in (schema.get(key) or {}).items()} for key in ("properties",)}
    found = {key: _plain(value) for key, value in schema.items() if key not in {"properties", "default"}}
    found |= {key: value for key, value in inner.items() if value}
    if not found.get("required"):
        found.pop("required", None)
    if schema.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in found:
        found["type"] = [found["type"], "null"]
    return found


@functools.lru_cache(maxsize=64)
def _validator(text: str) -> jsonschema.Draft4Validator:
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date-time")(lambda value: not isinstance(value, str) or bool(DATE_TIME.fullmatch(value)))
    for name, bound in BOUNDS.items():
        checker.checks(name)(functools.partial(_within, bound))
    return jsonschema.Draft4Validator(json.loads(text), format_checker=checker)


def _within(bound: int, value: Any) -> bool:
    return not isinstance(value, int) or -bound <= value < bound


def written(path: Sequence[str | int]) -> str:
    """Write a path as causes have it: `spec.list[0].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _type(value: Any) -> str:
    if value is None:
        return "null"
    names = {str: "string", bool: "boolean", list: "array", dict: "object", int: "integer"}
    return names.get(type(value), "number")


def _causes(error: Any, status: bool) -> Iterator[Cause]:
    """Yield the causes of what jsonschema refuses."""
    path = list(error.absolute_path)
    field, value, limit = written(path), error.instance, error.validator_value
    within = written(path[1:]) if status else field
    if error.validator == "required":
        # jsonschema names one missing field at a time; its message alone says which.
        name = next(key for key in limit if key not in value and repr(key) in error.message)
        yield naming.required(written([*path, name]))
    elif error.validator in {"type", "format"}:
        yield from _mistyped(error, field, within)
    elif error.validator == "enum":
        yield naming.unsupported(field, value, limit)
    elif error.validator == "maxLength":
        yield field, "FieldValueTooLong", f"Too long: may not be more than {limit} bytes"
    elif error.validator in {"maxItems", "maxProperties"}:
        yield field, "FieldValueTooMany", f"Too many: {len(value)}: must have at most {limit} items"
    elif error.validator == "oneOf":
        # The real one counts the valid alternatives, and adds what the first of them lacks.
        why = "must validate one and only one schema (oneOf)"
        yield "<nil>", "FieldValueInvalid", f'Invalid value: "": "{field}" {why}'
    else:
        shown = len(value) if error.validator in {"minItems", "minProperties"} else value
        yield naming.invalid(field, shown, f"{within} in body {_said(error)}".strip())


def _mistyped(error: Any, field: str, within: str) -> Iterator[Cause]:
    value, wanted = error.instance, error.validator_value
    number, format_ = isinstance(value, int | float), error.schema.get("format")
    if error.validator == "type":
        got, wanted = _type(value), wanted if isinstance(wanted, str) else ",".join(wanted)
        if number and wanted == "integer" and format_ in BOUNDS:
            got, wanted = "float64", format_
    else:
        got = "float64" if number else value
    # What fits the JSON decoder's integers is told of by the second cause alone.
    if not (isinstance(value, int) and abs(value) < BOUNDS["int64"] and wanted == "int32"):
        said = f'Invalid value: "{got}": {within} in body must be of type {wanted}: "{got}"'
        yield field, "FieldValueTypeInvalid", said
    if number and not isinstance(value, bool) and error.schema.get("type") == "integer":
        kind = f"with format {format_}" if format_ in BOUNDS else "(default format)"
        why = f'Invalid value: "": Checked value must be of type integer {kind} in {within}'
        yield "<nil>", "FieldValueInvalid", why


def _said(error: Any) -> str:
    limit = error.validator_value
    low, high = (
        "" if error.schema.get(f"exclusive{end}") else "or equal to " for end in ("Minimum", "Maximum")
    )
    words = {
        "pattern": f"should match '{limit}'",
        "minLength": f"should be at least {limit} chars long",
        "minimum": f"should be greater than {low}{limit}",
        "maximum": f"should be less than {high}{limit}",
        "minItems": f"should have at least {limit} items",
        "minProperties": f"should have at least {limit} properties",
        "multipleOf": f"should be a multiple of {limit}",
    }
    return words.get(error.validator, f"must agree with {error.validator}")
