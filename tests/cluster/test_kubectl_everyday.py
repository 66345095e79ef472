"""What people type all day: kubectl's words, and how its commands end."""

import json

import pytest

from tests.cluster import scenes
from tests.cluster.contracts import Folder, record
from tests.cluster.kubectl import FIRST, SECOND, Kubectl, manifest, table
from tests.testbed.processes import wait_until

WEB = "deployment/web"


@pytest.fixture
def web(kubectl: Kubectl) -> Kubectl:
    """A Deployment that is rolled out."""
    kubectl.apply(FIRST)
    kubectl.says("rollout", "status", WEB, "--timeout=20s")
    return kubectl


def test_apply_creates_configures_and_leaves_alone(kubectl: Kubectl) -> None:
    assert kubectl.apply(FIRST) == "deployment.apps/web created"
    assert kubectl.apply(FIRST) == "deployment.apps/web unchanged"
    assert kubectl.apply(SECOND) == "deployment.apps/web configured"
    assert kubectl.images("deploy") == [SECOND]
    assert kubectl.apply(SECOND, "x/side:1") == "deployment.apps/web configured"
    assert kubectl.apply(SECOND) == "deployment.apps/web configured"
    assert kubectl.images("deploy") == [SECOND]


def test_apply_takes_away_what_the_manifest_no_longer_has(kubectl: Kubectl) -> None:
    kubectl.apply(FIRST, minReadySeconds=1)
    kubectl.says("scale", WEB, "--replicas=3")
    kubectl.apply(FIRST)
    spec = json.loads(kubectl.says("get", WEB, "-o", "json"))["spec"]
    assert ("minReadySeconds" in spec, spec["replicas"]) == (False, 2)


def test_a_dry_run_of_apply_stores_nothing(kubectl: Kubectl) -> None:
    for how, said in (("client", "created (dry run)"), ("server", "created (server dry run)")):
        words = ("apply", f"--dry-run={how}", "-f", "-")
        assert kubectl.says(*words, stdin=manifest(FIRST)) == f"deployment.apps/web {said}"
    assert kubectl.says("get", "deploy", "-o", "name") == ""


def test_apply_refuses_a_field_that_is_none(kubectl: Kubectl) -> None:
    body = manifest(FIRST, replicsa=2)
    assert 'unknown field "spec.replicsa"' in kubectl.fails("apply", "-f", "-", stdin=body)
    assert kubectl.says("get", "deploy", "-o", "name") == ""


def test_get_prints_the_servers_tables(web: Kubectl) -> None:
    (deployment,) = table(web.says("get", "deploy"))
    age = deployment.pop("AGE")
    assert age.endswith("s")
    assert deployment == {"NAME": "web", "READY": "2/2", "UP-TO-DATE": "2", "AVAILABLE": "2"}
    (found,) = table(web.says("get", "rs"))
    assert (found["DESIRED"], found["CURRENT"], found["READY"]) == ("2", "2", "2")
    rows = table(web.says("get", "pods"))
    assert [(row["READY"], row["STATUS"], row["RESTARTS"]) for row in rows] == [("1/1", "Running", "0")] * 2
    wide = web.says("get", "deploy", "-o", "wide").splitlines()
    assert wide[0].split()[-3:] == ["CONTAINERS", "IMAGES", "SELECTOR"]
    assert wide[1].split()[-3:] == ["app", FIRST, "app=web"]
    named = web.says("get", "deploy,rs,pods", "-o", "name").splitlines()
    assert [name.partition("/")[0] for name in named] == ["deployment.apps", "replicaset.apps", "pod", "pod"]
    assert web.says("get", "all", "-o", "name").splitlines()[-2:] == named[:2]


def test_get_of_everything_in_every_namespace_has_the_records_too(web: Kubectl, crd: None) -> None:
    records = Folder(web.plane, scenes.path_of_records(web.namespace))
    records.create(record("r"))
    records.merge("r/status", {"status": {"phase": "Pending", "target": "Deployment/shop/web"}})
    printed = web.says("get", "deploy,rs,pods,rollbacks", "-A")
    ours = [line.split()[1] for line in printed.splitlines() if line.startswith(web.namespace)]
    kinds = [name.partition("/")[0] for name in ours]
    assert kinds == ["deployment.apps", "replicaset.apps", "pod", "pod", "rollback.rollback-receiver.dev"]
    header, row = web.says("get", "rb").splitlines()
    assert header.split() == ["NAME", "TARGET", "RULE", "PHASE", "FROM", "TO", "AGE"]
    assert row.split()[:3] == ["r", "Deployment/shop/web", "Pending"]


def test_get_of_what_is_not_there_fails(kubectl: Kubectl) -> None:
    missing = 'Error from server (NotFound): deployments.apps "web" not found'
    assert kubectl.fails("get", WEB) == missing
    unknown = 'error: the server doesn\'t have a resource type "nothings"'
    assert kubectl.fails("get", "nothings") == unknown


