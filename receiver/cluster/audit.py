"""The audit trail: one log line and one count for each change of a record, where the change is stored.

What is written past this room, by another version or by hand with kubectl, is in the API server's audit log.
"""

import logging

from receiver import metrics
from receiver.cluster.api import Object
from receiver.policy.audit import Aspect, changes
from receiver.policy.record import Phase, naming
from receiver.policy.retention import Stored

log = logging.getLogger("receiver.audit")


def tell_changes(before: Object, after: Object, *, writer: str) -> None:
    """Log what changed of a record, always with the same keys, and count the phase that it entered."""
    status = after.get("status") or {}
    for change in changes(before.get("status") or {}, status, writer=writer):
        if change.aspect is Aspect.PHASE and change.now:
            metrics.count_phase(Phase(change.now), after)
        named = {**naming(after), "change": change.aspect.value, "was": change.was, "now": change.now}
        log.info("%s", change.why, extra={**named, "by": change.by})


def tell_deletion(stored: Stored, *, why: str, writer: str) -> None:
    """Log that a record was deleted."""
    was = "" if stored.phase is None else stored.phase.value
    change = {"change": Aspect.DELETED.value, "was": was, "now": "", "by": writer}
    log.info("%s", why, extra={**stored.named, **change})
