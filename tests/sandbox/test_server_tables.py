"""Tables: the cells that kubectl prints, held to what the real server printed for the same objects."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from receiver.sandbox import ages, tables
from receiver.sandbox.clock import stamp
from receiver.sandbox.jsonpaths import values_at
from receiver.sandbox.resources import (
    CONFIG_MAPS,
    CONTROLLER_REVISIONS,
    DAEMON_SETS,
    DEFINITIONS,
    DEPLOYMENTS,
    EVENTS,
    NODES,
    PODS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    VOLUME_CLAIMS,
    Resource,
)
from receiver.sandbox.server import Sandbox
from tests.sandbox.asking import TABLE, ask, definition

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BORN = "2026-11-23T11:58:44Z"
TEMPLATE = {"spec": {"containers": [{"name": "c", "image": "a:1"}, {"name": "d", "image": "b:2"}]}}
SELECTOR = {"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": [{"key": "t", "operator": "Exists"}]}
CRASHING = {
    "ready": False,
    "restartCount": 5,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"finishedAt": "2026-11-23T11:50:00Z"}},
}
CELLS: list[tuple[Resource, dict[str, Any], list[Any]]] = [
    (
        DEPLOYMENTS,
        {
            "spec": {"replicas": 3, "template": TEMPLATE, "selector": SELECTOR},
            "status": {"readyReplicas": 2, "updatedReplicas": 1},
        },
        ["2/3", 1, 0, "76s", "c,d", "a:1,b:2", "a=1,b=2,t"],
    ),
    (STATEFUL_SETS, {"spec": {"replicas": 1, "template": TEMPLATE}}, ["0/1", "76s", "c,d", "a:1,b:2"]),
    (
        DAEMON_SETS,
        {"spec": {"template": TEMPLATE}, "status": {"desiredNumberScheduled": 2, "numberReady": 1}},
        [2, 0, 1, 0, 0, "<none>", "76s", "c,d", "a:1,b:2", "<none>"],
    ),
    (
        PODS,
        {
            "spec": {"containers": [{}], "nodeName": "n"},
            "status": {"phase": "Running", "containerStatuses": [CRASHING]},
        },
        ["0/1", "CrashLoopBackOff", "5 (10m ago)", "76s", "<none>", "n", "<none>", "<none>"],
    ),
    (CONFIG_MAPS, {"data": {"a": "b"}, "binaryData": {"c": ""}}, [2, "76s"]),
    (SECRETS, {"type": "Opaque", "data": {"a": "b"}}, ["Opaque", 1, "76s"]),
    (
        SERVICES,
        {"spec": {"type": "NodePort", "clusterIP": "10.0.0.1", "ports": [{"port": 80, "nodePort": 30000}]}},
        ["NodePort", "10.0.0.1", "<none>", "80:30000/TCP", "76s", "<none>"],
    ),
    (
        NODES,
        {
            "spec": {"unschedulable": True},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "10.0.0.2"}],
                "nodeInfo": {"kubeletVersion": "v1.37.2"},
            },
        },
        [
            "Ready,SchedulingDisabled",
            "<none>",
            "76s",
            "v1.37.2",
            "10.0.0.2",
            "<none>",
            "<unknown>",
            "<unknown>",
            "<unknown>",
        ],
    ),
    (
        VOLUME_CLAIMS,
        {"spec": {"volumeMode": "Filesystem"}, "status": {"phase": "Pending"}},
        ["Pending", "", "", "", "", "<unset>", "76s", "Filesystem"],
    ),
    (
        DEFINITIONS,
        definition("things", "Thing")
        | {"status": {"conditions": [{"type": "Established", "status": "True"}]}},
        ["Namespaced", "v1", BORN, "example.com", "Thing", "thi", True],
    ),
]


@pytest.mark.parametrize(("resource", "obj", "cells"), CELLS, ids=[each[0].plural for each in CELLS])
def test_a_kind_is_printed_as_the_real_server_prints_it(
    resource: Resource, obj: dict[str, Any], cells: list[Any]
) -> None:
    named = {**obj, "metadata": {"name": "x", "creationTimestamp": BORN}}
    (row,) = tables.table(resource, [named], now=NOW, metadata={})["rows"]
    assert row["cells"] == ["x", *cells]


def test_a_revision_names_its_controller() -> None:
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "controller": True}
    revision = {
        "metadata": {"name": "db-1", "creationTimestamp": BORN, "ownerReferences": [owner]},
        "revision": 2,
    }
    (row,) = tables.table(CONTROLLER_REVISIONS, [revision], now=NOW, metadata={})["rows"]
    assert row["cells"] == ["db-1", "statefulset.apps/db", 2, "76s"]


def test_an_event_is_printed_by_what_it_is_about() -> None:
    event = {
        "metadata": {"name": "e"},
        "type": "Normal",
        "reason": "Scheduled",
        "message": " done\n",
        "count": 2,
        "firstTimestamp": "2026-11-23T11:00:00Z",
        "lastTimestamp": BORN,
        "source": {"component": "scheduler"},
        "involvedObject": {"kind": "Pod", "name": "p"},
    }
    (row,) = tables.table(EVENTS, [event], now=NOW, metadata={})["rows"]
    assert row["cells"] == ["76s", "Normal", "Scheduled", "pod/p", "", "scheduler", "done", "60m", 2, "e"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "<invalid>"),
        (-0.5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (127, "2m7s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (12480, "3h28m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (180000, "2d2h"),
        (691200, "8d"),
        (63072000, "2y"),
        (63158400, "2y1d"),
        (252288000, "8y"),
    ],
)
def test_a_duration_is_written_short(seconds: float, said: str) -> None:
    assert ages.short(seconds) == said


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (".spec.a", [1]),
        (".spec.gone", []),
        (".spec.list[0]", ["x"]),
        (".spec.list[-1]", ["y"]),
        (".spec.list[7]", []),
        (".spec.list[*]", ["x", "y"]),
        (".metadata.labels['a.b/c']", ["d"]),
        (r".metadata.labels.a\.b/c", ["d"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.ok==true)].type", ["Ready"]),
        (".status.conditions[?(@.type<1)].status", []),
    ],
)
def test_a_path_is_followed(path: str, values: list[Any]) -> None:
    conditions = [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True", "ok": True}]
    obj = {
        "metadata": {"labels": {"a.b/c": "d"}},
        "spec": {"a": 1, "list": ["x", "y"]},
        "status": {"conditions": conditions},
    }
    assert values_at(obj, path) == values


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_a_custom_kind_has_its_own_columns(sandbox: Sandbox) -> None:
    columns: list[dict[str, Any]] = [
        {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
        {"name": "N", "type": "integer", "jsonPath": ".spec.n"},
        {"name": "When", "type": "date", "jsonPath": ".spec.when"},
        {"name": "List", "type": "string", "jsonPath": ".spec.list"},
        {"name": "Each", "type": "string", "jsonPath": ".spec.list[*]"},
        {"name": "On", "type": "boolean", "jsonPath": ".spec.on", "priority": 1},
    ]
    defined = definition("prints", "Print", additionalPrinterColumns=columns)
    assert (
        ask(sandbox, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", defined).code == 201
    )
    prints = "/apis/example.com/v1/namespaces/default/prints"
    head = {"apiVersion": "example.com/v1", "kind": "Print"}
    when = stamp(sandbox.clock.now() - timedelta(days=6 * 365 + 9, hours=12))
    spec = {"color": "red", "n": 2, "when": when, "list": ["x", "y"], "on": True}
    ask(sandbox, "POST", prints, {**head, "metadata": {"name": "a"}, "spec": spec})
    ask(sandbox, "POST", prints, {**head, "metadata": {"name": "b"}})
    body = ask(sandbox, "GET", prints, headers={"Accept": TABLE}).body
    told = [(each["name"], each["type"], each["priority"]) for each in body["columnDefinitions"]]
    assert told[1:] == [(each["name"], each["type"], each.get("priority", 0)) for each in columns]
    first, second = (row["cells"] for row in body["rows"])
    assert first == ["a", "red", 2, "6y9d", '["x","y"]', "x", True]
    assert second == ["b", None, None, None, None, None, None]


@pytest.mark.parametrize(
    ("query", "kind"), [("", "PartialObjectMetadata"), ("?includeObject=Object", "Namespace")]
)
def test_a_row_carries_as_much_of_its_object_as_asked(sandbox: Sandbox, query: str, kind: str) -> None:
    body = ask(sandbox, "GET", f"/api/v1/namespaces/default{query}", headers={"Accept": TABLE}).body
    assert [row["object"]["kind"] for row in body["rows"]] == [kind]
    none = ask(sandbox, "GET", "/api/v1/namespaces?includeObject=None", headers={"Accept": TABLE}).body
    assert all("object" not in row for row in none["rows"])