def test_a_watch_prints_events_until_its_time_is_over(web: Kubectl) -> None:
    words = ("get", "deploy", "-w", "--output-watch-events", "--request-timeout=5s")
    header, *rows = web.says(*words).splitlines()
    assert header.split() == ["EVENT", "NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert [row.split()[:3] for row in rows] == [["ADDED", "web", "2/2"]]


def test_describe_tells_the_story_of_a_deployment(web: Kubectl) -> None:
    (name,) = (row["NAME"] for row in table(web.says("get", "rs")))
    printed = web.says("describe", "deploy", "web")
    told = {line.partition(":")[0]: line.partition(":")[2].strip() for line in printed.splitlines()}
    assert told["Replicas"] == "2 desired | 2 updated | 2 total | 2 available | 0 unavailable"
    assert told["RollingUpdateStrategy"] == "25% max unavailable, 25% max surge"
    assert told["NewReplicaSet"] == f"{name} (2/2 replicas created)"
    assert told["OldReplicaSets"] == "<none>"
    assert "Progressing    True    NewReplicaSetAvailable" in printed
    for kind in ("rs", "pods"):
        assert "Controlled By:" in web.says("describe", kind)


def test_describe_lists_what_the_controller_did(web: Kubectl) -> None:
    (name,) = (row["NAME"] for row in table(web.says("get", "rs")))
    said = f"deployment-controller  Scaled up replica set {name} from 0 to 2"
    wait_until("the event", lambda: said in web.says("describe", "deploy", "web"), seconds=20)


def test_scale_annotate_label_and_patch_say_what_they_did(web: Kubectl) -> None:
    assert web.says("scale", WEB, "--replicas=3") == "deployment.apps/web scaled"
    assert web.fails("scale", WEB, "--replicas=1", "--current-replicas=9") == (
        "error: Expected replicas to be 9, was 3"
    )
    assert web.says("annotate", WEB, "a=b") == "deployment.apps/web annotated"
    assert "--overwrite is false" in web.fails("annotate", WEB, "a=c")
    assert web.says("annotate", WEB, "a-") == "deployment.apps/web annotated"
    assert web.says("label", WEB, "team=a") == "deployment.apps/web labeled"
    assert web.says("get", "deploy", "-l", "team in (a,b)", "-o", "name") == "deployment.apps/web"
    change = '{"spec": {"minReadySeconds": 1}}'
    assert web.says("patch", WEB, "-p", change) == "deployment.apps/web patched"
    # kubectl compares the whole object: what a controller writes meanwhile is a change.
    same = "deployment.apps/web patched (no change)"
    wait_until("no change", lambda: web.says("patch", WEB, "-p", change) == same, seconds=20)
    test = '[{"op": "test", "path": "/spec/replicas", "value": 99}]'
    assert web.fails("patch", WEB, "--type=json", "-p", test) == (
        "The request is invalid: the server rejected our request due to an error in our request"
    )


def test_set_image_and_wait(web: Kubectl) -> None:
    assert web.says("set", "image", WEB, f"app={SECOND}") == "deployment.apps/web image updated"
    assert web.images("deploy") == [SECOND]
    assert web.fails("set", "image", WEB, "nope=x/y:1") == 'error: unable to find container named "nope"'
    met = "deployment.apps/web condition met"
    assert web.says("wait", "--for=condition=Available", WEB, "--timeout=30s") == met
    assert web.says("wait", "--for=jsonpath={.status.updatedReplicas}=2", WEB, "--timeout=30s") == met
    timed_out = "error: timed out waiting for the condition on deployments/web"
    assert web.fails("wait", "--for=condition=Nope", WEB, "--timeout=1s") == timed_out


def test_create_and_delete(kubectl: Kubectl) -> None:
    assert kubectl.says("create", "deployment", "web", f"--image={FIRST}") == "deployment.apps/web created"
    taken = 'deployments.apps "web" already exists'
    assert taken in kubectl.fails("create", "deployment", "web", f"--image={FIRST}")
    made = kubectl.says("create", "configmap", "notes", "--from-literal=a=b")
    assert made == "configmap/notes created"
    assert kubectl.says("get", "cm", "notes", "-o", "jsonpath={.data.a}") == "b"
    deleted = f'deployment.apps "web" deleted from {kubectl.namespace} namespace'
    assert kubectl.says("delete", WEB) == deleted
    missing = 'Error from server (NotFound): deployments.apps "web" not found'
    assert kubectl.fails("delete", WEB) == missing
    wait_until("all gone", lambda: not kubectl.says("get", "rs,pods", "-o", "name"), seconds=30)


def test_a_deletion_that_orphans_leaves_the_replica_set(web: Kubectl) -> None:
    web.says("delete", WEB, "--cascade=orphan")
    assert web.says("get", "deploy", "-o", "name") == ""
    assert web.says("get", "rs", "-o", "name").startswith("replicaset.apps/web-")


def test_the_server_tells_its_version_and_what_it_serves(kubectl: Kubectl) -> None:
    version = json.loads(kubectl.says("version", "-o", "json"))
    assert version["clientVersion"]["gitVersion"] == "v1.37.2"
    assert version["serverVersion"]["gitVersion"] in {"v1.37.2", "v1.37.2+sandbox"}
    listed = kubectl.says("api-resources", "--api-group=apps", "--no-headers").splitlines()
    assert [line.split() for line in listed] == [
        ["controllerrevisions", "apps/v1", "true", "ControllerRevision"],
        ["daemonsets", "ds", "apps/v1", "true", "DaemonSet"],
        ["deployments", "deploy", "apps/v1", "true", "Deployment"],
        ["replicasets", "rs", "apps/v1", "true", "ReplicaSet"],
        ["statefulsets", "sts", "apps/v1", "true", "StatefulSet"],
    ]
