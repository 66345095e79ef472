"""From plain data to frozen models: pydantic's errors, said in the words of the file and for its reader.

The base class of everything that is read from a rule file or the config file. It knows no rule.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from receiver.policy.problems import Fault, Path, advice, shown, within

_EXPECTED = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "string_type": "a string",
}


class Parsed(BaseModel):
    """A mapping of a file, frozen. Unknown keys are faults."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, use_attribute_docstrings=True
    )

    @classmethod
    @cache
    def file_keys(cls) -> dict[str, FieldInfo]:
        """Return the fields by the keys that they have in a file."""
        return {str(field.validation_alias or name): field for name, field in cls.model_fields.items()}

    @classmethod
    def parse(cls, data: object, context: Mapping[str, Any] | None = None) -> Self | tuple[Fault, ...]:
        """Turn plain data into the model, or return everything that is wrong with it.

        A key without a value is a fault, whatever the key: it may mean the default, or off, or be a slip.
        """
        empty = {path: _without_value(cls, path) for path in _empty(data, ())}
        try:
            parsed = cls.model_validate(data, context=context, by_alias=True, by_name=False)
        except ValidationError as e:
            faults = [_fault(cls, error) for error in e.errors(include_url=False)]
            return (*empty.values(), *(fault for fault in faults if not within(fault.path, empty.keys())))
        return tuple(empty.values()) or parsed

    def on_top_of(self, base: Self) -> Self:
        """Return `base` with everything replaced that was given here, also one level further down."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        for name, value in given.items():
            below = getattr(base, name)
            if isinstance(value, Parsed) and type(value) is type(below):
                given[name] = value.on_top_of(below)
        return base.model_copy(update=given)


def _empty(data: object, path: Path) -> Iterator[Path]:
    if data is None and path:
        yield path
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _empty(value, (*path, key))
    elif isinstance(data, list):
        for position, value in enumerate(data):
            yield from _empty(value, (*path, position))


def _without_value(model: type[Parsed], path: Path) -> Fault:
    holder, _ = _locate(model, path)
    field = holder.file_keys().get(str(path[-1]))
    needed = field is None or field.is_required()
    return Fault(path, "has no value: write one" if needed else "has no value: write one, or leave it out")


def _fault(model: type[Parsed], error: ErrorDetails) -> Fault:
    holder, path = _locate(model, error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return Fault(path, f"unknown key: {advice(str(path[-1]), holder.file_keys())}")
        case "missing":
            return Fault(path, "is missing")
        case "value_error":
            return Fault(path, str(error["ctx"]["error"]))
    return Fault(path, f"must be {_EXPECTED[error['type']]}, not {shown(error['input'])}")


def _locate(model: type[Parsed], loc: Path) -> tuple[type[Parsed], Path]:
    """Return the model that holds the last key of a location, and the path in the file.

    The two differ where pydantic puts a union's tag, which is the model's name, into the location.
    """
    holder, path, steps = model, list[str | int](), list(loc)
    while steps:
        path.append(steps.pop(0))
        field = holder.file_keys().get(str(path[-1]))
        models = _models(field.annotation) if field else ()
        if len(models) > 1 and steps:
            tag = steps.pop(0)
            models = tuple(model for model in models if model.__name__ == tag)
        if models and steps:
            holder = models[0]
    return holder, tuple(path)


def _models(annotation: Any) -> tuple[type[Parsed], ...]:
    if isinstance(annotation, type) and issubclass(annotation, Parsed):
        return (annotation,)
    return tuple(model for part in get_args(annotation) for model in _models(part))
