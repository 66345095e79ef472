"""Events on the workload, so that `kubectl describe` tells what was done to it. Best effort only."""

import logging
import uuid
from datetime import datetime
from enum import StrEnum

from receiver.cluster.api import Api, Object, path
from receiver.cluster.errors import ClusterError
from receiver.policy.record import naming
from receiver.policy.times import format_time

log = logging.getLogger(__name__)
COMPONENT = "rollback-receiver"
MESSAGE_LIMIT = 1024


class EventReason(StrEnum):
    """The reasons that people and tools look for."""

    STARTED = "RollbackStarted"
    POD_DELETED = "RollbackPodDeleted"
    SUCCEEDED = "RollbackSucceeded"
    FAILED = "RollbackFailed"
    REFUSED = "RollbackRefused"
    NOT_CURED = "RollbackNotCured"


NORMAL = frozenset({EventReason.STARTED, EventReason.POD_DELETED, EventReason.SUCCEEDED})


def record_event(api: Api, record: Object, reason: EventReason, message: str, *, now: datetime) -> None:
    """Put an Event on the workload of a record. One that cannot be written is logged and left."""
    at, target = format_time(now), record["spec"]["target"]
    namespace = target["namespace"]
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{target['name'][:200]}.{uuid.uuid4().hex[:16]}", "namespace": namespace},
        "involvedObject": dict(target),
        "reason": reason.value,
        "message": message[:MESSAGE_LIMIT],
        "type": "Normal" if reason in NORMAL else "Warning",
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }
    try:
        api.call("POST", path("api", "v1", "namespaces", namespace, "events"), body=event)
    except ClusterError as e:
        log.warning("cannot write the Event %s: %s", reason, e, extra=naming(record))
