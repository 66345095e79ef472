"""The words that rules and settings choose from, and how each is read and described to JSON Schema."""

from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from receiver.policy.fields import choice, count
from receiver.policy.problems import SHOWN, shown


class Mode(StrEnum):
    """How far a rule or an installation may go, from not at all to the patch."""

    OFF = "off"
    DRY_RUN = "dry-run"
    APPROVE = "approve"
    AUTO = "auto"

    @property
    def rank(self) -> int:
        """Return the place in the order; the higher goes further."""
        return _RANKS[self]

    @staticmethod
    def lowest(*modes: "Mode") -> "Mode":
        """Return the one that goes least far of several, never of none."""
        return min(modes, key=lambda mode: mode.rank)


_RANKS = {mode: rank for rank, mode in enumerate(Mode)}


class Kind(StrEnum):
    """The kinds of workload that can be rolled back."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    ROLLOUT = "Rollout"

    @property
    def api_version(self) -> str:
        """Return the API group and version that the kind is of."""
        return "argoproj.io/v1alpha1" if self is Kind.ROLLOUT else "apps/v1"


class To(StrEnum):
    """Which revision to go back to, where that is not a number."""

    LAST_GOOD = "last-good"
    PREVIOUS = "previous"


class Over(StrEnum):
    """What a budget counts together."""

    CLUSTER = "cluster"
    NAMESPACE = "namespace"
    RULE = "rule"
    TARGET = "target"


class Gitops(StrEnum):
    """What to do about a workload that Argo CD or Flux owns."""

    BLOCK = "block"
    WARN = "warn"
    PAUSE = "pause"


LEAST_SYSTEMIC = 2
"""One workload in trouble is no sign of the platform's."""


def _to(value: object) -> To | int:
    if isinstance(value, str) and get_close_matches(value[:SHOWN], list(To)):
        return choice(To)(value)
    try:
        return count(value)
    except ValueError:
        message = f"must be last-good, previous or a revision's number, not {shown(value)}"
        raise ValueError(message) from None


def _systemic(value: object) -> int | None:
    if value is None or value == "off":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < LEAST_SYSTEMIC:
        message = f"must be off or a whole number of at least {LEAST_SYSTEMIC}, not {shown(value)}"
        raise ValueError(message)
    return value


ModeField = Annotated[
    Mode, PlainValidator(choice(Mode)), WithJsonSchema({"enum": [mode.value for mode in Mode]})
]
KindField = Annotated[
    Kind, PlainValidator(choice(Kind)), WithJsonSchema({"enum": [kind.value for kind in Kind]})
]
OverField = Annotated[
    Over, PlainValidator(choice(Over)), WithJsonSchema({"enum": [over.value for over in Over]})
]
GitopsField = Annotated[
    Gitops, PlainValidator(choice(Gitops)), WithJsonSchema({"enum": [policy.value for policy in Gitops]})
]
SystemicField = Annotated[
    int | None,
    PlainValidator(_systemic),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": LEAST_SYSTEMIC}, {"const": "off"}]}),
]
ToField = Annotated[
    To | int,
    PlainValidator(_to),
    WithJsonSchema({"anyOf": [{"enum": [to.value for to in To]}, {"type": "integer", "minimum": 1}]}),
]
