"""From a Service to the one workload that it selects; everything else is a fault that names what there is."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from receiver.cluster.errors import ClusterError, Forbidden, NotFound, Unavailable
from receiver.cluster.records import Records
from receiver.cluster.snapshots import SnapshotReader
from receiver.policy.targets import ServiceRef, TargetFault, TargetReason
from receiver.policy.workload import WorkloadRef
from tests.kubernetes import argo, sets
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, deployment

WEB = ServiceRef("shop", "web")
SERVICES = "/api/v1/namespaces/shop/services"
KINDS = ["deployments", "statefulsets", "daemonsets"]
FRONT = {"app": "front", "tier": "web"}


@pytest.fixture
def reader(fake: FakeApi) -> Iterator[SnapshotReader]:
    with ThreadPoolExecutor(4) as pool:
        yield SnapshotReader(fake, Records(fake, "rollbacks"), pool)


def service(fake: FakeApi, **spec: Any) -> None:
    """Put the Service, which selects app=front; `spec` is laid over its spec."""
    fake.put(f"{SERVICES}/web", spec={"type": "ClusterIP", "selector": {"app": "front"}, **spec})


def put(fake: FakeApi, kind: str, name: str, metadata: Any, namespace: str = "shop") -> None:
    """Put a workload whose pods have this metadata."""
    made = deployment() if kind == "Deployment" else sets.workload(kind)
    plural = "deployments" if kind == "Deployment" else sets.PLURALS[kind]
    template = {**made["spec"]["template"], "metadata": metadata}
    fake.put(
        f"{SHOP.replace('shop', namespace)}/{plural}/{name}",
        metadata={**made["metadata"], "name": name, "namespace": namespace},
        spec={**made["spec"], "template": template},
    )


def neighbours(fake: FakeApi) -> None:
    """Put what no Service of app=front selects."""
    put(fake, "Deployment", "other", {"labels": {"app": "other"}})
    put(fake, "StatefulSet", "nameless", {"labels": {"tier": "web"}})
    put(fake, "DaemonSet", "bare", None)
    put(fake, "Deployment", "elsewhere", {"labels": FRONT}, namespace="blog")


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_service_leads_to_the_workload_whose_template_it_selects(
    fake: FakeApi, reader: SnapshotReader, kind: str
) -> None:
    """By the labels of the pods that it would make; its own labels and its name mean nothing."""
    neighbours(fake)
    service(fake)
    put(fake, kind, "front", {"labels": FRONT})
    fake.calls.clear()
    assert reader.resolver()(WEB) == WorkloadRef(kind, "shop", "front")
    assert fake.calls[0] == ("GET", f"{SERVICES}/web")
    listed = [*(f"{SHOP}/{plural}" for plural in KINDS), argo.ROLLOUTS]
    assert sorted(fake.calls[1:]) == sorted(("GET", folder) for folder in listed)


def test_workloads_are_listed_once_for_a_payload_and_afresh_for_the_next(
    fake: FakeApi, reader: SnapshotReader
) -> None:
    """However many Services a storm of alerts names; a list that failed is tried again."""
    service(fake)
    fake.put(f"{SERVICES}/again", spec={"selector": FRONT})
    put(fake, "Deployment", "front", {"labels": FRONT})
    resolve, front = reader.resolver(), WorkloadRef("Deployment", "shop", "front")
    refuse(fake, Unavailable("no answer"), "/daemonsets")
    with pytest.raises(Unavailable):
        resolve(WEB)
    fake.before = lambda _method, _path: None
    fake.calls.clear()
    assert [resolve(WEB), resolve(ServiceRef("shop", "again"))] == [front, front]
    assert [fake.made("GET", f"/{plural}") for plural in KINDS] == [1, 1, 1]
    put(fake, "DaemonSet", "agent", {"labels": FRONT})
    assert isinstance(reader.resolver()(WEB), TargetFault)


def test_every_label_of_the_selector_must_be_there(fake: FakeApi, reader: SnapshotReader) -> None:
    service(fake, selector=FRONT)
    put(fake, "Deployment", "front", {"labels": {**FRONT, "color": "blue"}})
    put(fake, "Deployment", "back", {"labels": {"app": "front", "tier": "db"}})
    put(fake, "Deployment", "half", {"labels": {"app": "front"}})
    assert reader.resolver()(WEB) == WorkloadRef("Deployment", "shop", "front")


@pytest.mark.parametrize(
    ("spec", "reason", "evidence"),
    [
        pytest.param(
            {"selector": None},
            TargetReason.NO_SELECTOR,
            "Service shop/web has no selector: name the workload in the rule's target instead",
            id="without-selector",
        ),
        pytest.param(
            {"selector": {}},
            TargetReason.NO_SELECTOR,
            "Service shop/web has no selector: name the workload in the rule's target instead",
            id="empty-selector",
        ),
        pytest.param(
            {"type": "ExternalName", "externalName": "example.com"},
            TargetReason.NO_SELECTOR,
            "Service shop/web is of type ExternalName, which selects no pods: name the workload in the rule's"
            " target instead",
            id="external-name-with-a-selector",
        ),
        pytest.param(
            {"selector": {"tier": "gone", "app": "front"}},
            TargetReason.SELECTS_NONE,
            "Service shop/web (app=front,tier=gone) selects no Deployment, StatefulSet, DaemonSet or Rollout",
            id="none",
        ),
        pytest.param(
            {},
            TargetReason.SELECTS_SEVERAL,
            "Service shop/web (app=front) selects 2 workloads, not one: Deployment shop/front, DaemonSet"
            " shop/agent",
            id="several-of-two-kinds",
        ),
    ],
)
def test_service_that_leads_to_no_single_workload_is_a_fault(
    fake: FakeApi, reader: SnapshotReader, spec: dict[str, Any], reason: TargetReason, evidence: str
) -> None:
    neighbours(fake)
    put(fake, "Deployment", "front", {"labels": FRONT})
    put(fake, "DaemonSet", "agent", {"labels": FRONT})
    service(fake, **spec)
    assert reader.resolver()(WEB) == TargetFault(reason, evidence)


def test_of_many_workloads_a_few_are_named(fake: FakeApi, reader: SnapshotReader) -> None:
    service(fake)
    for number in range(7):
        put(fake, "Deployment", f"front-{number}", {"labels": FRONT})
    found = reader.resolver()(WEB)
    assert isinstance(found, TargetFault)
    assert "selects 7 workloads" in found.evidence
    assert found.evidence.endswith("Deployment shop/front-4 and 2 more")


def refuse(fake: FakeApi, fault: ClusterError, ending: str) -> None:
    def before(_: str, path: str) -> None:
        if path.endswith(ending):
            raise fault

    fake.before = before


@pytest.mark.parametrize("ending", ["/services/web", *(f"/{plural}" for plural in KINDS)])
def test_what_cannot_be_read_is_no_answer(fake: FakeApi, reader: SnapshotReader, ending: str) -> None:
    """One workload that is seen might not be the only one; a moment later it may be readable."""
    service(fake)
    put(fake, "Deployment", "front", {"labels": FRONT})
    refuse(fake, Forbidden("GET: forbidden (403)", code=403), ending)
    evidence = "cannot read what Service shop/web selects: GET: forbidden (403)"
    assert reader.resolver()(WEB) == TargetFault(TargetReason.UNREADABLE, evidence)
    refuse(fake, Unavailable("no answer"), ending)
    with pytest.raises(Unavailable):
        reader.resolver()(WEB)


FORBIDDEN = Forbidden("GET: forbidden (403)", code=403)


@pytest.mark.parametrize("label", [None, argo.HASH_LABEL])
def test_service_leads_to_a_rollout(fake: FakeApi, reader: SnapshotReader, label: str | None) -> None:
    """Its controller narrows a Service to the pods of one version by a label that no template has."""
    neighbours(fake)
    argo.put(fake)
    service(fake, selector={"app": "checkout", **({label: "hash7"} if label else {})})
    assert reader.resolver()(WEB) == WorkloadRef("Rollout", "shop", "web")


@pytest.mark.parametrize("name", ["front", "gone"])
def test_rollout_with_the_template_of_a_deployment_has_its_labels(
    fake: FakeApi, reader: SnapshotReader, name: str
) -> None:
    """The pods that the Service selects are the Rollout's; whose release it is nobody knows."""
    put(fake, "Deployment", "front", {"labels": FRONT})
    elsewhere = {"kind": "Deployment", "name": name}
    argo.put(fake, of=argo.rollout(spec={"workloadRef": elsewhere, "template": None}))
    service(fake)
    found = reader.resolver()(WEB)
    if name == "gone":
        assert found == WorkloadRef("Deployment", "shop", "front")
    else:
        assert isinstance(found, TargetFault)
        assert found.evidence.endswith("not one: Deployment shop/front, Rollout shop/web")


