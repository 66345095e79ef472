"""The Events that the controllers write, which `kubectl describe` shows. Old ones go, as etcd lets them."""

from typing import Any

from receiver.sandbox.clock import stamp
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.controllers.writes import random_ending
from receiver.sandbox.resources import EVENTS

Object = dict[str, Any]
KEPT = 200
"""So many in a namespace; the real ones last an hour."""


def tell(work: Work, about: Object, reason: str, message: str, *, component: str) -> None:
    """Write a Normal Event about an object."""
    metadata, now = about["metadata"], stamp(work.now)
    _forget(work, metadata["namespace"])
    involved = {key: metadata[key] for key in ("namespace", "name", "uid", "resourceVersion")}
    work.store.create(
        EVENTS,
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name']}.{random_ending()}{random_ending()}",
                "namespace": metadata["namespace"],
            },
            "involvedObject": {"apiVersion": about["apiVersion"], "kind": about["kind"], **involved},
            "reason": reason,
            "message": message,
            "type": "Normal",
            "source": {"component": component},
            "reportingComponent": component,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        },
    )


def _forget(work: Work, namespace: str) -> None:
    found = work.store.list(EVENTS, namespace)[0]
    oldest = sorted(found, key=lambda event: int(event["metadata"]["resourceVersion"]))
    for event in oldest[: len(found) - KEPT + 1] if len(found) >= KEPT else []:
        work.store.delete(EVENTS, namespace, event["metadata"]["name"])
