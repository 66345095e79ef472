"""Regular expressions as Alertmanager matches them: Go's regexp, by way of google-re2.

Python's own `re` reads other things into a pattern, and can hang on one. What google-re2 and Go do not read
alike is in dialect.py; none of it may pass in silence.
"""

import re
from dataclasses import dataclass
from typing import Any

import re2

from receiver.policy.matcher_syntax.dialect import NEWER, check_dialect, hides_newer, unicode_classes
from receiver.policy.matcher_syntax.errors import PatternError, UnsupportedPatternError, quoted

_ALONE = re2.Options()
_ALONE.log_errors = False
_ANCHORED = re2.Options()
_ANCHORED.log_errors = False
_ANCHORED.never_capture = True  # Up to a hundred times as fast, and nobody asks for the groups.
SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character, which Python's text can hold and UTF-8 cannot."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled regular expression that has to match the whole of a label's value."""

    anchored: Any
    newer_hidden: bool

    def matches(self, value: str) -> bool:
        """Tell whether the value matches from its first character to its last."""
        if not value.isascii():
            value = SURROGATE.sub("\ufffd", value)  # As Go reads them; google-re2 would raise.
            value = value.translate(NEWER) if self.newer_hidden else value
        return self.anchored.fullmatch(value) is not None


def compile_pattern(source: str) -> Pattern:
    """Compile a pattern as Alertmanager does, between `^(?:` and `)$`.

    Stricter in one thing: a pattern has to stand alone. Alertmanager takes `foo)|(?:bar`, which the brackets
    around it turn into "begins with foo, or ends with bar".

    Raises:
        UnsupportedPatternError: Alertmanager takes it, or may; here it would mean something else.
        PatternError: Alertmanager refuses it too.

    Source: NewMatcher of pkg/labels/matcher.go.
    """
    try:
        anchored = _compile(source)
        check_dialect(source)
    except PatternError as error:
        raise type(error)(f"the regular expression {quoted(source)} {error}") from error
    return Pattern(anchored, hides_newer(source))


def _compile(source: str) -> Any:
    if SURROGATE.search(source):
        raise PatternError("has half a surrogate pair: write the character itself")
    try:
        re2.compile(source, _ALONE)
        return re2.compile(f"^(?:{source})$", _ANCHORED)
    except re2.error as error:
        raise _refusal(source, error.args[0].decode(errors="replace")) from error


def _refusal(source: str, fault: str) -> PatternError:
    """Tell what is wrong, and whether Go's regexp would say the same."""
    if "too large" in fault:
        return UnsupportedPatternError("is too large: write a shorter one")
    if _compiles(f"^(?:{source})$"):
        return UnsupportedPatternError("does not stand alone: balance its brackets and backslashes")
    if any(unicode_classes(source)):
        return UnsupportedPatternError(
            f"is not understood, {quoted(fault)}: write classes like \\pL or \\p{{Greek}}"
        )
    return PatternError(f"is none, {quoted(fault)}: write RE2, which has no look-around or back-reference")


def _compiles(source: str) -> bool:
    try:
        re2.compile(source, _ALONE)
    except re2.error:
        return False
    return True
