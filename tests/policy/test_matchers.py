"""What a matcher is: one condition on one label, with Alertmanager's meaning and Alertmanager's spelling."""

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest

from receiver.policy.matchers import (
    Matcher,
    MatcherError,
    MatchOperator,
    exact_alertnames,
    match_all,
    parse_matchers,
)

EQUAL, NOT_EQUAL, REGEX, NOT_REGEX = MatchOperator


@pytest.mark.parametrize(
    ("operator", "value", "label", "matches"),
    [
        pytest.param(EQUAL, "bar", "bar", True, id="equal, the same"),
        pytest.param(EQUAL, "bar", "foo-bar", False, id="equal, longer"),
        pytest.param(NOT_EQUAL, "bar", "bar", False, id="not equal, the same"),
        pytest.param(NOT_EQUAL, "bar", "foo-bar", True, id="not equal, longer"),
        pytest.param(REGEX, "bar", "bar", True, id="regex, the same"),
        pytest.param(REGEX, "bar", "foo-bar", False, id="regex is anchored"),
        pytest.param(REGEX, ".*bar", "foo-bar", True, id="regex that allows more"),
        pytest.param(NOT_REGEX, "bar", "bar", False, id="negated regex, the same"),
        pytest.param(NOT_REGEX, "bar", "foo-bar", True, id="negated regex is anchored"),
        pytest.param(NOT_REGEX, ".*bar", "foo-bar", False, id="negated regex that allows more"),
        pytest.param(REGEX, "foo.bar", "foo-bar", True, id="dot"),
        pytest.param(REGEX, r"foo\.bar", "foo-bar", False, id="escaped dot, another character"),
        pytest.param(REGEX, r"foo\.bar", "foo.bar", True, id="escaped dot, a dot"),
        pytest.param(EQUAL, "foo\nbar", "foo\nbar", True, id="equal over two lines"),
        pytest.param(REGEX, "foo.bar", "foo\nbar", False, id="dot is no line break"),
        pytest.param(REGEX, "(?s)foo.bar", "foo\nbar", True, id="dot is a line break with s"),
        pytest.param(EQUAL, '~!="', '~!="', True, id="characters of the syntax"),
    ],
)
def test_a_matcher_matches_as_in_alertmanager(
    operator: MatchOperator, value: str, label: str, matches: bool
) -> None:
    """TestMatcher of pkg/labels/matcher_test.go."""
    assert Matcher("foo", operator, value).matches({"foo": label}) is matches


@pytest.mark.parametrize(
    ("name", "operator", "value", "written"),
    [
        pytest.param("foo", EQUAL, "bar", 'foo="bar"', id="equal"),
        pytest.param("foo", NOT_EQUAL, "bar", 'foo!="bar"', id="not equal"),
        pytest.param("foo", REGEX, "bar", 'foo=~"bar"', id="regex"),
        pytest.param("foo", NOT_REGEX, "bar", 'foo!~"bar"', id="negated regex"),
        pytest.param("foo", EQUAL, "back\\slash", 'foo="back\\\\slash"', id="backslash"),
        pytest.param("foo", EQUAL, 'double"quote', 'foo="double\\"quote"', id="double quote"),
        pytest.param("foo", EQUAL, "new\nline", 'foo="new\\nline"', id="line break"),
        pytest.param("foo", EQUAL, "tab\tstop", 'foo="tab\tstop"', id="tab"),
        pytest.param("foo", EQUAL, "🙂", 'foo="🙂"', id="emoji"),
        pytest.param("foo!", NOT_EQUAL, "bar", '"foo!"!="bar"', id="reserved character in the name"),
        pytest.param("foo🙂", EQUAL, "bar", 'foo🙂="bar"', id="emoji in the name"),
        pytest.param("foo bar", EQUAL, "baz", '"foo bar"="baz"', id="space in the name"),
    ],
)
def test_a_matcher_is_written_as_in_alertmanager(
    name: str, operator: MatchOperator, value: str, written: str
) -> None:
    """TestMatcherString of pkg/labels/matcher_test.go."""
    assert str(Matcher(name, operator, value)) == written


def test_an_empty_name_is_written_so_that_it_can_be_read_back() -> None:
    """Alertmanager accepts `""="bar"`, but writes it as `="bar"`, which it refuses."""
    assert str(Matcher("", EQUAL, "bar")) == '""="bar"'


