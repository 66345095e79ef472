"""Guard blame: whose pods have the trouble, and how the suspect's own are."""

from datetime import timedelta

import pytest

from receiver.policy.guards import blame
from receiver.policy.guards.blame import Reason
from receiver.policy.pods import Pod
from receiver.policy.verdict import Common
from receiver.policy.workload import Unreadable
from tests.policy.builders import FORBIDDEN, HOUR, MINUTE, alert, context


def pods(**of_revisions: int) -> tuple[Pod, ...]:
    """So many pods of revision N: `r7=2`."""
    return tuple(
        Pod(f"checkout-hash{name[1:]}-{number}", f"hash{name[1:]}", ready=True)
        for name, count in of_revisions.items()
        for number in range(count)
    )


@pytest.mark.parametrize(
    ("there", "expected", "words"),
    [
        pytest.param(pods(r7=2, r6=1), Reason.RECENT_ROLLOUT, "; 2 of the 3 pods with it", id="most"),
        pytest.param(pods(r7=2, r6=1, r5=2), Reason.OTHER_PODS, "; 2 of the 5 pods with it", id="older"),
        pytest.param(pods(r7=1, r6=1), Reason.OTHER_PODS, "; 1 of the 2 pods with it", id="half"),
        pytest.param(FORBIDDEN, Common.UNREADABLE, "cannot read", id="cannot-tell"),
    ],
)
def test_most_of_the_pods_that_are_named_must_be_the_suspects(
    there: tuple[Pod, ...] | Unreadable, expected: Reason | Common, words: str
) -> None:
    """An alert about the old revision's pods is no fault of the new one's."""
    names = ["checkout-hash7-0"] if isinstance(there, Unreadable) else [pod.name for pod in there]
    verdict = blame.judge(context(alerts=tuple(alert(pod=name) for name in names), pods=there))
    assert verdict.reason is expected
    assert verdict.blocks is (verdict.reason is not Reason.RECENT_ROLLOUT)
    assert words in verdict.evidence


def test_pods_that_are_gone_tell_by_their_names() -> None:
    """The crash that the alert is about may have ended them."""
    for number, expected in ((6, Reason.OTHER_PODS), (7, Reason.RECENT_ROLLOUT)):
        gone = alert(pod=f"checkout-hash{number}-gone")
        assert blame.judge(context(alerts=(gone,), pods=pods(r7=3))).reason is expected


def test_old_pods_that_are_gone_count_beside_the_new_one_that_is_there() -> None:
    """They were in trouble, whether the rollout or the crash has ended them since."""
    names = ["checkout-hash7-0", *(f"checkout-hash6-gone{number}" for number in range(3))]
    verdict = blame.judge(context(alerts=tuple(alert(pod=name) for name in names), pods=pods(r7=1)))
    assert verdict.reason is Reason.OTHER_PODS
    assert "; 1 of the 4 pods with it are of this revision" in verdict.evidence


def test_pods_that_nobody_knows_have_no_say() -> None:
    """An exporter's own pod, for example, as the label often is."""
    verdict = blame.judge(context(alerts=(alert(pod="kube-state-metrics-0"),), pods=pods(r7=3)))
    assert verdict.reason is Reason.RECENT_ROLLOUT
    assert "pods with it" not in verdict.evidence
    assert verdict.evidence.endswith(
        "; whose pods have it was not judged, not there or of no known revision: kube-state-metrics-0"
        "; 3 of its 3 pods are ready"
    )


UNMARKED = tuple(Pod(f"p{number}", None, ready=True) for number in range(5))


@pytest.mark.parametrize(
    ("there", "expected", "words"),
    [
        pytest.param(
            UNMARKED[:1],
            Reason.PODS_UNKNOWN,
            "; 0 of the 1 pods with it are of this revision, cannot tell whose pod p0 is",
            id="one",
        ),
        pytest.param(
            (*pods(r7=1), *UNMARKED[:2]),
            Reason.PODS_UNKNOWN,
            "; 1 of the 3 pods with it are of this revision, cannot tell whose pods p0, p1 are; "
            "1 of its 1 pods are ready",
            id="two-of-three",
        ),
        pytest.param(
            (*pods(r7=4), *UNMARKED),
            Reason.PODS_UNKNOWN,
            "; 4 of the 9 pods with it are of this revision, "
            "cannot tell whose pods p0, p1, p2 and 2 more are; 4 of its 4 pods are ready",
            id="many",
        ),
        pytest.param(
            (*pods(r7=3), *UNMARKED[:2]),
            Reason.RECENT_ROLLOUT,
            "; 3 of the 5 pods with it are of this revision; 3 of its 3 pods are ready",
            id="most-anyhow",
        ),
        pytest.param(
            (*pods(r7=1, r6=2), *UNMARKED[:1]),
            Reason.OTHER_PODS,
            "; 1 of the 4 pods with it are of this revision; 1 of its 1 pods are ready",
            id="half-at-most-anyhow",
        ),
    ],
)
def test_pods_of_which_nothing_tells_block_where_it_depends_on_them(
    there: tuple[Pod, ...], expected: Reason, words: str
) -> None:
    """They have neither a hash nor an owner that has one; the evidence names them."""
    verdict = blame.judge(context(alerts=tuple(alert(pod=pod.name) for pod in there), pods=there))
    assert verdict.reason is expected
    assert verdict.blocks is (verdict.reason is not Reason.RECENT_ROLLOUT)
    assert verdict.evidence.endswith(words)


def test_pods_count_for_the_alertname_that_names_them() -> None:
    """Another one that passes is enough."""
    of_old = alert("Crashing", pod="checkout-hash6-0")
    there = pods(r6=1, r7=1)
    assert blame.judge(context(alerts=(of_old,), pods=there)).reason is Reason.OTHER_PODS
    assert blame.judge(context(alerts=(of_old, alert()), pods=there)).reason is Reason.RECENT_ROLLOUT


CRASHING = (Pod("checkout-hash7-0", "hash7", ready=False, waiting="CrashLoopBackOff"),)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        pytest.param(CRASHING, "; 0 of its 1 pods are ready (CrashLoopBackOff)", id="crashing"),
        pytest.param(pods(r7=3, r6=1), "; 3 of its 3 pods are ready", id="healthy"),
    ],
)
@pytest.mark.parametrize(
    ("age", "expected"),
    [
        pytest.param(2 * MINUTE, Reason.RECENT_ROLLOUT, id="allow"),
        pytest.param(HOUR, Reason.TROUBLE_BEFORE_ROLLOUT, id="still-a-block"),
    ],
)
def test_the_releases_own_state_is_evidence_and_decides_nothing(
    age: timedelta, expected: Reason, there: tuple[Pod, ...], words: str
) -> None:
    """A crashing release is said, and does not make an old trouble its fault; a healthy one is said too."""
    verdict = blame.judge(context(alerts=(alert(age=age),), pods=there))
    assert verdict.reason is expected
    assert verdict.evidence.endswith(words)
