import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from receiver.policy.rulefile import parse_rule_file
from receiver.policy.schema import rule_file_schema
from receiver.policy.source import survey_source
from tests.policy.invalid_rules import INVALID
from tests.policy.rule_cases import ONLY_CHECK_SEES, VALID

SCHEMA = rule_file_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def is_valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(survey_source(text).data))


def test_it_is_a_schema_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
def test_what_check_takes_is_valid(text: str) -> None:
    assert is_valid(text)


@pytest.mark.parametrize("text", [text for text, _ in INVALID.values()], ids=INVALID)
def test_what_check_refuses_is_invalid(text: str) -> None:
    assert not is_valid(text)


LEAVES_A_HOLE = {"alias", "template-without-quotes"}
"""What check refuses here is then missing in the data, so that a schema objects as well."""


@pytest.mark.parametrize("name", ONLY_CHECK_SEES)
def test_what_only_check_can_see_is_valid(name: str) -> None:
    assert is_valid(ONLY_CHECK_SEES[name][0]) == (name not in LEAVES_A_HOLE)


def described(schema: object) -> list[str]:
    """Return the properties without a description."""
    if not isinstance(schema, dict):
        return []
    named = schema.get("properties", {})
    missing = [name for name, value in named.items() if "description" not in value and "$ref" not in value]
    return missing + [name for value in schema.values() for name in described(value)]


def test_every_key_is_described_for_editors() -> None:
    assert described(SCHEMA) == []


def test_defaults_stand_there_as_one_would_write_them() -> None:
    guards = SCHEMA["$defs"]["GuardSettings"]["properties"]
    assert (guards["deployed_within"]["default"], guards["max_alert_age"]["default"]) == ("30m", "1h")
    assert SCHEMA["$defs"]["Rule"]["properties"]["mode"]["default"] == "dry-run"


def test_nothing_may_be_null() -> None:
    assert "null" not in json.dumps(SCHEMA)


SCALAR = st.sampled_from(
    [
        "off",
        "dry-run",
        "approve",
        "5m",
        "0",
        "1h1d",
        "x",
        "X",
        "",
        "{{ $labels.a }}",
        "a=b",
        "https://x",
        0,
        1,
        -1,
        True,
        [],
    ]
)
INTERVAL = st.dictionaries(
    st.sampled_from(["weekdays", "days_of_month", "months", "years", "location", "x"]),
    SCALAR
    | st.lists(
        st.sampled_from(
            ["monday", "Sunday:monday", "x", "1", "-1", "1:5", "5:july", "2026", "0", 0, 1, 13, -31, 2026, 26]
        ),
        max_size=2,
    ),
    max_size=2,
)
RULE = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "A", "a-", 1]),
        "matchers": st.lists(st.sampled_from(["a=b", "", "{}", 1]), max_size=2),
    },
    optional={
        "for": SCALAR,
        "mode": SCALAR,
        "runbook_url": SCALAR,
        "target": st.dictionaries(
            st.sampled_from(["kind", "namespace", "name", "pod", "service", "x"]), SCALAR, max_size=4
        ),
        "rollback": st.dictionaries(st.sampled_from(["to", "soak", "x"]), SCALAR, max_size=2),
        "guards": st.dictionaries(
            st.sampled_from(["cooldown", "budget", "systemic", "schedule"]),
            SCALAR
            | st.dictionaries(st.sampled_from(["max", "per", "over", "x"]), SCALAR, max_size=2)
            | st.dictionaries(
                st.sampled_from(["active", "mute"]), SCALAR | st.lists(INTERVAL, max_size=2), max_size=2
            ),
            max_size=2,
        ),
        "verify": SCALAR,
    },
)


@given(RULE)
def test_schema_and_check_agree_about_any_rule(rule: dict[str, object]) -> None:
    data = {"rules": [rule]}
    checked = parse_rule_file(json.dumps(data), filename="F")
    assert VALIDATOR.is_valid(data) == (not checked.problems), checked.problems
