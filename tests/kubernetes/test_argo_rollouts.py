"""From a Rollout of Argo Rollouts and its ReplicaSets to a workload that can be judged, and to its end."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.cluster import kinds
from receiver.cluster.kinds import get_observed, path_of, patience, progress_of, to_workload
from receiver.cluster.rollout import Progress, State
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.workload import Unreadable, Workload, WorkloadRef
from tests.kubernetes.argo import REVISION, ROLLOUTS, Object, put, replica_set, rollout
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import at, progressing, template

WEB = WorkloadRef("Rollout", "shop", "web")
PATCHED = datetime(2026, 4, 7, 12, 0, 0, 500_000, tzinfo=UTC)
EPHEMERAL = "rollout.argoproj.io/ephemeral-metadata"
MID_CANARY = {"phase": "Paused", "message": "CanaryPauseStep", "stableRS": "hash5"}
PROMOTE = "skip its steps with 'kubectl argo rollouts promote web -n shop --full'"


def available(found: Workload) -> dict[int | None, bool | None]:
    assert not isinstance(found.revisions, Unreadable)
    return {revision.number: revision.available for revision in found.revisions}


def test_live_is_what_the_controller_says_and_the_others_are_its_replica_sets() -> None:
    """The templates are no help: the API server fills a ReplicaSet's in, a Rollout's it does not."""
    raw = rollout(spec={"template": template("web:7")})
    found = to_workload(raw, [replica_set(n) for n in (5, 6, 7)])
    assert (found.ref, found.api_version, found.generation) == (WEB, "argoproj.io/v1alpha1", 9)
    assert (found.live.number, found.live.template_hash) == (7, "hash7")
    assert found.live.template["spec"]["dnsPolicy"] == "ClusterFirst"
    assert available(found) == {5: None, 6: None}


def test_a_revision_that_was_released_again_has_its_former_numbers() -> None:
    """From the controller's own annotation; what it would be called on a Deployment's means nothing here."""
    again = {"rollout.argoproj.io/revision-history": "5", "deployment.kubernetes.io/revision": "99"}
    found = to_workload(rollout(), [replica_set(6), replica_set(7, annotations=again)])
    assert (found.live.number, found.live.former_numbers) == (7, (5,))


@pytest.mark.parametrize(
    ("added", "annotations"),
    [
        pytest.param({}, {}, id="nothing-but-the-hash"),
        pytest.param(
            {"metadata": {"labels": {"role": "stable"}, "annotations": {"note": "x"}}},
            {EPHEMERAL: json.dumps({"labels": {"role": "stable"}, "annotations": {"note": "x"}})},
            id="metadata-of-the-stable-pods",
        ),
        pytest.param({}, {EPHEMERAL: "{"}, id="unreadable-metadata"),
        pytest.param({}, {EPHEMERAL: "[]"}, id="odd-metadata"),
    ],
)
def test_template_of_a_revision_is_the_one_that_was_released(
    added: dict[str, Any], annotations: dict[str, str]
) -> None:
    """What the controller puts on the pods of one version must not become everybody's."""
    old = replica_set(6, annotations=annotations)
    for field, values in added.get("metadata", {}).items():
        old["spec"]["template"]["metadata"].setdefault(field, {}).update(values)
    found = to_workload(rollout(), [old, replica_set(7)])
    assert isinstance(found.revisions, tuple)
    expected = template("web:6")
    assert found.revisions[0].template == {
        **expected,
        "spec": {**expected["spec"], "dnsPolicy": "ClusterFirst"},
    }


OURS = {"labelSelector": {"matchExpressions": [{"key": "rollouts-pod-template-hash", "operator": "In"}]}}
THEIRS = {"labelSelector": {"matchLabels": {"app": "db"}}}
REQUIRED, PREFERRED = (f"{each}DuringSchedulingIgnoredDuringExecution" for each in ("required", "preferred"))


@pytest.mark.parametrize(
    ("affinity", "left"),
    [
        pytest.param({"podAntiAffinity": {REQUIRED: [OURS]}}, None, id="only-the-controllers"),
        pytest.param(
            {"podAntiAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": OURS}]}}, None, id="preferred"
        ),
        pytest.param(
            {"podAntiAffinity": {REQUIRED: [THEIRS, OURS]}, "nodeAffinity": {"a": 1}},
            {"podAntiAffinity": {REQUIRED: [THEIRS]}, "nodeAffinity": {"a": 1}},
            id="beside-its-own",
        ),
    ],
)
def test_the_rule_that_keeps_a_canary_from_the_stable_nodes_is_left_out(affinity: Object, left: Any) -> None:
    """It names a hash of one moment."""
    old = replica_set(6)
    old["spec"]["template"]["spec"]["affinity"] = affinity
    found = to_workload(rollout(), [old, replica_set(7)])
    assert isinstance(found.revisions, tuple)
    assert found.revisions[0].template["spec"].get("affinity") == left


def test_while_an_update_is_under_way_only_what_was_promoted_can_be_good() -> None:
    """Revision 6 came after the stable one, and another after it."""
    sets = [replica_set(4), replica_set(5, replicas=3), replica_set(6), replica_set(7, replicas=1)]
    found = to_workload(rollout(status=MID_CANARY), sets)
    assert found.live.number == 7
    assert available(found) == {4: None, 5: True, 6: False}


def test_a_stable_revision_that_is_gone_speaks_for_no_other() -> None:
    """Somebody deleted its ReplicaSet: the others are what they were."""
    found = to_workload(rollout(status={"stableRS": "gone"}), [replica_set(6), replica_set(7)])
    assert available(found) == {6: None}


