"""All that a receiver does with its rights, as stories: each from a bad release to the cure.

A story has a namespace of its own and is told to a running receiver; whatever the API server refuses the
receiver ends it at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster import scenes, sets
from tests.cluster.argo import PREVIEWING, Rollouts
from tests.cluster.chartrights import TOKEN, Installation
from tests.cluster.contracts import Cluster, named
from tests.cluster.oldrecords import OldRecords
from tests.cluster.receivers import alert, payload
from tests.cluster.scenes import BAD, GOOD, Object
from tests.cluster.stories import LEDGER
from tests.testbed import workloads
from tests.testbed.api import ApiError
from tests.testbed.processes import wait_until

BROKEN = "x/web:broken"
CLAIM = {
    "accessModes": ["ReadWriteOnce"],
    "resources": {"requests": {"storage": "1Gi"}},
    "storageClassName": "",
}


@dataclass(frozen=True)
class Tale:
    """A story on its way: an installation, and the namespace of its workload."""

    installation: Installation
    cluster: Cluster

    @property
    def namespace(self) -> str:
        return self.cluster.namespace

    def wait(self, what: str, probe: Callable[[], object], seconds: float = 30) -> None:
        """Wait until something is so, or the receiver is refused something."""

        def seen() -> object:
            found = probe()
            if not found:
                self.installation.check()
            return found

        wait_until(what, seen, seconds=seconds)

    def cure(self, name: str = "HighErrorRate", **labels: str) -> Object:
        """Have an alert fire and clear; return the record when it has succeeded, with its Event."""
        told = alert(name, {"namespace": self.namespace, **labels})
        (record,) = self.tell(told)
        if name == "Ask":
            self._wait_for(record, "AwaitingApproval")
            self._approve(record)
        self._wait_for(record, "Verifying")
        self.tell(scenes.resolved(told))
        self._wait_for(record, "Succeeded")
        self.wait("the Event", lambda: "RollbackSucceeded" in self._events(), seconds=20)
        self.installation.check()
        return self._record(record)

    def tell(self, told: Object) -> list[str]:
        """Send an alert until it is taken, and return the names of the records that it is in."""
        taken: list[str] = []

        def sent() -> bool:
            status, answer = self.installation.receiver.post(payload(told))
            taken[:] = answer.get("records", [])
            return status == 202

        self.wait("the alert is taken", sent)
        return taken

    def _approve(self, name: str) -> None:
        path = f"/api/v1/rollbacks/{name}/approve"

        def approved() -> bool:
            answer = self.installation.receiver.post({"by": "ann"}, path=path, token=TOKEN)
            return answer[0] == 200 or "approvedBy" in self._record(name)

        self.wait(f"{name} is approved", approved)

    def _wait_for(self, name: str, phase: str) -> None:
        self.wait(f"{name} is {phase}", lambda: self._record(name).get("phase") == phase)

    def _record(self, name: str) -> Object:
        """Return a record's status, as the receiver's API has it."""
        _, found = self.installation.receiver.get(f"/api/v1/rollbacks/{name}", token=TOKEN)
        return dict(found.get("status") or {})

    def _events(self) -> set[str]:
        return {event["reason"] for event in self.cluster.core("events").done("GET")["items"]}

    def create(self, plural: str, **content: Any) -> None:
        """Create something named web in the namespace."""
        self.cluster.core(plural).create(named("web", **content))

    def release(self, image: str, **pod: Any) -> None:
        """Have Deployment web run an image, and return when it does."""
        body = workloads.deployment("web", image)
        body["spec"]["template"]["spec"] |= pod
        place = workloads.path_of(self.namespace, "web")
        try:
            version = self.cluster.plane.request("GET", place)["metadata"]["resourceVersion"]
        except ApiError:
            workloads.create(self.cluster.plane, self.namespace, body)
        else:
            body["metadata"]["resourceVersion"] = version
            self.cluster.plane.request("PUT", place, body)
        workloads.wait_rolled_out(self.cluster.plane, self.namespace, "web")

    def image(self) -> str:
        return scenes.image(self.cluster.plane, self.namespace)


def first_rollback(tale: Tale) -> None:
    """The budget's ledger is not there yet; two rollbacks, of which the second changes it."""
    installation = tale.installation
    path = f"/api/v1/namespaces/{installation.home}/configmaps/{LEDGER}"
    try:
        tale.cluster.plane.request("DELETE", path)
    except ApiError as e:
        assert e.code == 404  # noqa: PT017
    deployment(tale)
    tale.release("x/web:3")
    tale.cure(deployment="web")
    assert tale.image() == GOOD


