"""What `kubectl get` prints: the server's own columns, and the cells of each object."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster import scenes
from tests.cluster.contracts import TABLE, Cluster, Folder, Object, named, record
from tests.testbed import workloads
from tests.testbed.processes import wait_until

COLUMNS: Mapping[str, str] = {
    "deployments": "Name Ready Up-to-date Available Age | Containers Images Selector",
    "replicasets": "Name Desired Current Ready Age | Containers Images Selector",
    "statefulsets": "Name Ready Age | Containers Images",
    "daemonsets": (
        "Name Desired Current Ready Up-to-date Available Node.Selector Age | Containers Images Selector"
    ),
    "controllerrevisions": "Name Controller Revision Age |",
    "pods": "Name Ready Status Restarts Age | IP Node Nominated.Node Readiness.Gates",
    "configmaps": "Name Data Age |",
    "services": "Name Type Cluster-IP External-IP Port(s) Age | Selector",
    "events": "Last.Seen Type Reason Object Message | Subobject Source First.Seen Count Name",
}
APPS = ("deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions")


def table(folder: Folder, name: str = "", **query: Any) -> Object:
    """Return the table of what is listed."""
    found: Object = folder.done("GET", name, accept=TABLE, **query)
    assert (found["kind"], found["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    return found


def columns(found: Mapping[str, Any]) -> str:
    """Return the names of the columns, those that only -o wide shows after a bar."""
    shown = [each["name"].replace(" ", ".") for each in found["columnDefinitions"] if not each["priority"]]
    wide = [each["name"].replace(" ", ".") for each in found["columnDefinitions"] if each["priority"]]
    return " ".join([*shown, "|", *wide])


def cells(found: Mapping[str, Any]) -> list[Object]:
    """Return the cells of each row by their columns' names, without the age."""
    names = [each["name"] for each in found["columnDefinitions"]]
    rows = [dict(zip(names, row["cells"], strict=True)) for row in found["rows"]]
    return [{name: value for name, value in row.items() if name != "Age"} for row in rows]


@pytest.mark.parametrize("plural", COLUMNS)
def test_a_kind_has_its_columns(cluster: Cluster, plural: str) -> None:
    folder = cluster.apps(plural) if plural in APPS else cluster.core(plural)
    found = table(folder)
    assert columns(found) == COLUMNS[plural]
    assert all(
        {"name", "type", "format", "description", "priority"} == each.keys()
        for each in found["columnDefinitions"]
    )
    (name,) = (each for each in found["columnDefinitions"] if each["name"] == "Name")
    assert (name["type"], name["format"]) == ("string", "name")


def test_a_deployment_its_replica_set_and_its_pods(cluster: Cluster) -> None:
    cluster.deployments.create(workloads.deployment("web", "x/web:1"))
    workloads.wait_rolled_out(cluster.plane, cluster.namespace, "web")
    about = {"Containers": "app", "Images": "x/web:1"}
    deployment = {"Name": "web", "Ready": "2/2", "Up-to-date": 2, "Available": 2, **about}
    expected = {**deployment, "Selector": "app=web"}
    assert cells(table(cluster.deployments)) == cells(table(cluster.deployments, "web")) == [expected]
    (found,) = cells(table(cluster.replica_sets))
    (name,) = cluster.replica_sets.names()
    selector = f"app=web,pod-template-hash={name.removeprefix('web-')}"
    assert found == {"Name": name, "Desired": 2, "Current": 2, "Ready": 2, **about, "Selector": selector}
    one, _ = cells(table(cluster.core("pods")))
    assert one["Node"].startswith("node-")
    assert one["IP"].count(".") == 3
    assert {
        key: one[key] for key in ("Ready", "Status", "Restarts", "Nominated Node", "Readiness Gates")
    } == {
        "Ready": "1/1",
        "Status": "Running",
        "Restarts": "0",
        "Nominated Node": "<none>",
        "Readiness Gates": "<none>",
    }


def test_a_pod_that_crashes_says_so(cluster: Cluster) -> None:
    cluster.deployments.create(workloads.deployment("web", "x/web:broken", replicas=1))
    pods = cluster.core("pods")

    def crashed() -> list[Object]:
        return [row for row in cells(table(pods)) if row["Status"] == "CrashLoopBackOff"]

    (row,) = wait_until("the crash", crashed, seconds=30)
    assert (row["Ready"], row["Restarts"]) == ("0/1", "5")


def test_a_row_carries_the_objects_metadata_or_what_is_asked_for(cluster: Cluster) -> None:
    cluster.config_maps.create(named("a", data={"x": "1", "y": "2"}))
    (row,) = table(cluster.config_maps, fieldSelector="metadata.name=a")["rows"]
    assert row["cells"][:2] == ["a", 2]
    assert (row["object"]["kind"], row["object"]["apiVersion"]) == ("PartialObjectMetadata", "meta.k8s.io/v1")
    assert row["object"]["metadata"]["name"] == "a"
    assert "data" not in row["object"]
    (row,) = table(cluster.config_maps, fieldSelector="metadata.name=a", includeObject="Object")["rows"]
    assert row["object"]["data"] == {"x": "1", "y": "2"}


def test_a_record_has_the_columns_that_its_definition_asks_for(cluster: Cluster, crd: None) -> None:
    records = Folder(cluster.plane, scenes.path_of_records(cluster.namespace))
    records.create(record())
    decision = {"rule": "bad-release", "to": {"revision": 1}}
    status = {"phase": "Pending", "target": "Deployment/shop/web", "decision": decision, "message": "soon"}
    records.create(record("undecided"))
    aftermath = {"kind": "StillFiring", "at": "2026-05-01T12:00:00Z"}
    records.merge("r/status", {"status": {**status, "aftermath": aftermath}})
    found = table(records)
    assert columns(found) == "Name Target Rule Phase From To Age | Aftermath Message"
    decided = {"Target": "Deployment/shop/web", "Rule": "bad-release", "Phase": "Pending", "From": 2, "To": 1}
    nothing = dict.fromkeys(["Target", "Rule", "Phase", "To", "Aftermath", "Message"])
    assert cells(found) == [
        {"Name": "r", **decided, "Aftermath": "StillFiring", "Message": "soon"},
        {"Name": "undecided", **nothing, "From": 2},
    ]


def test_a_watch_tells_in_tables_too(cluster: Cluster) -> None:
    maps = cluster.config_maps
    maps.create(named("a", data={"x": "1"}))
    told = maps.events("0", fieldSelector="metadata.name=a", accept=TABLE)
    assert [(kind, obj["kind"], obj["rows"][0]["cells"][:2]) for kind, obj in told] == [
        ("ADDED", "Table", ["a", 1])
    ]
