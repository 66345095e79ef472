"""A guard's verdict: allowed, blocked or not judged, with a reason that is stable and evidence in words."""

from dataclasses import dataclass
from enum import StrEnum

from receiver.policy.workload import Unreadable


class Common(StrEnum):
    """The reasons that every guard can give."""

    UNREADABLE = "unreadable"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard says. `allowed` is None where it was not judged, which neither blocks nor allows.

    `warning` is what the on-call should know although it blocks nothing, None where there is nothing.
    """

    guard: str
    allowed: bool | None
    reason: StrEnum
    evidence: str
    warning: str | None = None

    @property
    def blocks(self) -> bool:
        """Tell whether this verdict alone stops the rollback."""
        return self.allowed is False


def allow(guard: str, reason: StrEnum, evidence: str, *, warning: str | None = None) -> Verdict:
    """Return a verdict that lets the rollback pass this guard."""
    return Verdict(guard, True, reason, evidence, warning)  # noqa: FBT003


def both_warnings(one: str | None, other: str | None) -> str | None:
    """Join what two parts of one guard warn of, None where neither does."""
    return "; ".join(filter(None, (one, other))) or None


def block(guard: str, reason: StrEnum, evidence: str) -> Verdict:
    """Return a verdict that stops the rollback."""
    return Verdict(guard, False, reason, evidence)  # noqa: FBT003


def cannot_tell(guard: str, unreadable: Unreadable) -> Verdict:
    """Return the blocking verdict of a guard that could not read what it needs."""
    return Verdict(guard, False, Common.UNREADABLE, str(unreadable))  # noqa: FBT003


def not_judged(guard: str, why: str) -> Verdict:
    """Return the verdict of a guard that had nothing to judge."""
    return Verdict(guard, None, Common.NOT_JUDGED, why)
