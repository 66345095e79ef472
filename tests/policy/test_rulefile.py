import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.policy.problems import Problem
from receiver.policy.rulefile import RuleFile, combine, parse_rule_file
from receiver.policy.rules import GuardSettings, Ruleset
from tests.policy.invalid_rules import INVALID, NO_LABEL
from tests.policy.rule_cases import HEAD, ONLY_CHECK_SEES, VALID, with_keys, with_matchers, with_name

TEXTS = [*VALID.values(), *(text for text, _ in (INVALID | ONLY_CHECK_SEES).values())]
PIECES = [
    "\n",
    "  ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "&a ",
    "*a",
    "!t ",
    "null",
    "5",
    "\0",
    "\ud800",
    "#",
]


def parse(text: str, filename: str = "F") -> RuleFile:
    return parse_rule_file(text, filename=filename)


def told(file: RuleFile) -> list[str]:
    return [str(problem).removeprefix("F:") for problem in file.problems]


@pytest.mark.parametrize("text", VALID.values(), ids=VALID)
def test_a_valid_file_has_its_rules_and_no_problem(text: str) -> None:
    file = parse(text)
    assert told(file) == []
    assert len(file.rules) == ("rules: []" not in text)


@pytest.mark.parametrize(("text", "problems"), INVALID.values(), ids=INVALID)
def test_each_problem_says_where_what_and_what_would_be_right(text: str, problems: list[str]) -> None:
    file = parse(text)
    assert told(file) == problems
    assert file.rules == ()


@pytest.mark.parametrize(("text", "beginnings"), ONLY_CHECK_SEES.values(), ids=ONLY_CHECK_SEES)
def test_what_no_schema_can_see_is_a_problem_too(text: str, beginnings: list[str]) -> None:
    problems = told(parse(text))
    assert len(problems) == len(beginnings)
    assert all(problem.startswith(begins) for problem, begins in zip(problems, beginnings, strict=True))


def test_a_secret_in_an_address_is_not_repeated() -> None:
    assert "secret" not in str(told(parse(with_keys("runbook_url: ftp://user:secret@example.org"))))


HOSTILE = {
    "name": (
        with_name('"\\e[2Jx\\n"'),
        f"3: rule '\\x1b[2Jx\\n': name: '\\x1b[2Jx\\n' {NO_LABEL}",
    ),
    "value": (
        with_keys('mode: "auto\\u202e"'),
        "4: rule shop: mode: 'auto\\u202e' is unknown: did you mean auto?",
    ),
    "long-value": (
        with_keys(f"mode: {'a' * 10_000}"),
        f"4: rule shop: mode: '{'a' * 80}'… is unknown: known are off, dry-run, approve, auto",
    ),
}


@pytest.mark.parametrize(("text", "problem"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_quoted_and_bounded(text: str, problem: str) -> None:
    assert told(parse(text)) == [problem]


def test_a_hostile_filename_is_quoted() -> None:
    file = parse("rules: none", filename="a\n\x1bb.yaml")
    assert str(file.problems[0]) == "'a\\n\\x1bb.yaml':1: rules: must be a list, not 'none'"


def test_what_cannot_be_read_at_all_has_no_line() -> None:
    assert str(Problem("rules", None, None, "cannot be read: Permission denied")) == (
        "rules: cannot be read: Permission denied"
    )


def test_the_installations_defaults_hold_where_a_rule_is_silent() -> None:
    defaults = GuardSettings(cooldown=timedelta(hours=3))
    file = parse_rule_file(with_keys("guards: {deployed_within: 1m}"), filename="F", defaults=defaults)
    assert file.rules[0].guards == GuardSettings(
        deployed_within=timedelta(minutes=1), cooldown=timedelta(hours=3)
    )


def test_hints_name_file_line_and_rule() -> None:
    assert [str(hint) for hint in parse(with_matchers("[a!=b]")).hints] == [
        "F:2: rule shop: hint: no `for`: copy the alert's own, which tells when its trouble began, or `0s`",
        "F:2: rule shop: hint: its matchers match an alert without labels, so nearly every alert",
    ]


def test_a_file_with_problems_has_no_hints() -> None:
    assert parse(with_keys("mode: x")).hints == ()


class TestCombine:
    def test_the_rules_of_all_files_are_in_the_order_of_the_files(self) -> None:
        rules = combine([parse(with_name("z")), parse(VALID["no-rules"]), parse(with_name("a"))])
        assert isinstance(rules, Ruleset)
        assert [rule.name for rule in rules.rules] == ["z", "a"]

    def test_no_files_are_no_rules(self) -> None:
        assert combine([]) == Ruleset()

    def test_a_name_in_two_files_is_a_problem_of_the_later_one(self) -> None:
        problems = combine([parse(HEAD, "a.yaml"), parse(with_name("shop"), "b.yaml"), parse(HEAD, "c.yaml")])
        assert isinstance(problems, tuple)
        assert [str(problem) for problem in problems] == [
            "b.yaml:3: rule shop: name: taken by a rule at a.yaml:2",
            "c.yaml:2: rule shop: name: taken by a rule at a.yaml:2",
        ]

    def test_the_problems_of_all_files_are_told_names_in_two_files_among_them(self) -> None:
        problems = combine([parse(with_keys("mode: x"), "a.yaml"), parse(with_keys("for: x"), "b.yaml")])
        assert isinstance(problems, tuple)
        assert [str(problem).split(": ")[:3] for problem in problems] == [
            ["a.yaml:4", "rule shop", "mode"],
            ["b.yaml:2", "rule shop", "name"],
            ["b.yaml:4", "rule shop", "for"],
        ]


def mutated(text: str) -> st.SearchStrategy[str]:
    """Cut a piece out of a file, and put another one in its place, a few times."""
    places = st.tuples(
        st.integers(0, len(text)), st.integers(0, 8), st.sampled_from(PIECES) | st.text(max_size=3)
    )
    return st.lists(places, min_size=1, max_size=3).map(lambda cuts: cut(text, cuts))


def cut(text: str, cuts: list[tuple[int, int, str]]) -> str:
    for start, length, piece in cuts:
        text = text[:start] + piece + text[start + length :]
    return text


@given(st.text() | st.sampled_from(TEXTS).flatmap(mutated))
def test_any_file_has_rules_or_problems_each_in_one_line_with_file_and_line(text: str) -> None:
    file = parse(text, "shop.yaml")
    assert not (file.rules and file.problems)
    printed = [str(problem) for problem in file.problems]
    assert all(re.match(r"shop\.yaml:[1-9][0-9]*: .", line) and line.isprintable() for line in printed)
    assert isinstance(combine([file]), tuple if file.problems else Ruleset)
    lines = [problem.line or 0 for problem in file.problems]
    assert lines == sorted(lines)
