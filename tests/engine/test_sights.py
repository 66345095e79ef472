"""What the page is told beyond the records: a rollout as kubectl sees it, the installation at a glance."""

from typing import Any

import pytest

from receiver.cluster.errors import Unavailable
from receiver.engine.sights import rollout_of
from receiver.policy import intake
from receiver.policy.overview import Rollout
from receiver.policy.rules import Mode
from tests.engine.builders import NOW, record, rule
from tests.engine.engines import make_engine
from tests.kubernetes.fake import FakeApi

APPS = "/apis/apps/v1/namespaces/shop"


def workload(fake: FakeApi, kind: str, plural: str, spec: dict[str, Any], **status: int) -> None:
    fake.put(
        f"{APPS}/{plural}/checkout",
        kind=kind,
        metadata={"name": "checkout", "generation": 4},
        spec=spec,
        status={"observedGeneration": 4, **status},
    )


def about(kind: str) -> Any:
    raw = record(patchedAt="2026-04-07T11:59:00Z")
    raw["spec"]["target"]["kind"] = kind
    return raw


@pytest.mark.parametrize(
    ("kind", "plural", "spec", "status", "seen"),
    [
        pytest.param(
            "Deployment",
            "deployments",
            {"replicas": 3},
            {"replicas": 4, "updatedReplicas": 2, "availableReplicas": 1},
            Rollout(
                'Waiting for deployment "checkout" rollout to finish:'
                " 2 out of 3 new replicas have been updated...",
                3,
                2,
                1,
            ),
            id="Deployment",
        ),
        pytest.param(
            "DaemonSet",
            "daemonsets",
            {"updateStrategy": {"type": "RollingUpdate"}},
            {"desiredNumberScheduled": 5, "updatedNumberScheduled": 5, "numberAvailable": 4},
            Rollout(
                'Waiting for daemon set "checkout" rollout to finish: 4 of 5 updated pods are available...',
                5,
                5,
                4,
            ),
            id="DaemonSet",
        ),
    ],
)
def test_a_rollout_is_told_as_kubectl_tells_it(
    fake: FakeApi, kind: str, plural: str, spec: dict[str, Any], status: dict[str, int], seen: Rollout
) -> None:
    workload(fake, kind, plural, spec, **status)
    assert rollout_of(fake, about(kind), now=NOW) == seen


def test_what_is_gone_has_no_rollout(fake: FakeApi) -> None:
    assert rollout_of(fake, about("Deployment"), now=NOW) is None


def test_record_without_a_workload_has_none(fake: FakeApi) -> None:
    raw = record()
    raw["spec"]["target"] = {}
    assert rollout_of(fake, raw, now=NOW) is None
    assert fake.calls == []


def test_engine_gives_both_and_says_when_it_cannot(fake: FakeApi) -> None:
    engine = make_engine(fake, rule(), mode=Mode.APPROVE)
    assert engine.rollout(about("Deployment")) is None
    engine.pause("Kim", "an incident")
    seen = engine.overview()
    assert (seen.mode, seen.rules) == (Mode.APPROVE, ("errors",))
    assert seen.pause is not None
    assert (seen.pause.by, seen.pause.reason) == ("Kim", "an incident")

    def down(_method: str, _path: str) -> None:
        raise Unavailable("no answer")

    fake.before = down
    with pytest.raises(intake.Unavailable, match="no answer"):
        engine.rollout(about("Deployment"))


def test_overview_costs_no_call_once_the_ledger_was_seen(fake: FakeApi) -> None:
    engine = make_engine(fake)
    engine.overview()
    calls = len(fake.calls)
    for _ in range(5):
        engine.overview()
    assert len(fake.calls) == calls
