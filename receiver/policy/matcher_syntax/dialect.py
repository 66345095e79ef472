"""What google-re2 accepts and Go's regexp does not, or reads differently.

Compared: google-re2 1.1.20251105, whose tables are those of Unicode 15.1, and Go 1.26, with 15.0; on every
character, and on about a million generated patterns. tests/policy/matchers/recorded.json holds Go's verdicts.
"""

import re
from collections.abc import Iterable
from itertools import accumulate, chain

from receiver.policy.matcher_syntax.errors import PatternError, UnsupportedPatternError, quoted

UNASSIGNED = "\u0378"
NEWER = dict.fromkeys(chain(range(0x2FFC, 0x3000), [0x31EF], range(0x2EBF0, 0x2EE5E)), UNASSIGNED)
"""For str.translate: characters that are in google-re2's Unicode alone, as one that is in neither."""

_NEWER_CLASSES = {"L", "Lo", "S", "So", "Common", "Han"}
_NEWER_PAIRS = [(UNASSIGNED, chr(code)) for code in NEWER]
_FOLDED_PAIRS = [("\u0390", "\u1fd3"), ("\u03b0", "\u1fe3"), ("\ufb05", "\ufb06")]
_COUNT_DIGITS = 9  # What is longer google-re2 takes for literal text, and Go for an error.
_DEEPEST = 200  # Go's limit is a tree of height 1000, and one group is up to four of it.

_CONSTRUCT = re.compile(
    r"""\\Q.*?\\E
    | (?P<class>\\[pP](?:\{[^}]*\}|[^{]))
    | \\(?P<escape>.)
    | \[\^?\]?(?P<inside>(?:\[:[^\]]*:\]|\\.|[^\]\\])*+)\]
    | \(\?P?<(?P<group>[^>]*)>
    | \(\?(?P<flags>[a-zA-Z-]*)[:)]
    | [()]
    | \{(?P<least>0|[1-9][0-9]*)(?:,(?P<most>0|[1-9][0-9]*)?)?\}""",
    re.DOTALL | re.VERBOSE,
)
_CLASS_NAME = re.compile(r"\\[pP](?:\{\^?([^}]*)\}|([^{]))|\\.", re.DOTALL)
_HEX = re.compile(r"\\x\{([0-9a-fA-F]+)\}")
_RANGE = re.compile(r"(?=(.)-(.))", re.DOTALL)


def check_dialect(source: str) -> None:
    """Refuse what google-re2, which has accepted it, and Go do not read alike.

    Raises:
        UnsupportedPatternError: Go takes it, or may, in another meaning.
        PatternError: Go refuses it.
    """
    constructs = list(_CONSTRUCT.finditer(source))
    for found in constructs:
        _check_construct(found)
    for name in unicode_classes(source):
        _check_class(name)
    if max(accumulate(map(_step, constructs), initial=0)) > _DEEPEST:
        raise UnsupportedPatternError(f"nests groups deeper than {_DEEPEST}: flatten it")
    if any("i" in (found["flags"] or "") for found in constructs) and _tells_apart(source, _FOLDED_PAIRS):
        raise UnsupportedPatternError("has letters on whose case Alertmanager differs: leave (?i) out")
    if hides_newer(source) and _tells_apart(source, _NEWER_PAIRS):
        raise UnsupportedPatternError("has both a class like \\pL and new characters: write them apart")


def unicode_classes(source: str) -> list[str]:
    r"""Name the Unicode classes (\pL, \P{Greek}) of a pattern, without the sign."""
    parts = (found["class"] or found["inside"] or "" for found in _CONSTRUCT.finditer(source))
    return [found[1] or found[2] for part in parts for found in _CLASS_NAME.finditer(part) if found.lastindex]


def hides_newer(source: str) -> bool:
    """Tell whether the pattern has a class that google-re2's newer Unicode made larger."""
    return not _NEWER_CLASSES.isdisjoint(unicode_classes(source))


def _check_class(name: str) -> None:
    if name == "C":
        raise UnsupportedPatternError("has \\pC, which differs: write [^\\pL\\pM\\pN\\pP\\pS\\pZ]")
    if "_" in name:
        raise PatternError(f"has the class {quoted(name)}, which Alertmanager does not know")


def _check_construct(found: re.Match[str]) -> None:
    if found["escape"] == "C":
        raise PatternError("has \\C, which Alertmanager does not know: write a dot")
    if not re.fullmatch("[A-Za-z0-9_]+", found["group"] or "unnamed"):
        raise PatternError("has a group name that is not of A-Z, a-z, 0-9 and _")
    if any(len(count or "") > _COUNT_DIGITS for count in (found["least"], found["most"])):
        raise PatternError("repeats more than 1000 times")


def _step(found: re.Match[str]) -> int:
    text = found[0]
    return (text[0] == "(") - (text[-1] == ")") if text[0] in "()" else 0


def _tells_apart(source: str, pairs: Iterable[tuple[str, str]]) -> bool:
    """Tell whether a literal or a range may hold one of a pair without the other; in doubt, it does."""
    text = _HEX.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), source)
    ranges = [found.groups() for found in _RANGE.finditer(text)]
    return any(
        one in text
        or other in text
        or any((low <= one <= high) != (low <= other <= high) for low, high in ranges)
        for one, other in pairs
    )
