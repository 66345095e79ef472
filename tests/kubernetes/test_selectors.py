"""Selectors of workloads that were read before."""

from receiver.cluster.selectors import Selectors
from receiver.policy.workload import WorkloadRef


def test_selectors_are_remembered_up_to_a_limit() -> None:
    """A likely selector for a workload that was read before, and never more of them than the limit."""
    selectors = Selectors(limit=2)
    first, second, third = (WorkloadRef("Deployment", "shop", name) for name in "abc")
    assert selectors.get(first, "app=a") == "app=a"
    assert selectors.note(first, "team=x") == "team=x"
    selectors.note(second, "team=y")
    assert selectors.get(first, "app=a") == "team=x"
    selectors.note(third, "team=z")
    assert (selectors.get(first, "app=a"), selectors.get(third, "app=c")) == ("app=a", "team=z")