def test_a_promoted_blue_green_rollout_keeps_old_replicas_for_a_while() -> None:
    """They don't say that what came after them never was complete."""
    raw = rollout(spec={"strategy": {"blueGreen": {}}})
    found = to_workload(raw, [replica_set(5, replicas=3), replica_set(6), replica_set(7, replicas=3)])
    assert available(found) == {5: True, 6: None}


def test_without_the_live_replica_set_nothing_is_known() -> None:
    """The hash names one that is not there."""
    found = to_workload(rollout(), [replica_set(6)])
    assert found.live.number is None
    why = "no ReplicaSet has the hash of its live template, hash7"
    assert found.revisions == Unreadable("the revisions of Rollout shop/web", why)


def fault_of(raw: Object) -> TargetFault | None:
    return kinds.FAMILIES["Rollout"].fault(raw)


@pytest.mark.parametrize(
    ("changes", "reason", "evidence"),
    [
        pytest.param(
            {"spec": {"workloadRef": {"kind": "Deployment", "name": "app"}, "template": None}},
            TargetReason.TEMPLATE_ELSEWHERE,
            "Rollout shop/web takes its template from Deployment shop/app (spec.workloadRef): such a Rollout"
            " is not rolled back; do it by hand with 'kubectl argo rollouts undo web -n shop'",
            id="template-of-a-deployment",
        ),
        pytest.param(
            {"metadata": {"generation": 10}},
            TargetReason.UNREADABLE,
            "cannot tell which revision of Rollout shop/web is live: its controller has not seen generation"
            " 10 yet (seen: 9); does Argo Rollouts run?",
            id="not-seen-yet",
        ),
        pytest.param(
            {"status": {"conditions": [{"type": "InvalidSpec", "message": "no such service"}]}},
            TargetReason.UNREADABLE,
            "cannot tell which revision of Rollout shop/web is live: its spec is invalid: no such service",
            id="invalid",
        ),
    ],
)
def test_what_cannot_be_judged_is_a_fault(
    changes: dict[str, Any], reason: TargetReason, evidence: str
) -> None:
    """It says what to do."""
    assert fault_of(rollout(**changes)) == TargetFault(reason, evidence)


def test_what_can_be_judged_has_no_fault() -> None:
    """Whatever phase it is in."""
    assert fault_of(rollout()) is None
    assert fault_of(rollout(status=MID_CANARY)) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"metadata": {"generation": 10}},
            Progress(State.WAITING, "waiting for rollout spec update to be observed"),
            id="not-observed-yet",
        ),
        pytest.param({}, Progress(State.DONE, 'rollout "web" is healthy'), id="healthy"),
        pytest.param(
            {"status": {"stableRS": "hash5"}},
            Progress(State.WAITING, 'rollout "web" is healthy'),
            id="healthy-but-not-promoted",
        ),
        pytest.param(
            {"status": {"phase": "Progressing", "message": "more replicas need to be updated"}},
            Progress(State.WAITING, 'rollout "web" is progressing: more replicas need to be updated'),
            id="progressing",
        ),
        pytest.param(
            {"status": MID_CANARY},
            Progress(State.WAITING, f'rollout "web" is paused: CanaryPauseStep; {PROMOTE}'),
            id="paused-until-somebody-promotes-it",
        ),
        pytest.param(
            {"status": {"phase": "Degraded", "message": "timed out", "conditions": []}},
            Progress(State.FAILED, 'rollout "web" is degraded: timed out'),
            id="degraded-nobody-knows-since-when",
        ),
        pytest.param(
            {"status": {"phase": "Degraded", "conditions": [progressing("RolloutAborted", at(7, 12))]}},
            Progress(State.FAILED, 'rollout "web" is degraded'),
            id="degraded-in-the-second-of-the-patch",
        ),
        pytest.param(
            {"status": {"phase": "Degraded", "conditions": [progressing("RolloutAborted", at(7, 11, 59))]}},
            Progress(State.WAITING, 'rollout "web" is degraded'),
            id="degraded-before-the-patch",
        ),
    ],
)
def test_progress_is_the_controller_s_phase(changes: dict[str, Any], expected: Progress) -> None:
    """As `kubectl argo rollouts status` has it."""
    assert progress_of(rollout(**changes), since=PATCHED) == expected


def test_the_controller_is_waited_for(fake: FakeApi) -> None:
    """An autoscaler's change, say, is seen a moment later."""
    put(fake, of=rollout(metadata={"generation": 10}))

    def seen(method: str, path: str) -> None:
        if fake.made(method, path) == 2:
            put(fake, of=rollout())

    fake.before = seen
    assert get_observed(fake, WEB, patience())["metadata"]["generation"] == 9
    assert fake.calls == [("GET", f"{ROLLOUTS}/web")] * 2
    assert path_of(WEB) == f"{ROLLOUTS}/web"


def test_a_controller_that_does_not_come_is_not_waited_for_for_ever(fake: FakeApi) -> None:
    """What is read then has its fault."""
    put(fake, of=rollout(metadata={"generation": 10}))
    assert fault_of(get_observed(fake, WEB, time.monotonic())) is not None
    assert fake.made("GET") == 1


def test_replica_set_without_a_number_is_no_revision() -> None:
    """The controller numbers every one of its own."""
    odd = replica_set(6)
    del odd["metadata"]["annotations"][REVISION]
    assert available(to_workload(rollout(), [odd, replica_set(7)])) == {}
