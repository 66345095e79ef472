"""What holds for any matchers: no text breaks the parser, what is written reads back, no alert gets lost."""

from hypothesis import example, given
from hypothesis import strategies as st

from receiver.policy.matchers import (
    Matcher,
    MatcherError,
    MatchOperator,
    exact_alertnames,
    match_all,
    parse_matchers,
)

ANY_TEXT = st.text(st.characters(), max_size=40)  # Half surrogate pairs too.
PIECES = st.lists(
    st.sampled_from(
        [*"{},=!~\"\\'` \n\t()[]|", "=~", "!=", "a", "é", "\\n", "\\x", "\\u", "\\d", '"b"', "\u00a0"]
    )
).map("".join)
TEXT = st.text(max_size=20)
NAME = st.sampled_from(["alertname", "severity"])
LISTED = st.lists(st.sampled_from(["", "A", "B", "AB", "a b", "\ufffd"]), min_size=1, max_size=4).map(
    "|".join
)
PATTERN = LISTED | st.sampled_from(
    ["A.*", ".*", "(?i)a", "(A|B)", "A+|B", "[AB]", "A?", "\\w", "^A$|B", "A\\|B"]
)


def _make(name: str, operator: MatchOperator, value: str) -> Matcher | None:
    try:
        return Matcher(name, operator, value)
    except MatcherError:
        return None


MATCHER = st.builds(_make, TEXT, st.sampled_from(MatchOperator), TEXT).filter(bool)
ON_NAMES = st.builds(Matcher, NAME, st.sampled_from(MatchOperator), PATTERN)
LABELS = st.dictionaries(
    NAME, st.sampled_from(["", "A", "B", "AB", "a b", "a", "A|B", "AA", "\ufffd", "\ud800"])
)


@given(ANY_TEXT | PIECES)
@example('a=~"\\')
@example("\ud800")
@example('{"')
def test_any_text_is_read_or_refused_in_one_printable_line(text: str) -> None:
    try:
        shown = " ".join(map(repr, parse_matchers(text)))
    except MatcherError as error:
        shown = str(error)
    assert shown.isprintable()


@given(MATCHER)
def test_a_written_matcher_reads_back(matcher: Matcher) -> None:
    assert parse_matchers(str(matcher)) == (matcher,)


@given(st.lists(MATCHER, max_size=4))
def test_a_written_list_reads_back(matchers: list[Matcher]) -> None:
    assert parse_matchers("{" + ",".join(map(str, matchers)) + "}") == tuple(matchers)


@given(ANY_TEXT | PIECES)
def test_what_was_read_reads_back(text: str) -> None:
    try:
        matchers = parse_matchers(text)
    except MatcherError:
        return
    assert parse_matchers(",".join(map(str, matchers))) == matchers


@given(st.lists(ON_NAMES, max_size=4), LABELS)
def test_the_exact_alertnames_leave_no_matching_alert_out(
    matchers: list[Matcher], labels: dict[str, str]
) -> None:
    names = exact_alertnames(matchers)
    if match_all(matchers, labels):
        assert names is None or labels.get("alertname", "") in names


@given(st.lists(ON_NAMES, max_size=4), st.text(max_size=4))
def test_the_exact_alertnames_leave_no_alertname_out(matchers: list[Matcher], name: str) -> None:
    names = exact_alertnames(matchers)
    if match_all([matcher for matcher in matchers if matcher.name == "alertname"], {"alertname": name}):
        assert names is None or name in names


@given(st.sampled_from([MatchOperator.REGEX, MatchOperator.EQUAL]), PATTERN, ANY_TEXT)
def test_an_operator_and_its_negation_disagree_on_every_value(
    operator: MatchOperator, value: str, label: str
) -> None:
    negation = {MatchOperator.REGEX: MatchOperator.NOT_REGEX, MatchOperator.EQUAL: MatchOperator.NOT_EQUAL}
    one, other = Matcher("a", operator, value), Matcher("a", negation[operator], value)
    assert one.matches({"a": label}) is not other.matches({"a": label})
