"""Matchers on an alert's labels, with Alertmanager's syntax and semantics.

Everything is as in Alertmanager 0.34 with its default flags; where that cannot be, a matcher is refused:
none may pass that means here what it does not mean there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from receiver.policy.matcher_syntax import read_terms
from receiver.policy.matcher_syntax.errors import MatcherError
from receiver.policy.matcher_syntax.go_strings import quote
from receiver.policy.matcher_syntax.regex import Pattern, compile_pattern
from receiver.policy.matcher_syntax.terms import MatchOperator
from receiver.policy.matcher_syntax.utf8 import RESERVED

__all__ = ["MatchOperator", "Matcher", "MatcherError", "exact_alertnames", "match_all", "parse_matchers"]

ALERTNAME = "alertname"
_IN_VALUE = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_NOT_LITERAL = frozenset("\\.+*?()[]{}^$\ufffd")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; a label that an alert does not have equals the empty string.

    Raises:
        MatcherError: the operator needs a regular expression, and the value is none.
    """

    name: str
    operator: MatchOperator
    value: str
    _pattern: Pattern | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern = compile_pattern(self.value) if self.operator.takes_pattern else None
        object.__setattr__(self, "_pattern", pattern)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether an alert with these labels matches."""
        value = labels.get(self.name, "")
        equal = value == self.value if self._pattern is None else self._pattern.matches(value)
        return equal != self.operator.negates

    def __str__(self) -> str:
        """Write the matcher as Alertmanager does; parse_matchers reads it back.

        Source: Matcher.String of pkg/labels, which leaves an empty name out and cannot read that back.
        """
        if not self.name or any(char in RESERVED for char in self.name):
            return f"{quote(self.name)}{self.operator}{quote(self.value)}"
        return f'{self.name}{self.operator}"{self.value.translate(_IN_VALUE)}"'


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Read one entry of a `matchers:` list: one matcher, or several between commas, in braces or not.

    An entry without any matcher ('' or '{}') gives an empty tuple, which matches every alert.

    Raises:
        MatcherError: Alertmanager would refuse the text, or a regular expression in it would not mean here
            what it means there. The message is one line, and what it quotes of the text is harmless.

    Source: Matchers.UnmarshalYAML of config/common reads each entry by itself and puts them all together;
    its sorting makes no difference to what matches.
    """
    return tuple(Matcher(*term) for term in read_terms(text))


def match_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether every matcher matches; no matchers match everything, as in Alertmanager."""
    return all(matcher.matches(labels) for matcher in matchers)


def exact_alertnames(matchers: Iterable[Matcher]) -> frozenset[str] | None:
    """Name every alertname with which an alert can match, or None when that may be any.

    An alert without an alertname counts as one whose name is empty. An empty set means that the matchers
    contradict each other. It never leaves out an alertname with which the matchers match.
    """
    about_name = [matcher for matcher in matchers if matcher.name == ALERTNAME]
    listed = [names for matcher in about_name if (names := _listed_values(matcher)) is not None]
    if not listed:
        return None
    return frozenset(name for name in listed[0] if match_all(about_name, {ALERTNAME: name}))


def _listed_values(matcher: Matcher) -> list[str] | None:
    r"""List the values that `=` or a plain alternation (A|B|C) takes.

    A pattern with U+FFFD is not plain: broken text in a label matches it.
    """
    if matcher.operator is MatchOperator.EQUAL:
        return [matcher.value]
    if matcher.operator is MatchOperator.REGEX and _NOT_LITERAL.isdisjoint(matcher.value):
        return matcher.value.split("|")
    return None
