"""What can be wrong with matchers, told in one line in which hostile text can do no harm."""

SHOWN = 80


class MatcherError(ValueError):
    """A matcher that cannot be used; the message says what is wrong and what would be right."""


class PatternError(MatcherError):
    """A regular expression that Alertmanager refuses too."""


class UnsupportedPatternError(PatternError):
    """A regular expression that Alertmanager may take, but that would not mean the same here."""


def quoted(text: str) -> str:
    """Show text of any origin as a Python literal on one line, cut to 80 characters."""
    return repr(text[:SHOWN]) + ("…" if len(text) > SHOWN else "")
