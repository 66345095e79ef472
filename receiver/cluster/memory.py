"""What a workload remembers of earlier rollbacks: our annotation on it, and its copies on its revisions."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from receiver.cluster.evidence import annotations, reference
from receiver.cluster.owners import owned
from receiver.policy.memory import LAST_ROLLBACK, own_memory, parse_last_rollback
from receiver.policy.record import PastRollback
from receiver.policy.workload import Unreadable, WorkloadRef

Object = Mapping[str, Any]


def remembered(workload: Object, history: Iterable[Object]) -> tuple[PastRollback, ...] | Unreadable:
    """Read our annotation from the workload and from its revisions, to which the controllers copy it.

    A broken one on the workload makes the past unreadable; a broken copy is passed over.
    """
    ref = reference(workload)
    own = _own(workload)
    if isinstance(own, Unreadable):
        return own
    copies = [annotations(raw).get(LAST_ROLLBACK) for raw in owned(workload, history)]
    return (*own, *(past for copy in copies if copy and (past := _copy(copy, ref))))


def made_for(workload: Object) -> str | None:
    """Return the record that a workload was last patched for, None where nothing legible tells."""
    own = _own(workload)
    return None if isinstance(own, Unreadable) or not own else own[0].record


def _own(workload: Object) -> tuple[PastRollback, ...] | Unreadable:
    return own_memory(annotations(workload).get(LAST_ROLLBACK), target=reference(workload))


def _copy(text: str, ref: WorkloadRef) -> PastRollback | None:
    try:
        return parse_last_rollback(text, target=ref)
    except (KeyError, TypeError, ValueError, AttributeError, json.JSONDecodeError):
        return None
