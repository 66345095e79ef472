"""The classic grammar, the only one up to Alertmanager 0.26: lenient, its names are Prometheus' old ones.

As pkg/labels/parse.go of Alertmanager 0.34, oddities included: either brace may be missing, a value needs
no quotes, and a comma between a backslash and a quote does not end the escape.
"""

import re
from collections.abc import Iterator

from receiver.policy.matcher_syntax.errors import MatcherError, quoted
from receiver.policy.matcher_syntax.terms import GO_SPACES, Term, read_term

_SPACE = "\t\n\f\r "  # \s of Go's regexp, which leaves the vertical tab out.
_MATCHER = re.compile(
    rf"[{_SPACE}]*(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)[{_SPACE}]*(?P<operator>=~|!=|!~|=)(?P<value>.*)",
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\([n"\\])')
_UNESCAPED_QUOTE = re.compile(r'(?:[^"\\]|\\.)*+"', re.DOTALL)


def parse(text: str) -> tuple[Term, ...]:
    """Read zero or more matchers.

    Raises:
        MatcherError: text is not in this grammar, or holds a regular expression that is none.

    Source: ParseMatchers of pkg/labels.
    """
    text = text.removeprefix("{").removesuffix("}")
    return tuple(_parse_matcher(part) for part in _split(text))


def _split(text: str) -> list[str]:
    """Cut at the commas outside quotes; what is left of a trailing comma is no matcher."""
    *parts, last = _cut(text)
    last = last.strip(GO_SPACES)
    return [*parts, last] if last else parts


def _cut(text: str) -> Iterator[str]:
    start, in_quotes, escaped = 0, False, False
    for position, char in enumerate(text):
        if char == ",":  # Leaves `escaped` as it is: Alertmanager does.
            if not in_quotes:
                yield text[start:position]
                start = position + 1
        elif char == "\\":
            escaped = not escaped
        else:
            in_quotes ^= char == '"' and not escaped
            escaped = False
    yield text[start:]


def _parse_matcher(text: str) -> Term:
    """Read one matcher. Source: ParseMatcher of pkg/labels."""
    found = _MATCHER.fullmatch(text)
    if not found:
        raise MatcherError(f'{quoted(text)} is not of the form name="value"')
    value = _without_quotes(found["value"].strip(_SPACE))
    return read_term(found["name"], found["operator"], _unescape(value))


def _without_quotes(value: str) -> str:
    inner = value.removeprefix('"')
    end = _UNESCAPED_QUOTE.match(inner)
    if inner == value and not end:
        return value
    if inner == value or not end or end.end() != len(inner):
        raise MatcherError(f'the value {quoted(value)} has a stray double quote: close it, or write \\"')
    return inner[:-1]


def _unescape(value: str) -> str:
    """Resolve the three escapes of OpenMetrics; any other backslash stands for itself."""
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], value)
