"""One workload's story on the real control plane: told to a receiver, meddled with, and looked at afterwards.

What scenes.py knows of a namespace, a story knows of one test's two namespaces: where the workload is, and
where the receiver keeps its records.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster import scenes
from tests.cluster.receivers import ROOT, Receiver, environment, payload
from tests.cluster.scenes import BAD, GOOD, Deploy, Object
from tests.testbed import workloads
from tests.testbed.api import ApiError
from tests.testbed.audit import AuditEntry
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

LEDGER = "rollback-receiver"


def guards(**changes: Any) -> dict[str, Any]:
    """Return a rule's guards with these laid over those that let everything pass."""
    return {"guards": {**scenes.RULE["guards"], **changes}}


@dataclass(frozen=True)
class Story:
    """A Deployment's namespace and a receiver's home, on one control plane."""

    plane: Plane
    namespace: str
    home: str

    def firing(self, name: str = "web", **labels: str) -> Object:
        """Return an alert about one of the Deployments that starts to fire now."""
        return scenes.firing(self.namespace, name, **labels)

    def tell(self, receiver: Receiver, *alerts: Object) -> list[str]:
        """Send alerts, about web where none are given, and return the names of the records they are in.

        As Alertmanager does, it sends them again where the receiver could not store them in time.
        """
        told = payload(*(alerts or (self.firing(),)))

        def taken() -> Any:
            status, answer = receiver.post(told)
            assert status in {202, 503}, f"{status} {answer}"
            return answer if status == 202 else None

        return [str(name) for name in wait_until("the alerts are taken", taken, seconds=30)["records"]]

    def wait(self, *phases: str, seconds: float = 45) -> Object:
        """Return the only record once it is in one of these phases."""
        return scenes.wait_for_phase(self.plane, self.home, *phases, seconds=seconds)

    def wait_for(self, name: str, *phases: str, seconds: float = 45) -> Object:
        """Return the record of this name once it is in one of these phases."""

        def reached() -> Object | None:
            found = self.record(name)
            return found if scenes.phase_of(found) in phases else None

        try:
            return wait_until(f"{name} is {' or '.join(phases)}", reached, seconds=seconds) or {}
        except TimeoutError as e:
            raise TimeoutError(f"{e}: {self.record(name).get('status')}") from e

    def wait_for_all(self, count: int, phase: str, *, seconds: float) -> None:
        """Return when there are so many records, and all of them are in this phase.

        Raises:
            TimeoutError: they are not within `seconds`; the message has the phase of each record.
        """

        def phases() -> dict[str, str | None]:
            found = scenes.records(self.plane, self.home)
            return {record["metadata"]["name"]: scenes.phase_of(record) for record in found}

        try:
            what = f"{count} records that are {phase}"
            wait_until(what, lambda: list(phases().values()) == [phase] * count, seconds=seconds)
        except TimeoutError as e:
            raise TimeoutError(f"{e}: {phases()}") from e

    def record(self, name: str) -> Object:
        """Return the record of this name."""
        found: Object = self.plane.request("GET", self._path_of_records(name))
        return found

    def delete_records(self) -> None:
        """Delete every record, as somebody who tidies up does."""
        self.plane.request("DELETE", self._path_of_records())

    def _path_of_records(self, name: str = "") -> str:
        return f"{scenes.path_of_records(self.home)}/{name}".rstrip("/")

    def spent(self) -> list[str]:
        """Return the records that count for the budget: what the ledger holds."""
        data = self.ledger().get("data", {})
        return [json.loads(line)["record"] for line in data.get("rollbacks", "").splitlines()]

    def wait_given_back(self) -> None:
        """Return when nothing counts for the budget: a place is given back right after its record has ended.

        Raises:
            TimeoutError: something still counts.
        """
        wait_until("the budget is given back", lambda: not self.spent(), seconds=30)

    def ledger(self) -> Object:
        """Return the ledger's ConfigMap, an empty one where there is none."""
        try:
            found: Object = self.plane.request("GET", self.path_of_ledger)
        except ApiError as e:
            if e.code == 404:
                return {}
            raise
        return found

    @property
    def path_of_ledger(self) -> str:
        return f"/api/v1/namespaces/{self.home}/configmaps/{LEDGER}"

    def change(self, body: Mapping[str, Any], subresource: str = "", *, name: str = "web") -> None:
        """Change a Deployment as an administrator does."""
        path = workloads.path_of(self.namespace, name) + subresource
        self.plane.request("PATCH", path, body, "application/merge-patch+json")

    def delete(self, name: str = "web") -> None:
        """Delete a Deployment."""
        self.plane.request("DELETE", workloads.path_of(self.namespace, name))

    def image(self, name: str = "web") -> str:
        """Return the image that a Deployment runs now."""
        return scenes.image(self.plane, self.namespace, name)

    def patches(self, name: str = "web") -> list[AuditEntry]:
        """Return the PATCHes by which receivers have changed a Deployment."""
        return scenes.spec_patches(self.plane, self.namespace, name)

    def sent_patches(self, name: str = "web") -> list[AuditEntry]:
        """Return those that have reached the API server, which may have refused them."""
        found = scenes.patches(self.plane, self.namespace, name)
        return [entry for entry in found if not entry.dry_run]

    def changes(self) -> dict[str, int]:
        """Return how often each Deployment was changed by a receiver."""
        return Counter(entry.name for entry in scenes.spec_patches(self.plane, self.namespace))


def release_all(story: Story, names: Sequence[str], deploy: Deploy, release: Deploy) -> None:
    """Roll many Deployments out side by side, and then a release of each."""
    for name in names:
        deploy(name, GOOD, replicas=1, wait=False)
    for name in names:
        workloads.wait_rolled_out(story.plane, story.namespace, name)
        release(name, BAD, wait=False)
    for name in names:
        workloads.wait_rolled_out(story.plane, story.namespace, name)


def evidence(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the guards that blocked the decision of a record, each with its evidence."""
    verdicts = record["status"]["decision"]["verdicts"]
    return {v["guard"]: v["evidence"] for v in verdicts if v.get("allowed") is False}


def run(*words: str | Path, stdin: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of the commands as a person with a wide screen does; return what it said and its status."""
    command = [sys.executable, "-m", "receiver", *map(str, words)]
    return subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environment() | {"COLUMNS": "500"} | variables,
        timeout=60,
    )


def metric(receiver: Receiver, series: str) -> float:
    """Return the value of a series, written as in /metrics without the prefix; 0 where there is none."""
    _, text = receiver.get("/metrics")
    lines = (line.rpartition(" ") for line in str(text).splitlines())
    return next((float(value) for name, _, value in lines if name == f"rollback_receiver_{series}"), 0.0)
