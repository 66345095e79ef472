"""Remembers by which labels workloads select what is theirs; never asks anybody."""

from receiver.policy.workload import WorkloadRef


class Selectors:
    """The selectors of workloads that were read before: a likely one lets the revisions be listed at once.

    A selector never changes as long as its workload lives; what was listed by a wrong one is not used.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._limit = limit
        self._known: dict[WorkloadRef, str] = {}

    def get(self, ref: WorkloadRef, default: str) -> str:
        """Return the selector that a workload had, `default` where it was never read."""
        return self._known.get(ref, default)

    def note(self, ref: WorkloadRef, selector: str) -> str:
        """Keep a workload's selector, and return it; when there are too many, all are forgotten."""
        if len(self._known) >= self._limit:
            self._known.clear()
        self._known[ref] = selector
        return selector
