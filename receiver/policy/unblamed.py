"""Who is a bystander: by what the guard blame says of a workload now, or said of it on a record."""

from collections.abc import Iterable, Mapping
from typing import Any

from receiver.policy.bystanders import Bystander
from receiver.policy.guards import blame
from receiver.policy.guards.blame import Reason
from receiver.policy.record import record_target
from receiver.policy.times import parse_time

UNDEPLOYED = frozenset(
    {
        Reason.ROLLOUT_TOO_OLD.value,
        Reason.TROUBLE_BEFORE_ROLLOUT.value,
        Reason.ROLLOUT_TIME_UNKNOWN.value,
    }
)


def nobody_deployed(reasons: Iterable[str]) -> bool:
    """Tell whether blame found, for none of the rules, a rollout that the trouble followed.

    `reasons` are blame's, one for each rule. A rollout of which nothing tells when it was is none.
    """
    given = set(reasons)
    return bool(given) and given <= UNDEPLOYED


def bystander_on_record(raw: Mapping[str, Any]) -> Bystander | None:
    """Read a refused record; None where it is about no workload, or about one that somebody had deployed.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the object is not one of ours.
    """
    status, metadata = raw["status"], raw["metadata"]
    if not nobody_deployed(_blamed(status.get("decision") or {})):
        return None
    target = record_target(raw)
    seen_at = parse_time(status.get("lastSeenAt") or metadata["creationTimestamp"])
    if target is None or seen_at is None:
        return None
    return Bystander(metadata["name"], target, seen_at)


def _blamed(decision: Mapping[str, Any]) -> list[str]:
    """Return blame's reasons on a record, of the leading rule and of the others."""
    return [
        verdict["reason"]
        for judgement in (decision, *(decision.get("others") or []))
        for verdict in judgement.get("verdicts") or []
        if verdict["guard"] == blame.GUARD
    ]
