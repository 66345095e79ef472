"""The server as such: how it starts and ends, what it tells about itself, and who asked what."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import yaml

from receiver.sandbox.server import Sandbox
from tests.sandbox.asking import MERGE, ask, config_map, definition, watching
from tests.testbed.processes import wait_until

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def test_it_answers_once_it_has_started_and_ends_with_its_watches_and_no_thread_left() -> None:
    before = set(threading.enumerate())
    with Sandbox() as sandbox, watching(sandbox, f"{CONFIG_MAPS}?watch=1&sendInitialEvents=false") as _:
        assert ask(sandbox, "GET", "/readyz").text == "ok"
        sandbox.stop()
        wait_until("no thread left", lambda: set(threading.enumerate()) <= before, seconds=60)


def test_a_port_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"):
            Sandbox(port=port).start()


def test_its_kubeconfig_names_the_user(sandbox: Sandbox) -> None:
    config = yaml.safe_load(sandbox.kubeconfig("receiver-1"))
    assert config["clusters"][0]["cluster"] == {"server": sandbox.url}
    assert config["users"] == [{"name": "receiver-1", "user": {"token": "receiver-1"}}]
    assert config["contexts"][0]["name"] == config["current-context"]


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_it_is_well(sandbox: Sandbox, path: str) -> None:
    answer = ask(sandbox, "GET", path)
    assert (answer.code, answer.text) == (200, "ok")


def test_it_says_that_it_is_no_real_one(sandbox: Sandbox) -> None:
    assert ask(sandbox, "GET", "/version").body["gitVersion"] == "v1.37.2+sandbox"


def test_a_connection_is_kept_and_answers_do_not_wait(sandbox: Sandbox) -> None:
    """Header and body in two segments would wait for the client's delayed ACK: 40 ms each."""
    with closing(http.client.HTTPConnection("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) as connection:
        took = []
        for _ in range(20):
            began = time.monotonic()
            connection.request("GET", "/api/v1/namespaces/default")
            with connection.getresponse() as response:
                assert response.read()
            assert connection.sock is not None
            took.append(time.monotonic() - began)
        assert min(took) < 0.035


@pytest.mark.parametrize(
    ("path", "code", "content_type"),
    [
        ("/nowhere", 404, "text/plain; charset=utf-8"),
        ("/apis/nowhere.io", 404, "text/plain; charset=utf-8"),
        ("/apis/nowhere.io/v1/things", 404, "text/plain; charset=utf-8"),
        ("/apis/apps/v2", 404, "application/json"),
        ("/api/v2", 404, "application/json"),
        ("/apis/apps/v1/things", 404, "application/json"),
        ("/apis/apps/v1/deployments/x", 404, "application/json"),
        ("/api/v1/namespaces/default/nodes", 404, "application/json"),
        ("/apis/apps/v1/namespaces/default/deployments/x/things", 404, "application/json"),
        ("/apis/apps/v1/namespaces/default/daemonsets/x/scale", 404, "application/json"),
    ],
)
def test_what_is_not_served_is_not_found(sandbox: Sandbox, path: str, code: int, content_type: str) -> None:
    answer = ask(sandbox, "GET", path)
    assert (answer.code, answer.content_type) == (code, content_type)


def test_old_and_new_discovery_tell_the_same(sandbox: Sandbox) -> None:
    new = ask(sandbox, "GET", "/apis", headers={"Accept": AGGREGATED})
    assert new.content_type == "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    groups = {item["metadata"]["name"]: item["versions"] for item in new.body["items"]}
    assert set(groups) == {group["name"] for group in ask(sandbox, "GET", "/apis").body["groups"]}
    old = ask(sandbox, "GET", "/apis/apps/v1").body["resources"]
    apps = groups["apps"][0]["resources"]
    assert [each["name"] for each in old if "/" not in each["name"]] == [each["resource"] for each in apps]
    (deployments,) = (each for each in apps if each["resource"] == "deployments")
    assert [part["subresource"] for part in deployments["subresources"]] == ["scale", "status"]
    assert (deployments["shortNames"], deployments["categories"]) == (["deploy"], ["all"])


def test_openapi_says_that_writes_are_validated_which_kubectl_asks_before_it_writes(sandbox: Sandbox) -> None:
    paths = ask(sandbox, "GET", "/openapi/v3").body["paths"]
    document = ask(sandbox, "GET", paths["apis/apps/v1"]["serverRelativeURL"]).body
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in {each["name"] for each in patch["parameters"]}
    assert patch["x-kubernetes-group-version-kind"]["kind"] == "Deployment"


def test_a_custom_kind_is_discovered_while_it_is_defined(sandbox: Sandbox) -> None:
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert ask(sandbox, "POST", definitions, definition("widgets", "Widget")).code == 201
    (widgets,) = ask(sandbox, "GET", "/apis/example.com/v1").body["resources"]
    assert (widgets["kind"], widgets["shortNames"]) == ("Widget", ["wid"])
    assert ask(sandbox, "DELETE", f"{definitions}/widgets.example.com").code == 200
    assert ask(sandbox, "GET", "/apis/example.com/v1").code == 404


def test_the_audit_tells_who_did_what(sandbox: Sandbox) -> None:
    since = sandbox.clock.now()
    headers = {"Authorization": "Bearer receiver-1", "User-Agent": "rollback-receiver/1 (x)"}
    ask(sandbox, "POST", f"{CONFIG_MAPS}?dryRun=All", config_map("audited"), headers=headers)
    ask(sandbox, "PATCH", f"{CONFIG_MAPS}/gone", {}, content_type=MERGE, headers=headers)
    ask(sandbox, "DELETE", f"{CONFIG_MAPS}?labelSelector=none")
    created, patched = sandbox.audit.requests(user="receiver-1", since=since)
    assert (created.verb, created.resource, created.code, created.dry_run) == (
        "create",
        "configmaps",
        201,
        True,
    )
    assert (patched.verb, patched.namespace, patched.name, patched.code) == ("patch", "default", "gone", 404)
    assert patched.user_agent == "rollback-receiver/1 (x)"
    assert since <= patched.received_at <= patched.completed_at
    assert [entry.verb for entry in sandbox.audit.requests(user="", since=since)] == ["deletecollection"]
    assert sandbox.audit[-1].verb == "deletecollection"


def test_a_watch_is_audited_when_it_ends() -> None:
    with Sandbox() as sandbox:
        with watching(sandbox, f"{CONFIG_MAPS}?watch=1"):
            assert len(sandbox.audit) == 0
            sandbox.stop()
            wait_until("the audit's entry", lambda: len(sandbox.audit), seconds=60)
        assert [(entry.verb, entry.resource) for entry in sandbox.audit] == [("watch", "configmaps")]


def test_a_body_that_is_too_large_is_refused(sandbox: Sandbox) -> None:
    headers = {"Content-Length": str(4 * 1024 * 1024)}
    assert ask(sandbox, "POST", CONFIG_MAPS, "", headers=headers).code == 413
