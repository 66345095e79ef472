"""The JSON Schema of a rule file, for editors: the models' own, in the words of the file.

What one value alone or a pattern does not show (a regular expression, a name used twice, a duration's size, a
time zone, which way a range goes) only `check` can see; everything else the two judge alike.
"""

from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from receiver.policy.durations import format_duration
from receiver.policy.rulefile import RuleDocument

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def rule_file_schema() -> dict[str, Any]:
    """Return the schema, in draft 2020-12, as plain JSON data."""
    schema = RuleDocument.model_json_schema(schema_generator=_Generator)
    return {"$schema": DIALECT, **schema, "title": "rollback-receiver rules"}


class _Generator(GenerateJsonSchema):
    """Without what is true of the models and not of the file: a key that may be left out is not null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        default, inner = schema.get("default"), self.generate_inner(schema["schema"])
        shown = format_duration(default) if isinstance(default, timedelta) else default
        return {**inner, "default": shown} if isinstance(shown, str | int) else inner

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False
