"""The grammars read every recorded text as Alertmanager does: its own suites, and cases of ours."""

import json
from pathlib import Path
from typing import Any

import pytest

from receiver.policy.matcher_syntax import classic, read_terms, utf8
from receiver.policy.matcher_syntax.errors import MatcherError, UnsupportedPatternError
from receiver.policy.matcher_syntax.go_strings import quote, unquote
from receiver.policy.matchers import match_all, parse_matchers

Case = dict[str, Any]

DATA = Path(__file__).parent / "matchers"
TEXTS: list[Case] = [
    case
    for name in ("suites", "recorded")
    for case in json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["texts"]
]
GRAMMARS = {"classic": classic.parse, "utf8": utf8.parse, "default": read_terms}


@pytest.mark.parametrize("grammar", GRAMMARS)
@pytest.mark.parametrize("case", TEXTS, ids=lambda case: case["id"])
def test_a_grammar_reads_what_alertmanager_reads(case: Case, grammar: str) -> None:
    expected = case[grammar]
    if expected is None:
        with pytest.raises(MatcherError):
            GRAMMARS[grammar](case["text"])
    else:
        assert [list(term) for term in GRAMMARS[grammar](case["text"])] == expected


@pytest.mark.parametrize(
    "case", [case for case in TEXTS if case["default"] is not None], ids=lambda case: case["id"]
)
def test_matchers_are_written_and_match_as_in_alertmanager(case: Case) -> None:
    matchers = parse_matchers(case["text"])
    written = [str(matcher) for matcher in matchers if matcher.name]
    assert written == [text for text in case["shown"] or [] if not text.startswith("=")]
    for alert in case.get("alerts", []):
        assert match_all(matchers, alert["labels"]) is alert["matches"], alert["labels"]


def test_the_recorded_texts_tell_the_grammars_apart() -> None:
    """Without cases that one grammar alone reads, and some that both read differently, nothing is proven."""
    verdicts = [(case["classic"], case["utf8"]) for case in TEXTS]
    assert sum(classic is None and utf8 is not None for classic, utf8 in verdicts) > 20
    assert sum(classic is not None and utf8 is None for classic, utf8 in verdicts) > 20
    assert sum(classic != utf8 for classic, utf8 in verdicts if classic is not None and utf8 is not None) > 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param(
            "foo", "an operator (=, !=, =~ or !~) is expected at column 4, not the end", id="operator"
        ),
        pytest.param("foo bar", "is expected at column 5, not 'bar'", id="operator, with text there"),
        pytest.param(",", "a label name is expected at column 1, not ','", id="name"),
        pytest.param("é=", "a value is expected at column 3, not the end", id="value"),
        pytest.param("é=a b", "a comma or the end is expected at column 5, not 'b'", id="comma"),
        pytest.param("{é=a", "a comma or '}' is expected at column 5, not the end", id="closing brace"),
        pytest.param("{é=a} b", "the end is expected at column 7, not 'b'", id="end"),
        pytest.param('é="a', "not a double quote that is never closed", id="closing quote"),
        pytest.param(
            'é="\\d"',
            r"at column 3 has the escape '\\d', which is none: write a backslash as \\",
            id="escape",
        ),
        pytest.param('é="a\nb"', "holds a line break: write it as \\n", id="line break"),
        pytest.param('é="\\xff"', "has \\x or octal escapes that are not UTF-8", id="bytes"),
        pytest.param('é="\\ud800"', r"has the escape '\\ud800', which is no character", id="half a pair"),
        pytest.param("a=\ud800", "half a surrogate pair is no text", id="half a pair, raw"),
        pytest.param(
            'a=~"["', "the regular expression '[' is none, 'missing ]: [': write RE2", id="classic regex"
        ),
        pytest.param(
            'é=~"["', "the regular expression '[' is none, 'missing ]: [': write RE2", id="UTF-8 regex"
        ),
        pytest.param('a=~"\\d[",', r"the regular expression '\\d[' is none", id="regex, before the escape"),
        pytest.param(
            "a=~foo)|(bar", "the regular expression 'foo)|(bar' does not stand alone", id="unsupported"
        ),
    ],
)
def test_an_error_says_what_is_wrong_where_and_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(MatcherError) as caught:
        parse_matchers(text)
    assert str(caught.value).startswith("matchers ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("parse", "text", "says"),
    [
        pytest.param(classic.parse, "a-b=c", "'a-b=c' is not of the form name=\"value\"", id="classic form"),
        pytest.param(classic.parse, 'a=b"c', "'b\"c' has a stray double quote", id="classic, quote inside"),
        pytest.param(classic.parse, 'a="b', "'\"b' has a stray double quote", id="classic, open quote"),
    ],
)
def test_a_grammar_alone_says_what_is_wrong(parse: Any, text: str, says: str) -> None:
    with pytest.raises(MatcherError) as caught:
        parse(text)
    assert says in str(caught.value)


def test_a_classic_reading_that_is_refused_here_is_not_replaced_by_the_other() -> None:
    """Alertmanager takes the classic reading, in which the first bracket is none; the other stands alone."""
    text = r'a=~"\x28b)|(c\x29"'
    assert utf8.parse(text)[0].value == "(b)|(c)"
    with pytest.raises(UnsupportedPatternError, match="does not stand alone"):
        parse_matchers(text)


def test_hostile_text_in_an_error_is_cut_and_escaped() -> None:
    with pytest.raises(MatcherError) as caught:
        parse_matchers("\x1b[2J\n\u202e" + "x" * 10_000)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        pytest.param("", '""', id="empty"),
        pytest.param("a b", '"a b"', id="space"),
        pytest.param('\a\b\f\n\r\t\v\\"', r'"\a\b\f\n\r\t\v\\\""', id="named escapes"),
        pytest.param("\x00\x1f\x7f", r'"\x00\x1f\x7f"', id="control characters"),
        pytest.param("\x80\u00a0\u202e", r'"\u0080\u00a0\u202e"', id="not printable"),
        pytest.param("\U000e0001", r'"\U000e0001"', id="not printable, long"),
        pytest.param("é🙂'`", '"é🙂\'`"', id="printable"),
    ],
)
def test_a_literal_is_written_as_go_writes_it(text: str, literal: str) -> None:
    """Recorded from strconv.Quote of Go 1.26."""
    assert quote(text) == literal
    assert unquote(literal) == text
