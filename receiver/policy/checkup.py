"""What a check of the installation found: one line each, and what to do where something is wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and what was found. `good` is None where nothing was asked for.

    `reached` is False where the cluster did not answer.
    """

    what: str
    good: bool | None
    said: str
    reached: bool = True


def good(what: str, said: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(what, True, said)  # noqa: FBT003


def bad(what: str, said: str) -> Finding:
    """Return what is wrong, and what to do."""
    return Finding(what, False, said)  # noqa: FBT003


def unasked(what: str, said: str) -> Finding:
    """Return that something was not looked at, and why."""
    return Finding(what, None, said)