def deployment(tale: Tale) -> None:
    """The main job."""
    tale.release(GOOD)
    tale.release(BAD)
    record = tale.cure(deployment="web")
    assert tale.image() == GOOD
    assert not [warning for warning in record["decision"].get("warnings", []) if "right" in warning]


def retention(tale: Tale) -> None:
    """A record of long ago, by the installation's own measure."""
    installation = tale.installation
    folder = OldRecords(tale.cluster.plane, installation.home)
    name = f"old-of-{tale.namespace}"
    folder.create(name)
    tale.wait("the old record is deleted", lambda: name not in folder.names())


def approval(tale: Tale) -> None:
    """The rule asks first."""
    tale.release(GOOD)
    tale.release(BAD)
    tale.cure("Ask", deployment="web")
    assert tale.image() == GOOD


def pod(tale: Tale) -> None:
    """The alert names one of the pods."""
    tale.release(GOOD)
    tale.release(BAD)
    pods = sets.pods(tale.cluster)
    tale.cure(pod=next(name for name, pod in pods.items() if "deletionTimestamp" not in pod["metadata"]))
    assert tale.image() == GOOD


def service(tale: Tale) -> None:
    """The alert names a Service."""
    tale.create("services", spec={"ports": [{"port": 80}], "selector": {"app": "web"}})
    tale.release(GOOD)
    tale.release(BAD)
    tale.cure("ServiceErrors", service="web")
    assert tale.image() == GOOD


def needs(tale: Tale) -> None:
    """The good revision needs one of each."""
    volume = f"volume-{tale.namespace}"
    capacity = {"accessModes": CLAIM["accessModes"], "capacity": {"storage": "1Gi"}}
    spec = {**capacity, "hostPath": {"path": "/data"}}
    tale.cluster.plane.request(
        "POST", "/api/v1/persistentvolumes", {"metadata": {"name": volume}, "spec": spec}
    )
    tale.create("persistentvolumeclaims", spec={**CLAIM, "volumeName": volume})
    for plural in ("configmaps", "secrets", "serviceaccounts"):
        tale.create(plural)
    sources: Mapping[str, Mapping[str, str]] = {
        "configMap": {"name": "web"},
        "secret": {"secretName": "web"},
        "persistentVolumeClaim": {"claimName": "web"},
    }
    volumes = [{"name": kind.lower(), kind: source} for kind, source in sources.items()]
    tale.release(GOOD, volumes=volumes, serviceAccountName="web")
    tale.release(BAD)
    record = tale.cure(deployment="web")
    assert tale.image() == GOOD
    assert "Secret" not in str(record["decision"].get("warnings"))


def stateful_set(tale: Tale) -> None:
    """It waits for a crashing pod, which has to be deleted."""
    folder = sets.stateful(tale.cluster)
    sets.set_image(folder, BROKEN)
    wait_until("the broken pod", lambda: sets.images(tale.cluster).get("web-1") == BROKEN, seconds=30)
    tale.cure(statefulset="web")
    assert set(sets.images(tale.cluster).values()) == {GOOD}


def daemon_set(tale: Tale) -> None:
    folder = sets.daemon(tale.cluster)
    sets.set_image(folder, BAD)
    sets.wait_daemon(folder)
    tale.cure(daemonset="web")
    assert set(sets.images(tale.cluster).values()) == {GOOD}


def rollout(tale: Tale) -> None:
    """One of Argo's, before the switch."""
    web = Rollouts(tale.cluster)
    web.create_service()
    web.create(PREVIEWING)
    web.release(BAD, "Paused")
    tale.cure(rollout="web")
    assert web.image == GOOD


STORIES = (
    deployment,
    retention,
    first_rollback,
    approval,
    pod,
    daemon_set,
    needs,
    service,
    rollout,
    stateful_set,
)
"""The shortest first."""
