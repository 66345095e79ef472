"""The two grammars of Alertmanager's matchers, and which of them reads a text.

As matcher/compat of Alertmanager 0.34 in its default mode. Up to 0.26 there was the classic grammar alone;
newer ones try both. A text that only one of them can read means what that one reads; where both can and
disagree, the classic reading holds. That comes to: classic, else UTF-8.
"""

from collections.abc import Callable

from receiver.policy.matcher_syntax import classic, utf8
from receiver.policy.matcher_syntax.errors import (
    MatcherError,
    PatternError,
    UnsupportedPatternError,
    quoted,
)
from receiver.policy.matcher_syntax.regex import SURROGATE
from receiver.policy.matcher_syntax.terms import Term

Grammar = Callable[[str], tuple[Term, ...]]


def read_terms(text: str) -> tuple[Term, ...]:
    """Read zero or more matchers, in the grammar that Alertmanager would read them in.

    Raises:
        MatcherError: neither grammar can read the text, or it holds a pattern that would mean something
            else here than in Alertmanager.

    Source: FallbackMatchersParser of matcher/compat.
    """
    if SURROGATE.search(text):
        raise MatcherError(
            f"matchers {quoted(text)}: half a surrogate pair is no text: write the character itself"
        )
    try:
        return _read(classic.parse, text)
    except UnsupportedPatternError:
        raise
    except MatcherError as classic_error:
        try:
            return _read(utf8.parse, text)
        except MatcherError as error:
            raise classic_error if isinstance(classic_error, PatternError) else error from None


def _read(grammar: Grammar, text: str) -> tuple[Term, ...]:
    try:
        return grammar(text)
    except MatcherError as error:
        raise type(error)(f"matchers {quoted(text)}: {error}") from error