@pytest.mark.parametrize("fault", [FORBIDDEN, NotFound("GET: not found (404)", code=404)])
@pytest.mark.parametrize(
    ("served", "found"),
    [
        pytest.param(None, True, id="no-such-group"),
        pytest.param({"resources": [{"kind": "Application"}]}, True, id="another-tool-of-the-group"),
        pytest.param({"resources": [{"kind": "Rollout"}]}, False, id="served"),
    ],
)
def test_kind_that_the_cluster_does_not_know_is_selected_by_nobody(
    fake: FakeApi, reader: SnapshotReader, fault: ClusterError, served: Any, *, found: bool
) -> None:
    """Whoever has no Argo Rollouts need not grant rights on them; whoever has must."""
    service(fake)
    put(fake, "Deployment", "front", {"labels": FRONT})
    if served:
        fake.put("/apis/argoproj.io/v1alpha1", **served)
    refuse(fake, fault, "/rollouts")
    answer = reader.resolver()(WEB)
    assert (answer == WorkloadRef("Deployment", "shop", "front")) is found
    assert isinstance(answer, TargetFault) is not found


def test_service_that_does_not_exist(fake: FakeApi, reader: SnapshotReader) -> None:
    """Nothing is listed for it."""
    put(fake, "Deployment", "web", {"labels": {"app": "web"}})
    assert reader.resolver()(WEB) == TargetFault(TargetReason.NOT_FOUND, "Service shop/web does not exist")
    assert len(fake.calls) == 1


def test_lists_are_read_to_the_end_or_not_believed(
    fake: FakeApi, reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one that is selected may stand on the last page; beyond the limit nobody looks."""
    service(fake)
    monkeypatch.setattr("receiver.cluster.services.PAGE", 2)
    put(fake, "Deployment", "a-front", {"labels": FRONT})
    for number in range(3):
        put(fake, "Deployment", f"b-{number}", {"labels": {"app": "other"}})
    put(fake, "Deployment", "c-front", {"labels": FRONT})
    several = reader.resolver()(WEB)
    assert isinstance(several, TargetFault)
    assert several.reason is TargetReason.SELECTS_SEVERAL
    monkeypatch.setattr("receiver.cluster.services.MOST", 4)
    fault = "namespace shop has more than 4 deployments: name one in the rule's target"
    evidence = f"cannot read what Service shop/web selects: {fault}"
    assert reader.resolver()(WEB) == TargetFault(TargetReason.UNREADABLE, evidence)
