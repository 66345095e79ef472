"""What the API server says of the patch when it is asked to try it out."""

import pytest

from receiver.cluster.errors import ClusterError, Conflict, Forbidden, Invalid, Rejected, Unavailable
from receiver.engine.judging import ask_server
from receiver.policy.plan import make_plan
from receiver.policy.preflight import Reason
from tests.engine.engines import bad_release
from tests.kubernetes.fake import FakeApi
from tests.policy.builders import NOW, revision, rule, workload

PLAN = make_plan(workload(), revision(6), record="a", rule=rule(), now=NOW)


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


def test_silence_is_no_verdict(fake: FakeApi) -> None:
    """It is asked again later."""

    def silent(_method: str, _path: str) -> None:
        raise Unavailable("no answer")

    fake.before = silent
    with pytest.raises(Unavailable):
        ask_server(fake, PLAN)
