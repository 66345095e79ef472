"""What the web and the engine say to each other: a message's outcome, questions about records, refusals."""

from dataclasses import dataclass
from datetime import datetime

from receiver.policy.record import Phase
from receiver.policy.workload import WorkloadRef


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of one message: everything that matched is stored.

    `accepted` counts the alerts of the payload that went into a record, `ignored` all others of them (not
    those that could not be read, which the payload counts); `records` are the records' names, each once.
    """

    accepted: int
    ignored: int
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RollbackQuery:
    """Which records are asked for; None means that this does not narrow it.

    `since` is the earliest creation; `limit` is the most records of one answer; `continue_token` is what an
    earlier answer gave to go on with.
    """

    phase: Phase | None = None
    target: WorkloadRef | None = None
    since: datetime | None = None
    limit: int = 100
    continue_token: str | None = None


class IntakeError(Exception):
    """The engine cannot do what was asked of it."""


class Unavailable(IntakeError):
    """It cannot now, and can be asked again after `retry_after_seconds` (1 or more)."""

    def __init__(self, message: str, retry_after_seconds: int = 5) -> None:
        super().__init__(message)
        self.retry_after_seconds = max(1, retry_after_seconds)


class PageGone(Unavailable):
    """There is no such page of a list, or no longer: asking for it again is no use, only from the start."""


class NotPersisted(Unavailable):
    """Something of a message could not be stored; what was stored stays, and the rest must be sent again."""


class WrongPhase(IntakeError):
    """The record's phase does not allow what somebody said; the message says who decided, when, and what."""


class RulesRejected(IntakeError):
    """The rules on disk have faults, one line each in `problems`; those in force stay in force."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
