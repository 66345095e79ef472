"""The pods that alerts name: which of them are the suspect's, and which an older revision's."""

from collections.abc import Iterable
from dataclasses import dataclass

from receiver.policy.alerts import Alert
from receiver.policy.workload import Unreadable, Workload, WorkloadRef

POD_LABEL = "pod"


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the workload.

    `template_hash` is that of its revision, None where neither label nor owner tells. `waiting` is why one of
    its containers waits, CrashLoopBackOff for example, None where none does.
    """

    name: str
    template_hash: str | None
    ready: bool
    waiting: str | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """How many of the pods that alerts name are the suspect's, how many another revision's.

    `unknown` are those that are the workload's, but nothing tells of which revision.
    """

    suspect: int
    other: int
    unknown: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Return how many were judged."""
        return self.suspect + self.other + len(self.unknown)

    @property
    def speak_for_suspect(self) -> bool | None:
        """Tell whether most are the suspect's, or none was judged; None where that depends on the unknown."""
        if self.suspect > self.total - self.suspect or not self.total:
            return True
        return False if self.suspect + len(self.unknown) <= self.other else None


def pod_names(alerts: Iterable[Alert]) -> frozenset[str]:
    """Return the pods that alerts name."""
    return frozenset(name for alert in alerts if (name := alert.labels.get(POD_LABEL)))


def shares(names: frozenset[str], pods: Iterable[Pod], workload: Workload) -> Shares:
    """Tell whose the pods of these names are.

    Of pods that are gone the name tells, which begins with that of their ReplicaSet. What is no pod of this
    workload, an exporter's for example, never counts.
    """
    mine = workload.live.template_hash
    hashes = {revision.template_hash for revision in workload.all_revisions}
    there = {pod.name: _hash(pod, workload) for pod in pods if pod.name in names}
    gone = {name: _hash_by_name(name, workload) for name in names - there.keys()}
    known = [found for found in (there | gone).values() if found and found in hashes]
    # A hash that no revision has is another workload's, unless it may be the suspect's own.
    unknown = [name for name, found in there.items() if not found or (not mine and found not in hashes)]
    suspect = known.count(mine) if mine else 0
    return Shares(suspect, len(known) - suspect, tuple(sorted(unknown)))


def _hash(pod: Pod, workload: Workload) -> str | None:
    return pod.template_hash or _hash_by_name(pod.name, workload)


def _hash_by_name(name: str, workload: Workload) -> str | None:
    hashes = (revision.template_hash for revision in workload.all_revisions)
    return next((found for found in hashes if found and name.startswith(_prefix(workload.ref, found))), None)


def _prefix(ref: WorkloadRef, template_hash: str) -> str:
    return f"{ref.name}-{template_hash}-"


def readiness(workload: Workload, pods: tuple[Pod, ...] | Unreadable) -> str | None:
    """Say how many of the suspect's own pods are ready, None where nothing is known of them."""
    mine = [] if isinstance(pods, Unreadable) else pods
    ours = [pod for pod in mine if pod.template_hash and pod.template_hash == workload.live.template_hash]
    waiting = sorted({pod.waiting for pod in ours if pod.waiting})
    reasons = f" ({', '.join(waiting)})" if waiting else ""
    if ours:
        ready = sum(1 for pod in ours if pod.ready)
        return f"{ready} of its {len(ours)} pods are ready{reasons}"
    return "none of its pods is available" if workload.live.available is False else None
