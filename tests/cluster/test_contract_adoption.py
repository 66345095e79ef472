"""Which ReplicaSet is a Deployment's newest, and which old ones go: the cases of the controller's own tests.

Templates are compared without pod-template-hash; of several that are equal the oldest wins; and what goes
first is the lowest revision, however old it is.
"""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster.contracts import Cluster, Object
from tests.testbed import workloads
from tests.testbed.processes import wait_until

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


def replica_set(name: str, template_labels: Mapping[str, str], image: str = "x/web:1") -> Object:
    """Return a ReplicaSet of nobody's, which web's selector matches."""
    labels = {"app": "web", **template_labels}
    template = {
        "metadata": {"labels": labels},
        "spec": workloads.deployment("web", image)["spec"]["template"]["spec"],
    }
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}


def create_set(cluster: Cluster, body: Object) -> None:
    """Create a ReplicaSet and return when the controllers know it: the Deployment's hears of it elsewhere."""
    name = cluster.replica_sets.create(body)["metadata"]["name"]
    cluster.replica_sets.wait_for(name, "observed", lambda found: found["status"].get("observedGeneration"))


def create_web(cluster: Cluster, **spec: Any) -> None:
    """Create the Deployment and return when it is rolled out."""
    workloads.create(
        cluster.plane, cluster.namespace, workloads.deployment("web", "x/web:1", replicas=1, **spec)
    )
    workloads.wait_rolled_out(cluster.plane, cluster.namespace, "web")


def numbers(cluster: Cluster) -> dict[str, str]:
    """Return the revisions of the ReplicaSets by their names."""
    found = cluster.replica_sets.done("GET")["items"]
    return {
        each["metadata"]["name"]: each["metadata"].get("annotations", {}).get(REVISION, "") for each in found
    }


@pytest.mark.parametrize("labels", [{}, {HASH: "anything"}], ids=["no hash", "another hash"])
def test_a_replica_set_with_the_same_template_is_taken_on(
    cluster: Cluster, labels: Mapping[str, str]
) -> None:
    create_set(cluster, replica_set("mine", labels))
    create_web(cluster)
    assert numbers(cluster) == {"mine": "1"}
    found = cluster.replica_sets.get("mine")
    uid = cluster.deployments.get("web")["metadata"]["uid"]
    assert [(owner["uid"], owner["controller"]) for owner in found["metadata"]["ownerReferences"]] == [
        (uid, True)
    ]
    assert found["spec"]["replicas"] == 1


@pytest.mark.parametrize(
    "labels", [{"extra": "x"}, {HASH: "anything", "extra": "x"}], ids=["no hash", "a hash"]
)
def test_one_with_another_label_is_an_old_revision(cluster: Cluster, labels: Mapping[str, str]) -> None:
    create_set(cluster, replica_set("other", labels))
    create_web(cluster)
    found = numbers(cluster)
    assert found.pop("other") == ""
    assert list(found.values()) == ["1"]
    assert cluster.replica_sets.get("other")["metadata"]["ownerReferences"][0]["name"] == "web"


def test_of_two_with_the_same_template_the_oldest_is_the_newest_revision(cluster: Cluster) -> None:
    """Their ages are whole seconds."""
    create_set(cluster, replica_set("b-older", {HASH: "b"}))
    time.sleep(1.05)
    create_set(cluster, replica_set("a-younger", {HASH: "a"}))
    create_web(cluster)
    assert numbers(cluster) == {"b-older": "1", "a-younger": ""}
    assert cluster.replica_sets.get("b-older")["spec"]["replicas"] == 1


def test_one_that_belongs_to_somebody_else_is_left_alone(cluster: Cluster) -> None:
    """Selected or not: no controller takes what another has."""
    other = cluster.config_maps.create({"metadata": {"name": "other"}})["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": other, "controller": True}
    body = replica_set("theirs", {})
    create_set(cluster, {**body, "metadata": {**body["metadata"], "ownerReferences": [owner]}})
    create_web(cluster)
    assert numbers(cluster).pop("theirs") == ""
    assert len(numbers(cluster)) == 2
    assert cluster.replica_sets.get("theirs")["metadata"]["ownerReferences"] == [owner]


def test_the_lowest_revision_goes_first_however_young_its_replica_set_is(cluster: Cluster) -> None:
    """Gone back to and left again, the first has number 3 and the second keeps 2: the second goes."""
    create_web(cluster, revisionHistoryLimit=1)
    for image in ("x/web:2", "x/web:1", "x/web:3"):
        workloads.set_image(cluster.plane, cluster.namespace, "web", image)
        workloads.wait_rolled_out(cluster.plane, cluster.namespace, "web")

    def left() -> bool:
        found = cluster.replica_sets.done("GET")["items"]
        return {workloads.image_of(each) for each in found} == {"x/web:1", "x/web:3"}

    wait_until("the second is gone", left, seconds=30)
    assert sorted(numbers(cluster).values()) == ["3", "4"]
