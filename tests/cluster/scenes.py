"""What the tests of the main job share: the scene before an alert, the alert, and what is seen afterwards.

Nothing here imports the receiver, and nothing asks it: what it did is read from the API server, and how often
from the API server's audit log.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cluster.receivers import Receiver, alert, timestamp
from tests.testbed import workloads
from tests.testbed.api import ApiError
from tests.testbed.audit import AuditEntry
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

Object = dict[str, Any]
Deploy = Callable[..., Object]
Start = Callable[..., Receiver]
TYPE = "/apis/rollback-receiver.dev/v1alpha1"
GOOD, BAD = "x/web:1", "x/web:2"
TOLD_ALREADY = pytest.mark.real_only(
    "another test, or row of the table, tells of the sandbox what there is to tell"
)
RULE: Mapping[str, Any] = {
    "name": "bad-release",
    "matchers": ['alertname="HighErrorRate"'],
    "for": "0s",
    "mode": "auto",
    "rollback": {"soak": "0s"},
    "guards": {"deployed_within": "1h", "cooldown": "0s", "max_alert_age": "1h", "budget": "off"},
    "verify": {"rollout_timeout": "2m", "resolved_within": "10m"},
}


def rules(*changes: Mapping[str, Any]) -> str:
    """Return a rule file: for each of `changes` a rule that acts at once, with these keys laid over it."""
    return json.dumps({"rules": [{**RULE, **each} for each in changes or ({},)]}, indent=1)


def bad_release(deploy: Deploy, release: Deploy, name: str = "web") -> None:
    """Roll a Deployment out, and then the release that the alerts will be about."""
    deploy(name, GOOD)
    release(name, BAD)


def firing(namespace: str, deployment: str = "web", name: str = "HighErrorRate", **labels: str) -> Object:
    """Return an alert about a Deployment that starts to fire now."""
    return alert(name, {"namespace": namespace, "deployment": deployment, **labels})


def resolved(alert: Mapping[str, Any]) -> Object:
    """Return the alert as it is told when it has ended."""
    return {**alert, "status": "resolved", "endsAt": timestamp(datetime.now(UTC))}


def image(plane: Plane, namespace: str, name: str = "web") -> str:
    """Return the image that a Deployment runs now."""
    return workloads.image_of(workloads.get(plane, namespace, name))


def patches(plane: Plane, namespace: str, name: str | None = None) -> list[AuditEntry]:
    """Return the receivers' PATCHes of a Deployment, or of all, dry runs and refused ones included."""
    flush_audit(plane)
    found = plane.audit.requests(verb="patch", resource="deployments", namespace=namespace, name=name)
    return [entry for entry in found if entry.user.startswith("receiver-") and not entry.subresource]


def spec_patches(plane: Plane, namespace: str, name: str | None = None) -> list[AuditEntry]:
    """Return those PATCHes that have changed a Deployment."""
    return [entry for entry in patches(plane, namespace, name) if entry.code == 200 and not entry.dry_run]


def flush_audit(plane: Plane) -> None:
    """Return when what has been answered until now stands in the audit log."""
    mark = f"mark-{secrets.token_hex(8)}"
    with suppress(ApiError):
        plane.request("GET", f"/api/v1/namespaces/{mark}")
    plane.audit.wait_for(verb="get", name=mark)


def path_of_records(home: str) -> str:
    """Return the API path of the records."""
    return f"{TYPE}/namespaces/{home}/rollbacks"


def records(plane: Plane, home: str) -> list[Object]:
    """Return all records."""
    found: list[Object] = plane.request("GET", path_of_records(home))["items"]
    return found


def phase_of(record: Mapping[str, Any]) -> str | None:
    """Return the phase of a record, None while it is only claimed."""
    phase: str | None = record.get("status", {}).get("phase")
    return phase


def wait_for_phase(plane: Plane, home: str, *phases: str, seconds: float = 45) -> Object:
    """Return the only record once it is in one of these phases.

    Raises:
        TimeoutError: it is not within `seconds`; the message has the status of each record that there is.
    """

    def reached() -> Object | None:
        found = records(plane, home)
        return found[0] if len(found) == 1 and phase_of(found[0]) in phases else None

    try:
        return wait_until(f"one record that is {' or '.join(phases)}", reached, seconds=seconds) or {}
    except TimeoutError as e:
        raise TimeoutError(f"{e}: {[record.get('status') for record in records(plane, home)]}") from e


def version(plane: Plane, home: str) -> str:
    """Return the moment from which `phases_since` is to look."""
    found: str = plane.request("GET", path_of_records(home))["metadata"]["resourceVersion"]
    return found


def phases_since(plane: Plane, home: str, since: str) -> list[str]:
    """Watch the records from that moment until now, and return the phases that they entered, in order."""
    query = f"watch=true&resourceVersion={since}&timeoutSeconds=2"
    said = plane.request("GET", f"{path_of_records(home)}?{query}")
    lines = [said] if isinstance(said, dict) else [json.loads(line) for line in said.splitlines()]
    phases = [phase for line in lines if (phase := phase_of(line["object"]))]
    return [phase for phase, before in zip(phases, [None, *phases], strict=False) if phase != before]


def wait_for_event(plane: Plane, namespace: str, reason: str, name: str = "web") -> list[str]:
    """Return the reasons of the receivers' Events on a Deployment, in order, once this one is among them."""

    def present() -> list[str] | None:
        found = events(plane, namespace, name)
        return found if reason in found else None

    return wait_until(f"the Event {reason}", present, seconds=15) or []


def events(plane: Plane, namespace: str, name: str = "web") -> list[str]:
    """Return the reasons of the receivers' Events on a Deployment, the earliest first."""
    query = f"fieldSelector=involvedObject.kind=Deployment,involvedObject.name={name}"
    found = plane.request("GET", f"/api/v1/namespaces/{namespace}/events?{query}")["items"]
    ours = [event for event in found if event["source"].get("component") == "rollback-receiver"]
    ours.sort(key=lambda event: int(event["metadata"]["resourceVersion"]))
    return [str(event["reason"]) for event in ours]


def blocked_by(record: Mapping[str, Any]) -> list[str]:
    """Return the guards that blocked the decision of a record."""
    return [v["guard"] for v in record["status"]["decision"]["verdicts"] if v.get("allowed") is False]
