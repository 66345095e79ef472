"""Whose the pods are that alerts name, and how the suspect's own are."""

import pytest

from receiver.policy.pods import Pod, Shares, pod_names, readiness, shares
from receiver.policy.workload import Unreadable, Workload
from tests.policy.builders import FORBIDDEN, LIVE, alert, revision, workload

OLD, OLDER, NEW = (Pod(f"checkout-hash{n}-x", f"hash{n}", ready=True) for n in (6, 5, 7))
UNMARKED = Pod("checkout-hash6-y", None, ready=True)
ANYBODYS = Pod("db-0", None, ready=True)
STRANGER = Pod("checkout-canary-z", "canary", ready=True)
UNNUMBERED = workload(live=revision(None, template_hash=None), revisions=(revision(6), revision(7)))


def test_pods_are_those_that_alerts_name() -> None:
    """Once each; an alert without one names none."""
    assert pod_names([alert(pod="a"), alert("B", pod="a"), alert(pod=""), alert()]) == {"a"}


@pytest.mark.parametrize(
    ("names", "of", "expected"),
    [
        pytest.param([NEW], workload(), Shares(1, 0), id="suspects"),
        pytest.param([OLD, OLDER], workload(), Shares(0, 2), id="older"),
        pytest.param([NEW, OLD, OLDER], workload(), Shares(1, 2), id="mixed"),
        pytest.param([UNMARKED], workload(), Shares(0, 1), id="unmarked-by-its-name"),
        pytest.param([NEW, UNMARKED], workload(), Shares(1, 1), id="unmarked-beside-a-known-one"),
        pytest.param([ANYBODYS], workload(), Shares(0, 0, ("db-0",)), id="nothing-tells"),
        pytest.param([NEW, ANYBODYS], workload(), Shares(1, 0, ("db-0",)), id="nothing-tells-of-one"),
        pytest.param([STRANGER], UNNUMBERED, Shares(0, 0, (STRANGER.name,)), id="the-suspects-hash-unknown"),
        pytest.param([STRANGER], workload(), Shares(0, 0), id="of-no-revision"),
        pytest.param([], workload(), Shares(0, 0), id="none"),
        pytest.param([NEW, OLD], UNNUMBERED, Shares(0, 2), id="the-suspect-has-no-pods-yet"),
        pytest.param(
            [NEW, OLD], workload(revisions=Unreadable("the history", "403")), Shares(1, 0), id="no-history"
        ),
    ],
)
def test_pods_belong_to_revisions(names: list[Pod], of: Workload, expected: Shares) -> None:
    """By their hash; of all that there are those that are named count."""
    there = (NEW, OLD, OLDER, UNMARKED, STRANGER, ANYBODYS)
    assert shares(frozenset(pod.name for pod in names), there, of) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param({"checkout-hash7-gone", "checkout-hash6-gone"}, Shares(1, 1), id="by-their-names"),
        pytest.param({"checkout-hash70-gone"}, Shares(0, 0), id="a-longer-hash-is-another"),
        pytest.param({"checkout-hash7"}, Shares(0, 0), id="the-set-itself"),
        pytest.param({"kube-state-metrics-1"}, Shares(0, 0), id="an-exporter"),
        pytest.param(
            {NEW.name, "checkout-hash6-gone", "checkout-hash5-gone"},
            Shares(1, 2),
            id="beside-one-that-is-left",
        ),
        pytest.param(
            {OLD.name, "checkout-hash7-gone", "kube-state-metrics-1"}, Shares(1, 1), id="for-the-suspect-too"
        ),
        pytest.param(
            {"db-0", "checkout-hash6-gone"}, Shares(0, 1, ("db-0",)), id="beside-one-of-which-nothing-tells"
        ),
    ],
)
def test_pods_that_are_gone_count_by_their_names(names: set[str], expected: Shares) -> None:
    """A pod is named after its ReplicaSet."""
    assert shares(frozenset(names), (NEW, OLD, ANYBODYS), workload()) == expected


def test_pods_that_are_gone_and_whose_names_do_not_tell_are_left_out() -> None:
    """Even where the suspect's own hash is unknown: they may be anything's."""
    names = frozenset({"checkout-hash6-gone", "checkout-hash7-gone", "db-1"})
    of = workload(live=revision(None, template_hash=None), revisions=(revision(6),))
    assert shares(names, (), of) == Shares(0, 1)


@pytest.mark.parametrize(
    ("found", "speaks"),
    [
        pytest.param(Shares(2, 1), True, id="most"),
        pytest.param(Shares(1, 1), False, id="half-is-not-most"),
        pytest.param(Shares(0, 1), False, id="none"),
        pytest.param(Shares(0, 0), True, id="nothing-known-has-no-say"),
        pytest.param(Shares(2, 0, ("a",)), True, id="most-whatever-the-other-is"),
        pytest.param(Shares(1, 2, ("a",)), False, id="half-at-most-whatever-the-other-is"),
        pytest.param(Shares(1, 0, ("a",)), None, id="most-or-half"),
        pytest.param(Shares(1, 1, ("a",)), None, id="half-or-most"),
        pytest.param(Shares(0, 0, ("a",)), None, id="nothing-tells"),
    ],
)
def test_most_must_be_the_suspects(found: Shares, speaks: bool | None) -> None:
    """Those of which nothing tells may be anybody's: None where it depends on them."""
    assert found.speak_for_suspect is speaks


@pytest.mark.parametrize(
    ("available", "pods", "expected"),
    [
        pytest.param(None, (), None, id="nothing-known"),
        pytest.param(True, (), None, id="available"),
        pytest.param(False, (), "none of its pods is available", id="never-available"),
        pytest.param(False, FORBIDDEN, "none of its pods is available", id="pods-unreadable"),
        pytest.param(False, (NEW, OLD), "1 of its 1 pods are ready", id="all-ready"),
        pytest.param(True, (OLD,), None, id="none-of-its-own"),
        pytest.param(
            True, (NEW, Pod("a", "hash7", ready=False)), "1 of its 2 pods are ready", id="not-ready"
        ),
        pytest.param(
            False,
            (Pod("a", "hash7", ready=False, waiting="CrashLoopBackOff"), OLD),
            "0 of its 1 pods are ready (CrashLoopBackOff)",
            id="crashing",
        ),
    ],
)
def test_the_suspects_own_state_is_said(
    available: bool | None, pods: tuple[Pod, ...] | Unreadable, expected: str | None
) -> None:
    """In words; nothing where nothing is known."""
    live = revision(7, live_since=LIVE.live_since, available=available)
    assert readiness(workload(live=live), pods) == expected
