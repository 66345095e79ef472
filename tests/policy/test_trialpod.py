"""A pod to try out: what its controller would make of the revision's template."""

from dataclasses import replace
from typing import Any

import pytest

from receiver.policy.plan import make_plan
from receiver.policy.trialpod import trial_pod
from receiver.policy.workload import WorkloadRef
from tests.policy.builders import NOW, OLDER, revision, rule, template, workload


def pod(kind: str = "Deployment", **spec: Any) -> dict[str, Any]:
    of = workload(ref=WorkloadRef(kind, "shop", "checkout"))
    return trial_pod(of, revision(6, template=template("checkout:6", **spec)))


def test_it_has_the_templates_labels_annotations_and_spec() -> None:
    """Without the hash by which a controller knows its own."""
    made = template("checkout:6", serviceAccountName="web")
    made["metadata"]["annotations"] = {"team": "shop"}
    tried = trial_pod(workload(), revision(6, template=made))
    assert (tried["apiVersion"], tried["kind"], tried["spec"]) == ("v1", "Pod", made["spec"])
    assert tried["metadata"]["labels"] == {"app": "checkout"}
    assert tried["metadata"]["annotations"] == {"team": "shop"}


@pytest.mark.parametrize(
    ("kind", "owner", "prefix"),
    [
        ("Deployment", ("ReplicaSet", "checkout-hash6"), "checkout-hash6-"),
        ("Rollout", ("ReplicaSet", "checkout-hash6"), "checkout-hash6-"),
        ("StatefulSet", ("StatefulSet", "checkout"), "checkout-"),
        ("DaemonSet", ("DaemonSet", "checkout"), "checkout-"),
    ],
)
def test_it_is_owned_as_its_controller_would_own_it(kind: str, owner: tuple[str, str], prefix: str) -> None:
    """Policies look at that."""
    metadata = pod(kind)["metadata"]
    (reference,) = metadata["ownerReferences"]
    assert (reference["kind"], reference["name"]) == owner
    assert (reference["apiVersion"], reference["uid"], reference["controller"]) == ("apps/v1", "uid-1", True)
    assert metadata["generateName"] == prefix


def test_a_replica_set_whose_hash_is_not_known_has_its_workloads_name() -> None:
    chosen = replace(OLDER[1], template_hash=None)
    assert trial_pod(workload(), chosen)["metadata"]["generateName"] == "checkout-"


MOUNTING = [
    {
        "name": "web",
        "image": "checkout:6",
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],
        "volumeDevices": [{"name": "disk", "devicePath": "/dev/x"}],
    }
]
TMP = {"name": "tmp", "emptyDir": {}}


def test_a_stateful_sets_pod_has_the_volumes_of_its_claim_templates() -> None:
    """The template mounts them and does not have them."""
    initial = [{"name": "init", "image": "i", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]
    spec = pod("StatefulSet", containers=MOUNTING, initContainers=initial, volumes=[TMP])["spec"]
    claims = [{"claimName": f"{name}-checkout-0"} for name in ("data", "disk")]
    assert spec["volumes"] == [
        TMP,
        {"name": "data", "persistentVolumeClaim": claims[0]},
        {"name": "disk", "persistentVolumeClaim": claims[1]},
    ]


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
def test_another_kinds_pod_has_the_templates_volumes_alone(kind: str) -> None:
    """What it mounts and does not have, the server is to refuse."""
    assert pod(kind, containers=MOUNTING, volumes=[TMP])["spec"]["volumes"] == [TMP]


def test_a_stateful_set_that_mounts_nothing_has_no_volumes() -> None:
    assert "volumes" not in pod("StatefulSet")["spec"]


@pytest.mark.parametrize("needs_room", [True, False])
def test_the_plan_brings_the_pod_and_whether_room_is_needed(*, needs_room: bool) -> None:
    of = workload(needs_room=needs_room)
    plan = make_plan(of, OLDER[1], record="checkout-1", rule=rule(), now=NOW)
    assert (plan.pod, plan.needs_room) == (trial_pod(of, OLDER[1]), needs_room)
