"""Go's double-quoted string literals, in which the UTF-8 grammar writes names and values.

As strconv.Quote and strconv.Unquote of Go 1.26. The escapes are Go's: `\\xNN` and `\\NNN` are bytes, not
characters, and an escape that Go does not know, `\\d` say, is an error.
"""

import re

from receiver.policy.matcher_syntax.errors import quoted

_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}
_SHORT = {chr(code): f"\\{letter}" for letter, code in _ESCAPES.items()}
_PIECE = re.compile(
    r"""(?P<plain>[^"\\\n]+)
    |\\(?:(?P<letter>[abfnrtv\\"])
        |x(?P<byte>[0-9a-fA-F]{2})
        |(?P<octal>[0-7]{3})
        |u(?P<short>[0-9a-fA-F]{4})
        |U(?P<long>[0-9a-fA-F]{8}))""",
    re.VERBOSE,
)


def unquote(literal: str) -> str:
    """Resolve a literal, its quotes included.

    Raises:
        ValueError: it is no literal of Go, or its bytes are not UTF-8.
    """
    body, position, parts = literal[1:-1], 0, []
    while position < len(body):
        piece = _PIECE.match(body, position)
        if piece is None:
            raise ValueError(_fault(body[position : position + 2]))
        parts.append(_bytes_of(piece))
        position = piece.end()
    return _decode(b"".join(parts))


def quote(text: str) -> str:
    """Write text as a literal; what Python cannot print is escaped."""
    return '"' + "".join(_written(char) for char in text) + '"'


def _fault(start: str) -> str:
    if start.startswith("\n"):
        return "holds a line break: write it as \\n"
    return f"has the escape {quoted(start)}, which is none: write a backslash as \\\\"


def _bytes_of(piece: re.Match[str]) -> bytes:
    kind, text = next((kind, text) for kind, text in piece.groupdict().items() if text is not None)
    if kind == "plain":
        return text.encode()
    if kind == "letter":
        return bytes([_ESCAPES[text]])
    code = int(text, 8 if kind == "octal" else 16)
    try:
        return bytes([code]) if kind in {"byte", "octal"} else chr(code).encode()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"has the escape {quoted(piece[0])}, which is no character") from error


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ValueError("has \\x or octal escapes that are not UTF-8") from error


def _written(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
