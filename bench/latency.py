"""From the receipt of an alert to the accepted PATCH, beside the bare API calls that it needs.

The floor is what any client must do: GET the workload, LIST its revisions, POST a record, PATCH as a dry run,
PATCH; one after the other on one kept-alive connection. A client that wants to know whether the pods will be
admitted has a sixth: POST a pod as a dry run. Both ends are read off the API server's audit log.
"""

import base64
import json
import ssl
import statistics
import time
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

from bench.stage import Stage, show
from tests.cluster.receivers import alert, payload
from tests.testbed import workloads

ROUNDS = 40
WARM_UP = 5
REPEATS = 3
REST_SECONDS = 0.7
REVISION = "deployment.kubernetes.io/revision"
KINDS = ("ours", "floor", "six")


class Floor:
    """The bare calls of user `bench`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        kubeconfig = json.loads(stage.plane.kubeconfig_for("bench").read_text())
        cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
        context = ssl.create_default_context(cadata=_authority(cluster))
        address = urlsplit(cluster["server"])
        self._connection = HTTPSConnection(address.hostname or "", address.port, context=context)
        self._token = user["token"]
        self._spec: dict[str, Any] | None = None

    def roll_back(self, name: str, *, with_pod: bool = False) -> None:
        """Do by hand what the receiver does for an alert, with the sixth call or without."""
        folder = workloads.path_of(self._stage.shop, name)
        deployment = self._call("GET", folder)
        selector = quote(f"app={name}")
        listed = self._call(
            "GET", workloads.path_of(self._stage.shop, resource="replicasets") + f"?labelSelector={selector}"
        )
        older = min(
            listed["items"],
            key=lambda rs: int(rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"]),
        )
        self._record(name, deployment)
        template = older["spec"]["template"]
        template["metadata"]["labels"].pop("pod-template-hash")
        patch = [
            {"op": "test", "path": "/metadata/generation", "value": deployment["metadata"]["generation"]},
            {"op": "replace", "path": "/spec/template", "value": template},
        ]
        if with_pod:
            pod = {**template, "metadata": {**template["metadata"], "generateName": f"{name}-"}}
            self._call("POST", f"/api/v1/namespaces/{self._stage.shop}/pods?dryRun=All", pod)
        for query in ("?dryRun=All", ""):
            self._call("PATCH", folder + query, patch, "application/json-patch+json")

    def _record(self, name: str, deployment: dict[str, Any]) -> None:
        """Create a record with the content of the receiver's own."""
        group = "rollback-receiver.dev/v1alpha1"
        folder = f"/apis/{group}/namespaces/{self._stage.home}/rollbacks"
        if self._spec is None:
            self._spec = self._call("GET", folder)["items"][0]["spec"]
        target = {**self._spec["target"], "name": name, "uid": deployment["metadata"]["uid"]}
        body = {"apiVersion": group, "kind": "Rollback", "metadata": {"name": f"floor-{name}"}}
        self._call("POST", folder, {**body, "spec": {**self._spec, "target": target}})

    def _call(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, body=data, headers=headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        assert answer.status < 300, raw[:500]
        return json.loads(raw)


def _authority(cluster: dict[str, str]) -> str:
    return base64.b64decode(cluster["certificate-authority-data"]).decode()


def measure(stage: Stage) -> None:
    """Measure round by round, the three in turn, each on a Deployment of its own."""
    names = [f"latency-{kind}-{n}" for n in range(ROUNDS + WARM_UP) for kind in KINDS]
    stage.release_all(names)
    floor, sender = Floor(stage), HTTPConnection("127.0.0.1", stage.receiver.port)
    figures: dict[str, list[float]] = {kind: [] for kind in KINDS}
    message: dict[str, Any] = {}
    for n in range(ROUNDS + WARM_UP):
        for kind in KINDS[n % 3 :] + KINDS[: n % 3]:
            name = f"latency-{kind}-{n}"
            fired = payload(alert("Bench", {"namespace": stage.shop, "deployment": name}))
            started = datetime.now(UTC)
            if kind == "ours":
                message = _post(sender, fired)
            else:
                floor.roll_back(name, with_pod=kind == "six")
            seconds = (_patched_at(stage, name) - started).total_seconds()
            stage.wait(name)
            if kind == "ours" and n < ROUNDS + WARM_UP - 1:
                _resolve(sender, message)
            time.sleep(REST_SECONDS)
            if n >= WARM_UP:
                figures[kind].append(seconds * 1000)
    repeats = _reads_of_a_repeat(stage, message)
    medians = {kind: statistics.median(values) for kind, values in figures.items()}
    show(
        "receipt to PATCH",
        rounds=ROUNDS,
        floor_ms=round(medians["floor"], 1),
        six_ms=round(medians["six"], 1),
        ours_ms=round(medians["ours"], 1),
        ratio=round(medians["ours"] / medians["floor"], 2),
        ratio_to_six=round(medians["ours"] / medians["six"], 2),
        ratio_p90=round(_p90(figures["ours"]) / _p90(figures["floor"]), 2),
        reads_of_a_repeat=repeats,
    )


def _post(sender: HTTPConnection, message: dict[str, Any]) -> dict[str, Any]:
    """Post as Alertmanager does: on a connection that is kept."""
    sender.request("POST", "/alerts", json.dumps(message), {"Content-Type": "application/json"})
    answer = sender.getresponse()
    raw = answer.read()
    assert answer.status == 202, raw
    assert json.loads(raw)["accepted"] == len(message["alerts"]), raw
    return message


def _patched_at(stage: Stage, name: str) -> datetime:
    """Return when the server answered the accepted patch."""
    users = ("bench", "receiver-1")
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = stage.plane.audit.requests(
            verb="patch", resource="deployments", namespace=stage.shop, name=name
        )
        hits = [entry for entry in found if entry.user in users and entry.code == 200 and not entry.dry_run]
        if hits:
            return hits[0].completed_at
        time.sleep(0.005)
    raise TimeoutError(f"{name} was not patched")


def _resolve(sender: HTTPConnection, message: dict[str, Any]) -> None:
    """End the round's record, so that the next round has the receiver for itself."""
    alerts = [{**each, "status": "resolved", "endsAt": each["startsAt"]} for each in message["alerts"]]
    _post(sender, payload(*alerts))


def _reads_of_a_repeat(stage: Stage, message: dict[str, Any]) -> int:
    """Return the fewest reads of the same alert sent again: a look at the rollout may fall into some."""
    return min(_reads_of_one(stage, message) for _ in range(REPEATS))


def _reads_of_one(stage: Stage, message: dict[str, Any]) -> int:
    """Count the reads of one repeat; the receiver's own rounds are told by their URI."""
    time.sleep(2)
    since = datetime.now(UTC)
    stage.receiver.post(message)
    found = stage.plane.audit.requests(user="receiver-1", since=since)
    own = ("limit=1", "status.phase")
    return sum(
        entry.verb in {"get", "list"} and not any(mark in entry.uri for mark in own) for entry in found
    )


def _p90(values: list[float]) -> float:
    return statistics.quantiles(values, n=10)[-1]
