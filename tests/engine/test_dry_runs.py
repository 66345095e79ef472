"""What the API server says of the patch, and of a pod, when it is asked to try them out."""

import threading

import pytest

from receiver.cluster.errors import ClusterError, Conflict, Forbidden, Invalid, Rejected, Unavailable
from receiver.engine.asking import ask_server
from receiver.policy.plan import Plan, make_plan
from receiver.policy.preflight import MESSAGE_LIMIT, Reason
from tests.engine.engines import bad_release
from tests.kubernetes.fake import FakeApi
from tests.policy.builders import NOW, revision, rule, workload

PLAN = make_plan(workload(), revision(6), record="a", rule=rule(), now=NOW)
SURGING = make_plan(workload(needs_room=True), revision(6), record="a", rule=rule(), now=NOW)
FULL = "exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2"
LARGE = "exceeded quota: team, requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1"
NO_RIGHT = 'pods is forbidden: User "receiver" cannot create resource "pods" in API group ""'
NO_DRY_RUN = 'admission webhook "a.example" does not support dry run'


def test_accepted_patch_stores_nothing(fake: FakeApi) -> None:
    """The verdict allows, and the workload is as it was."""
    bad_release(fake)
    before = dict(fake.objects)
    verdict = ask_server(fake, PLAN)
    assert (verdict.allowed, verdict.reason) == (True, Reason.ACCEPTED)
    assert fake.objects == before


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Invalid("422", causes=()), Reason.CHANGED, id="generation-moved"),
        pytest.param(Conflict("409", code=409), Reason.CHANGED, id="conflict"),
        pytest.param(Invalid("422", causes=("no",)), Reason.REFUSED, id="invalid"),
        pytest.param(Forbidden("403", code=403), Reason.REFUSED, id="forbidden"),
        pytest.param(Rejected("admission webhook", code=400), Reason.REFUSED, id="admission"),
    ],
)
def test_refusal_is_a_verdict(fake: FakeApi, fault: ClusterError, reason: Reason) -> None:
    """Changed meanwhile is judged again, anything else blocks in the server's own words."""

    def refuse(_method: str, _path: str) -> None:
        raise fault

    fake.before = refuse
    verdict = ask_server(fake, PLAN)
    assert (verdict.allowed, verdict.reason) == (False, reason)
    assert (str(fault) in verdict.evidence) is (reason is Reason.REFUSED)


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_silence_is_no_verdict(fake: FakeApi, method: str) -> None:
    """Of neither the patch nor the pod; it is asked again later."""
    bad_release(fake)
    fail(fake, method, Unavailable("no answer"))
    with pytest.raises(Unavailable):
        ask_server(fake, PLAN)


def fail(fake: FakeApi, method: str, fault: ClusterError) -> None:
    """Have the server fail calls of one method: PATCH is the workload's, POST the pod's."""

    def refuse(called: str, _path: str) -> None:
        if called == method:
            raise fault

    fake.before = refuse


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        pytest.param(SURGING, Forbidden(FULL, code=403), id="full-quota-and-needs-room"),
        pytest.param(PLAN, Forbidden(LARGE, code=403), id="larger-than-its-quota"),
        pytest.param(PLAN, Forbidden("violates PodSecurity", code=403), id="pod-security"),
        pytest.param(PLAN, Invalid("denied request", causes=("no",)), id="policy"),
        pytest.param(PLAN, Invalid("denied request", causes=()), id="policy-without-causes"),
        pytest.param(PLAN, Rejected("admission webhook denied", code=400), id="webhook"),
        pytest.param(PLAN, Forbidden("Unauthorized", code=401), id="unknown-to-the-server"),
    ],
)
def test_a_pod_that_is_refused_blocks(fake: FakeApi, plan: Plan, fault: ClusterError) -> None:
    """In the server's own words, although it takes the patch."""
    bad_release(fake)
    fail(fake, "POST", fault)
    verdict = ask_server(fake, plan)
    assert (verdict.allowed, verdict.reason) == (False, Reason.POD_REFUSED)
    assert str(fault) in verdict.evidence


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(Forbidden(FULL, code=403), FULL, id="full-quota-and-pods-are-replaced"),
        pytest.param(
            Forbidden(NO_RIGHT, code=403), "the receiver has no right to create pods", id="no-right"
        ),
        pytest.param(Rejected(NO_DRY_RUN, code=400), NO_DRY_RUN, id="webhook-with-side-effects"),
    ],
)
def test_what_proves_nothing_of_the_pods_is_a_warning(fake: FakeApi, fault: ClusterError, said: str) -> None:
    bad_release(fake)
    fail(fake, "POST", fault)
    verdict = ask_server(fake, PLAN)
    assert (verdict.allowed, verdict.reason) == (True, Reason.ACCEPTED)
    assert verdict.warning
    assert said in verdict.warning


def test_a_patch_that_cannot_be_tried_is_a_warning(fake: FakeApi) -> None:
    """A webhook with side effects stands in the way of the dry run, not of the rollback."""
    bad_release(fake)
    fail(fake, "PATCH", Rejected(NO_DRY_RUN, code=400))
    verdict = ask_server(fake, PLAN)
    assert (verdict.allowed, verdict.reason) == (True, Reason.NOT_TRIED)
    assert verdict.warning
    assert NO_DRY_RUN in verdict.warning


@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_an_endless_message_is_cut(fake: FakeApi, method: str) -> None:
    bad_release(fake)
    fail(fake, method, Rejected("no" * MESSAGE_LIMIT, code=400))
    evidence = ask_server(fake, PLAN).evidence
    assert evidence.endswith("nono… (cut)")
    assert len(evidence) < MESSAGE_LIMIT + 100


def test_the_patch_and_the_pod_are_tried_side_by_side(fake: FakeApi) -> None:
    """Neither waits for the other's answer."""
    bad_release(fake)
    both = threading.Barrier(2, timeout=10)
    fake.before = lambda _method, _path: (both.wait(), None)[1]
    assert ask_server(fake, PLAN).allowed
