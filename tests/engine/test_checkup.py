"""What a check of the installation says of each fault that it may meet at the API server, and beside it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from receiver.alertmanager import Alertmanager
from receiver.cluster.api import Object
from receiver.cluster.crd import crd_text
from receiver.cluster.errors import ClusterError, Forbidden, NotFound, Unavailable
from receiver.engine.checkup import check_alertmanager, check_cluster, check_notifications, check_prometheus
from receiver.notifications import Notifications
from receiver.policy.checkup import Finding
from receiver.policy.rules import GuardSettings, Ruleset, ServiceTarget
from receiver.policy.templates import parse_template
from receiver.prometheus import Prometheus
from tests.engine.builders import rule
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.stub import Answer, Stub, serving

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/rollbacks.rollback-receiver.dev"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
LEDGER = "/api/v1/namespaces/rollbacks/configmaps/rollback-receiver"
ESTABLISHED = {"conditions": [{"type": "Established", "status": "True"}]}


class Cluster(FakeApi):
    """A sound one, where rights are reviewed by `denied`, and paths of `errors` fail."""

    def __init__(self) -> None:
        super().__init__()
        self.denied: set[tuple[str, str]] = set()
        self.asked: list[Mapping[str, str]] = []
        self.errors: dict[str, ClusterError] = {}
        self.put("/version", gitVersion="v1.37.2")
        self.put("/api/v1/namespaces/rollbacks")
        self.put(CRD, **{**yaml.safe_load(crd_text()), "status": ESTABLISHED})

    def call(self, method: str, url_path: str, **options: Any) -> Object:
        if error := self.errors.get(url_path):
            raise error
        if url_path == REVIEWS:
            asked = options["body"]["spec"]["resourceAttributes"]
            self.asked.append(asked)
            return {"status": {"allowed": (asked["verb"], asked["resource"]) not in self.denied}}
        return super().call(method, url_path, **options)

    def changed_crd(self, **changes: Any) -> None:
        self.put(CRD, **{**self.objects[CRD], **changes})


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def found(
    cluster: Cluster, *rules: Any, scope: tuple[str, ...] = (), kinds: tuple[str, ...] = ()
) -> dict[str, Finding]:
    findings = check_cluster(cluster, namespace="rollbacks", scope=scope, kinds=kinds, ruleset=Ruleset(rules))
    return {one.what: one for one in findings}


def test_sound_cluster_is_good_in_all(cluster: Cluster) -> None:
    told = found(cluster)
    assert list(told) == ["API server", "CRD", "namespace", "rights", "ledger"]
    assert [one.good for one in told.values()] == [True] * 5
    assert cluster.made("POST") == cluster.made("PUT") == 0


@pytest.mark.parametrize(
    ("path", "error", "what", "words"),
    [
        pytest.param("/version", Unavailable("no answer"), "API server", "no answer", id="no API server"),
        pytest.param(CRD, NotFound("gone"), "CRD", "rollback-receiver crd | kubectl apply", id="no CRD"),
        pytest.param(CRD, Unavailable("no answer"), "CRD", "no answer", id="CRD unreadable"),
        pytest.param(
            "/api/v1/namespaces/rollbacks",
            NotFound("gone"),
            "namespace",
            "kubectl create namespace",
            id="no namespace",
        ),
        pytest.param(
            "/api/v1/namespaces/rollbacks", Forbidden("no"), "namespace", "no", id="namespace unreadable"
        ),
        pytest.param(REVIEWS, Unavailable("no answer"), "rights", "no answer", id="rights unknown"),
        pytest.param(LEDGER, Forbidden("no"), "ledger", "no", id="ledger unreadable"),
    ],
)
def test_fault_is_named_with_what_to_do(
    cluster: Cluster, path: str, error: ClusterError, what: str, words: str
) -> None:
    cluster.errors[path] = error
    told = found(cluster)[what]
    assert told.good is False
    assert words in told.said


@pytest.mark.parametrize(
    ("error", "reached"),
    [
        pytest.param(Unavailable("no answer"), False, id="away"),
        pytest.param(Forbidden("no", code=401), True, id="refused"),
    ],
)
def test_cluster_that_is_away_is_told_from_one_that_refuses(
    cluster: Cluster, error: ClusterError, reached: bool
) -> None:
    cluster.errors["/version"] = error
    told = found(cluster)
    assert [(one.what, one.reached) for one in told.values()] == [("API server", reached)]


def test_crd_that_is_not_established_or_of_another_version_is_a_fault(cluster: Cluster) -> None:
    """One that has more, as a later version's, is not."""
    cluster.changed_crd(status={})
    assert "is not established" in found(cluster)["CRD"].said
    spec = yaml.safe_load(crd_text())["spec"]
    schema = spec["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    schema["more"] = {"type": "string"}
    cluster.changed_crd(status=ESTABLISHED, spec=spec)
    assert found(cluster)["CRD"].good
    del schema["status"]["properties"]["phase"]
    cluster.changed_crd(spec=spec)
    assert "is of another version of the receiver" in found(cluster)["CRD"].said


@pytest.mark.parametrize(
    ("probe", "good", "words"),
    [
        pytest.param(None, True, "its schema was not compared", id="served"),
        pytest.param(NotFound("gone"), False, "is not there", id="not there"),
        pytest.param(Forbidden("no"), False, "no", id="nor may records be listed"),
    ],
)
def test_crd_that_may_not_be_read_is_judged_by_its_records(
    cluster: Cluster, probe: ClusterError | None, good: bool, words: str
) -> None:
    """The receiver's own account has no right to read CRDs."""
    cluster.errors[CRD] = Forbidden("no")
    if probe is not None:
        cluster.errors["/apis/rollback-receiver.dev/v1alpha1/namespaces/rollbacks/rollbacks"] = probe
    told = found(cluster)["CRD"]
    assert (told.good, words in told.said) == (good, True)


def test_rights_are_asked_where_they_are_needed(cluster: Cluster) -> None:
    """Of records in their namespace, of workloads in those in scope; Secrets and Services if a rule wants."""
    cluster.denied = {("patch", "deployments"), ("update", "rollbacks")}
    told = found(cluster, scope=("shop", "blog"))["rights"]
    assert told.said == (
        "not allowed to update rollbacks/status.rollback-receiver.dev in rollbacks; patch deployments.apps in"
        " shop; patch deployments.apps in blog: grant it (docs/security.md, Rights)"
    )
    assert not {"secrets", "services"} & {asked["resource"] for asked in cluster.asked}
    target = ServiceTarget(service=parse_template("a"), namespace=parse_template("b"))
    guards = GuardSettings.parse({"preflight": {"secrets": True}})
    found(cluster, rule(target=target), rule("b", guards=guards))
    assert {"secrets", "services"} < {asked["resource"] for asked in cluster.asked}


@pytest.mark.parametrize(("served", "wanted"), [("Rollout", True), ("Application", False)])
def test_rights_on_rollouts_are_needed_where_there_are_any(
    cluster: Cluster, served: str, wanted: bool
) -> None:
    """Argo CD has the same API group."""
    cluster.put("/apis/argoproj.io/v1alpha1", resources=[{"kind": served}])
    assert found(cluster)["rights"].good
    assert ("rollouts" in {asked["resource"] for asked in cluster.asked}) is wanted


def test_rights_are_asked_for_the_kinds_that_are_named(cluster: Cluster) -> None:
    """Nobody needs to delete pods where StatefulSets are left alone; the ledger alone may be changed."""
    cluster.denied = {("delete", "pods"), ("list", "controllerrevisions")}
    assert found(cluster, kinds=("Deployment",))["rights"].good
    assert "delete pods in all" in found(cluster, kinds=("Deployment", "StatefulSet"))["rights"].said
    updated = [asked for asked in cluster.asked if asked["verb"] == "update" and not asked["subresource"]]
    assert {(asked["resource"], asked["name"]) for asked in updated} == {("configmaps", "rollback-receiver")}


def test_api_server_without_reviews_leaves_rights_open(cluster: Cluster) -> None:
    cluster.errors[REVIEWS] = NotFound("gone")
    assert found(cluster)["rights"].good is None


def test_broken_ledger_and_kill_switch_are_faults(cluster: Cluster) -> None:
    cluster.put(LEDGER, data={"rollbacks": "{"})
    assert "mend or delete it" in found(cluster)["ledger"].said
    paused = {"at": "2026-04-07T12:00:00Z", "by": "ann", "reason": "game day"}
    cluster.put(LEDGER, data={"rollbacks": "", "paused": json.dumps(paused)})
    assert found(cluster)["ledger"].said == (
        "the kill switch is on, by ann since 2026-04-07T12:00:00Z: game day;"
        " rollback-receiver resume -n rollbacks ends it"
    )
    cluster.put(LEDGER, data={"rollbacks": "", "paused": json.dumps({**paused, "reason": ""})})
    assert "by ann since 2026-04-07T12:00:00Z; rollback-receiver" in found(cluster)["ledger"].said


@pytest.fixture
def peer() -> Iterator[Stub]:
    """An Alertmanager or a Prometheus."""
    with serving() as running:
        yield running


def asked(peer: Stub, status: object) -> list[Finding]:
    peer.say(Answer(200, status))
    return list(check_alertmanager(Alertmanager(peer.url)))


def test_alertmanager_is_asked_for_its_route(peer: Stub) -> None:
    hook = {"url": "<secret>", "send_resolved": True}
    config = {"route": {"receiver": "a"}, "receivers": [{"name": "a", "webhook_configs": [hook]}]}
    there, route = asked(peer, {"config": {"original": yaml.safe_dump(config)}})
    assert (there.good, route.good) == (True, True)


@pytest.mark.parametrize(
    "status", [{}, {"config": {"original": "[]"}}, {"config": {"original": "{"}}, [], 5], ids=str
)
def test_alertmanager_that_answers_something_else_is_a_fault(peer: Stub, status: object) -> None:
    (fault,) = asked(peer, status)
    assert fault.good is False
    assert "cannot ask Alertmanager" in fault.said
    assert fault.said.endswith("; does it run there? --alertmanager-url says where")


def test_prometheus_answers_or_is_a_fault(peer: Stub) -> None:
    peer.say(Answer(200, {"data": {"alerts": []}}))
    assert check_prometheus(Prometheus(peer.url)).good is True
    peer.say(Answer(200, {}))
    assert check_prometheus(Prometheus(peer.url)).good is False


def test_what_is_not_set_is_no_fault() -> None:
    assert [one.good for one in check_alertmanager(None)] == [None]
    assert check_prometheus(None).good is None


def slack(name: str = "shop") -> Notifications:
    made = Notifications.parse({"receivers": [{"name": name, "slack": {"url_file": "/etc/url"}}]})
    assert isinstance(made, Notifications)
    return made


NOTIFYING = {
    "nobody": (Notifications(), None, None, "not set"),
    "all": (slack(), None, True, "shop"),
    "whom-a-rule-names": (slack(), ("shop",), True, "shop"),
    "nobody-known": (
        slack(),
        ("typo",),
        False,
        "rule errors notifies typo, which the config file does not have",
    ),
}


@pytest.mark.parametrize(("given", "named", "well", "said"), NOTIFYING.values(), ids=NOTIFYING)
def test_rules_notify_whom_the_config_file_knows(
    given: Notifications, named: tuple[str, ...] | None, well: bool | None, said: str
) -> None:
    found = check_notifications(given, Ruleset((rule(notify=named),)), configured=True)
    assert (found.good, found.said) == (well, said)


@pytest.mark.parametrize(
    ("given", "named", "well", "said"),
    [
        pytest.param(
            *(Notifications(), ("shop",), None),
            "not set (--config): whom rules notify was not looked at",
            id="nothing-to-look-at",
        ),
        pytest.param(Notifications(), None, None, "not set", id="nobody"),
        pytest.param(slack(), ("typo",), False, NOTIFYING["nobody-known"][3], id="set-by-a-variable"),
    ],
)
def test_without_a_config_file_nobody_is_missed_in_it(
    given: Notifications, named: tuple[str, ...] | None, well: bool | None, said: str
) -> None:
    found = check_notifications(given, Ruleset((rule(notify=named),)), configured=False)
    assert (found.good, found.said) == (well, said)


def test_with_a_config_file_that_names_nobody_it_is_a_fault() -> None:
    found = check_notifications(Notifications(), Ruleset((rule(notify=("shop",)),)), configured=True)
    assert found.good is False


def test_a_receiver_that_takes_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receiver.notify.senders.is_installed", lambda: False)
    given = Notifications.parse({"receivers": [{"name": "shop", "apprise": {"url_file": "/etc/url"}}]})
    assert isinstance(given, Notifications)
    found = check_notifications(given, Ruleset(), configured=True)
    assert found.good is False
    assert "receiver shop: apprise is not installed" in found.said