@pytest.mark.parametrize(
    ("operator", "value", "matches"),
    [
        (EQUAL, "", True),
        (NOT_EQUAL, "", False),
        (REGEX, "a*", True),
        (NOT_REGEX, "a*", False),
        (EQUAL, "a", False),
    ],
)
def test_a_missing_label_equals_the_empty_string(operator: MatchOperator, value: str, matches: bool) -> None:
    matcher = Matcher("foo", operator, value)
    assert matcher.matches({}) is matches
    assert matcher.matches({"foo": ""}) is matches


def test_matchers_are_anded() -> None:
    matchers = parse_matchers('{a="b",c=~"d|e"}')
    assert match_all(matchers, {"a": "b", "c": "e"})
    assert not match_all(matchers, {"a": "b", "c": "f"})
    assert not match_all(matchers, {"c": "e"})


@pytest.mark.parametrize("text", ["", "{}", "{ }", " \n"], ids=repr)
def test_an_entry_without_matchers_matches_everything(text: str) -> None:
    """The caller can tell, and refuse it: the tuple is empty."""
    assert parse_matchers(text) == ()
    assert match_all(parse_matchers(text), {"any": "thing"})


def test_a_matcher_is_a_value() -> None:
    one, same = parse_matchers('a=~"b"') + parse_matchers("a=~b")
    assert one == same
    assert len({one, same, Matcher("a", EQUAL, "b")}) == 2
    assert repr(one) == "Matcher(name='a', operator=<MatchOperator.REGEX: '=~'>, value='b')"
    with pytest.raises(FrozenInstanceError):
        one.value = "c"  # type: ignore[misc]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda matcher: pickle.loads(pickle.dumps(matcher))])
def test_a_copied_matcher_still_matches(again: object) -> None:
    matcher = again(Matcher("a", REGEX, "b+"))  # type: ignore[operator]
    assert matcher.matches({"a": "bb"})
    assert matcher == Matcher("a", REGEX, "b+")


def test_a_matcher_with_a_broken_pattern_cannot_be_made() -> None:
    with pytest.raises(MatcherError, match=r"the regular expression '\(' is none"):
        Matcher("a", REGEX, "(")
    assert Matcher("a", EQUAL, "(").matches({"a": "("})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param('alertname="A"', {"A"}, id="equal"),
        pytest.param('alertname=~"A"', {"A"}, id="regex of one"),
        pytest.param('alertname=~"A|B b|C"', {"A", "B b", "C"}, id="alternation"),
        pytest.param('alertname=~"A||B"', {"A", "", "B"}, id="alternation with nothing"),
        pytest.param('alertname=""', {""}, id="equal to nothing"),
        pytest.param('alertname=~""', {""}, id="empty regex"),
        pytest.param('alertname=~"A|B",alertname=~"B|C"', {"B"}, id="two alternations"),
        pytest.param('alertname=~"A|B",alertname!="A"', {"B"}, id="all but one"),
        pytest.param('alertname=~"AB|AC|B",alertname!~"A.*"', {"B"}, id="all but a pattern"),
        pytest.param('alertname="A",alertname=~".+"', {"A"}, id="a pattern that takes it"),
        pytest.param('alertname="A",alertname="B"', set(), id="a contradiction"),
        pytest.param('alertname="A",severity="page"', {"A"}, id="another label beside"),
        pytest.param('alertname="A.*"', {"A.*"}, id="equal, not a pattern"),
        pytest.param('alertname=~"A.*"', None, id="a pattern"),
        pytest.param('alertname=~"(A|B)"', None, id="a group"),
        pytest.param('alertname=~"(?i)A"', None, id="case folded"),
        pytest.param('alertname=~"A\\\\.b"', None, id="an escape"),
        pytest.param('alertname=~"A$|B"', None, id="an anchor"),
        pytest.param('alertname=~"\ufffd"', None, id="the sign for broken text"),
        pytest.param('alertname!="A"', None, id="not equal"),
        pytest.param('alertname!~"A|B"', None, id="negated alternation"),
        pytest.param('severity="page"', None, id="another label"),
        pytest.param("{}", None, id="no matchers"),
    ],
)
def test_the_alertnames_that_can_match_are_known_when_they_are_plain(
    text: str, names: set[str] | None
) -> None:
    assert exact_alertnames(parse_matchers(text)) == names


@pytest.mark.parametrize(
    "pattern",
    ["A.", "A+", "A*", "A?", "A{1}", "A{", "A}", "^A", "A$", "[A]", "(A)", "(?i)A", "A]", r"\x41", "\ufffd"],
)
def test_a_pattern_with_any_character_of_the_syntax_is_not_plain(pattern: str) -> None:
    assert exact_alertnames([Matcher("alertname", REGEX, f"{pattern}|B")]) is None
