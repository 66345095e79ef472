"""What both grammars read: one label name, one operator, one value."""

from enum import StrEnum
from typing import NamedTuple

from receiver.policy.matcher_syntax.regex import compile_pattern

GO_SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Go's unicode.IsSpace; Python's own isspace takes four more."""


class MatchOperator(StrEnum):
    """How a matcher compares the label's value; the two regex operators match the whole value."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"

    @property
    def takes_pattern(self) -> bool:
        """Whether the value is a regular expression."""
        return self.endswith("~")

    @property
    def negates(self) -> bool:
        """Whether it holds where its opposite does not."""
        return self.startswith("!")


class Term(NamedTuple):
    """A matcher as it was written, its regular expression known to compile."""

    name: str
    operator: MatchOperator
    value: str


def read_term(name: str, operator: str, value: str) -> Term:
    """Make a term of its three parts.

    Raises:
        PatternError: the value is not a regular expression, but the operator needs one.
    """
    term = Term(name, MatchOperator(operator), value)
    if term.operator.takes_pattern:
        compile_pattern(value)
    return term
