"""The UTF-8 grammar, from Alertmanager 0.27 on: any name, and quotes around what holds reserved characters.

As matcher/parse of Alertmanager 0.34. Braces come in pairs, and a quoted name or value is a literal of Go.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from receiver.policy.matcher_syntax.errors import MatcherError, quoted
from receiver.policy.matcher_syntax.go_strings import unquote
from receiver.policy.matcher_syntax.terms import GO_SPACES, Term, read_term

RESERVED = GO_SPACES + "{}!=~,\\\"'`"
"""What a name or a value may hold only in quotes."""


class _Kind(StrEnum):
    OPEN = "'{'"
    CLOSE = "'}'"
    COMMA = "a comma"
    OPERATOR = "an operator (=, !=, =~ or !~)"
    QUOTED = "text in double quotes"
    BARE = "text"
    INVALID = "a character out of place"
    END = "the end"


_TOKEN = re.compile(
    rf"""[{re.escape(GO_SPACES)}]*+(?:
      (?P<OPEN>\{{)
    | (?P<CLOSE>\}})
    | (?P<COMMA>,)
    | (?P<OPERATOR>=~|!=|!~|=)
    | (?P<QUOTED>"(?:[^"\\]|\\.)*+")
    | (?P<BARE>[^{re.escape(RESERVED)}]++)
    | (?P<INVALID>.)
    | (?P<END>\Z))""",
    re.DOTALL | re.VERBOSE,
)


class _Token(NamedTuple):
    kind: _Kind
    text: str
    column: int


class _Tokens:
    """The tokens of a text, with a look at the next one."""

    def __init__(self, text: str) -> None:
        self._rest = _scan(text)
        self.next = next(self._rest)

    def accept(self, *kinds: _Kind) -> _Token | None:
        """Take the next token if it is of one of these kinds."""
        if self.next.kind not in kinds:
            return None
        token, self.next = self.next, next(self._rest, self.next)
        return token

    def expect(self, wanted: str, *kinds: _Kind) -> _Token:
        """Take the next token, which has to be of one of these kinds."""
        token = self.accept(*kinds)
        if token is None:
            raise MatcherError(f"{wanted} is expected at column {self.next.column}, not {_shown(self.next)}")
        return token


def parse(text: str) -> tuple[Term, ...]:
    """Read zero or more matchers.

    Raises:
        MatcherError: text is not in this grammar, or holds a regular expression that is none.

    Source: Matchers of matcher/parse.
    """
    tokens, terms = _Tokens(text), list[Term]()
    braced = tokens.accept(_Kind.OPEN)
    more = True
    while more and tokens.next.kind not in {_Kind.CLOSE, _Kind.END}:
        terms.append(_parse_matcher(tokens))
        more = tokens.accept(_Kind.COMMA) is not None
    if braced:
        tokens.expect("a comma or '}'", _Kind.CLOSE)
    tokens.expect("the end" if braced else "a comma or the end", _Kind.END)
    return tuple(terms)


def _parse_matcher(tokens: _Tokens) -> Term:
    name = tokens.expect("a label name", _Kind.QUOTED, _Kind.BARE)
    operator = tokens.expect("an operator (=, !=, =~ or !~)", _Kind.OPERATOR)
    value = tokens.expect("a value", _Kind.QUOTED, _Kind.BARE)
    return read_term(_content(name), operator.text, _content(value))


def _content(token: _Token) -> str:
    if token.kind is _Kind.BARE:
        return token.text
    try:
        return unquote(token.text)
    except ValueError as error:
        raise MatcherError(f"the text at column {token.column} {error}") from error


def _scan(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        name = str(found.lastgroup)
        yield _Token(_Kind[name], found[name], found.start(name) + 1)


def _shown(token: _Token) -> str:
    if token.kind is _Kind.END:
        return _Kind.END.value
    if token.text == '"':
        return "a double quote that is never closed"
    return quoted(token.text)
