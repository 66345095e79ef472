"""Rule files and rule tests near valid ones: taken or refused with file and line, and never a crash."""

import re
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from receiver.policy.problems import Problem
from receiver.policy.rulefile import combine, parse_rule_file
from receiver.policy.rules import Ruleset
from receiver.policy.ruletests.file import parse_rule_tests
from receiver.policy.ruletests.trial import try_test
from receiver.policy.schema import rule_file_schema
from receiver.policy.source import survey_source
from tests.policy.changed import changed, written
from tests.policy.rule_cases import VALID

ROOT = Path(__file__).parents[2]
VALIDATOR = Draft202012Validator(rule_file_schema())
FIELD = parse_rule_file((ROOT / "tests/corpus/rules/field.yaml").read_text(), filename="field.yaml")
ONLY_CHECK_SEES = re.compile(
    "taken by a rule on line|at most 1w, as long as|is too long: a duration|must end after it starts"
    "|ends before it begins|goes over the end|is no time zone"
)
"""What the schema's docstring names as seen by `check` alone."""


def rule_files() -> list[Any]:
    """Every valid file that there is: the tables' and those that are delivered."""
    delivered = [*(ROOT / "rules").glob("*.yaml"), *(ROOT / "tests/corpus/rules").glob("*.yaml")]
    return [
        survey_source(text).data for text in [*VALID.values(), *(f.read_text() for f in sorted(delivered))]
    ]


def rule_tests() -> list[Any]:
    """A file for each incident of the corpus."""
    documents = [
        survey_source(file.read_text()).data for file in sorted((ROOT / "tests/corpus").glob("*.yaml"))
    ]
    return [{**one, "tests": [test]} for one in documents for test in one["tests"]]


def told(problems: tuple[Problem, ...], text: str) -> bool:
    """Whether each problem is one harmless line that names the file and a line of it."""
    lines = [problem.line for problem in problems]
    assert all(line is not None and 1 <= line <= text.count("\n") + 1 for line in lines)
    assert lines == sorted(lines, key=lambda line: line or 0)
    printed = [str(problem) for problem in problems]
    assert all(re.match(r"F:[1-9][0-9]*: .", line) and line.isprintable() for line in printed)
    return bool(problems)


@given(st.sampled_from(rule_files()).flatmap(changed))
@settings(deadline=None, max_examples=200)
def test_changed_rule_file_is_judged_alike_by_check_and_schema(data: Any) -> None:
    text = written(data)
    file = parse_rule_file(text, filename="F")
    refused = told(file.problems, text)
    assert isinstance(combine([file]), tuple if refused else Ruleset)
    seen = [problem for problem in file.problems if not ONLY_CHECK_SEES.search(problem.message)]
    assert VALIDATOR.is_valid(data) == (not seen), seen


@given(st.sampled_from(rule_tests()).flatmap(changed))
@settings(deadline=None, max_examples=200)
def test_changed_rule_test_is_refused_by_line_or_runs(data: Any) -> None:
    text = written(data)
    file = parse_rule_tests(text, filename="F")
    assert told(file.problems, text) == (file.document is None)
    if file.document is None:
        return
    for test in file.document.tests:
        outcome = try_test(test, ruleset=Ruleset(FIELD.rules), installation=file.document.settings)
        assert outcome.passed == (not outcome.missing and not outcome.unexpected)
