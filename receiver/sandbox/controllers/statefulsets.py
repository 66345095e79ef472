"""StatefulSets: pods with numbers, made from the lowest up and replaced from the highest down.

With OrderedReady every pod waits for those below it to be available, so one that never gets ready blocks
even the way back, until somebody deletes it (kubernetes#67250). Volume claims are not made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from receiver.sandbox.controllers import history
from receiver.sandbox.controllers.podmaking import create_pod, is_active, is_available, is_ready
from receiver.sandbox.controllers.sizes import replicas_of, share
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.controllers.writes import claim, put_status, remove
from receiver.sandbox.resources import PODS, STATEFUL_SETS

Object = dict[str, Any]
LABEL, POD_LABEL = "controller.kubernetes.io/hash", "controller-revision-hash"


@dataclass(frozen=True, slots=True)
class Turn:
    """One look at a StatefulSet: its pods by number, and the names of the revisions it goes from and to."""

    work: Work
    owner: Object
    pods: dict[int, Object]
    current: Object
    update: Object

    @property
    def wanted(self) -> range:
        """Return the numbers that pods should have."""
        start = (self.owner["spec"].get("ordinals") or {}).get("start", 0)
        return range(start, start + replicas_of(self.owner))

    @property
    def ordered(self) -> bool:
        """Tell whether pods wait for one another."""
        return bool(self.owner["spec"].get("podManagementPolicy") != "Parallel")

    @property
    def rolling(self) -> Object:
        """Return the settings of a rolling update, empty if there are none."""
        found: Object = self.owner["spec"].get("updateStrategy", {}).get("rollingUpdate") or {}
        return found

    def available(self, number: int) -> bool:
        """Tell whether the pod of a number is there and available."""
        return number in self.pods and is_available(self.work, self.pods[number], self.owner)

    def outdated(self, number: int) -> bool:
        """Tell whether the pod of a number is there, of another revision than the one to go to."""
        return number in self.pods and revision_of(self.pods[number]) != self.update["metadata"]["name"]


def reconcile(work: Work, namespace: str, name: str) -> None:
    """Take a StatefulSet a step further, and say in its status how far it is."""
    owner = work.store.find(STATEFUL_SETS, namespace, name)
    if owner is None or "deletionTimestamp" in owner["metadata"]:
        return
    past = history.record(work, owner, label=LABEL)
    current = past.named((owner.get("status") or {}).get("currentRevision"))
    turn = Turn(work, owner, _numbered(work, owner), current, past.present)
    _act(turn)
    turn = Turn(work, owner, _after(turn), current, past.present)
    put_status(work, STATEFUL_SETS, owner, _status(turn, past.collisions))
    live = {current["metadata"]["name"], *map(revision_of, turn.pods.values())}
    history.truncate(work, owner, past, live, spare_live=False)


def revision_of(pod: Object) -> str:
    """Return the name of the revision that a pod was made of."""
    return str((pod["metadata"].get("labels") or {}).get(POD_LABEL, ""))


def _numbered(work: Work, owner: Object) -> dict[int, Object]:
    found = {}
    for pod in claim(work, owner, PODS):
        name, _, number = pod["metadata"]["name"].rpartition("-")
        if name == owner["metadata"]["name"] and number.isdecimal() and is_active(pod):
            found[int(number)] = pod
    return found


def _after(turn: Turn) -> dict[int, Object]:
    """Return the pods as they are after this turn's work, which the index has not heard of yet."""
    metadata = turn.owner["metadata"]
    names = {number: f"{metadata['name']}-{number}" for number in {*turn.pods, *turn.wanted}}
    found = {n: turn.work.store.find(PODS, metadata["namespace"], name) for n, name in names.items()}
    return {number: pod for number, pod in sorted(found.items()) if pod is not None}


def _act(turn: Turn) -> None:
    steps: tuple[Callable[[Turn], bool], ...] = (_fill, _shrink)
    if not any(step(turn) for step in steps) and _rolls(turn):
        (_update_ordered if turn.ordered else _update_parallel)(turn)


def _rolls(turn: Turn) -> bool:
    return bool(turn.owner["spec"].get("updateStrategy", {}).get("type", "RollingUpdate") == "RollingUpdate")


def _fill(turn: Turn) -> bool:
    """Make the missing pods; return whether that is all that can be done now."""
    for number in turn.wanted:
        if number not in turn.pods:
            _create(turn, number)
        elif turn.available(number):
            continue
        if turn.ordered:
            return True
    return False


def _create(turn: Turn, number: int) -> None:
    kept = number < turn.rolling.get("partition", 0)
    revision = turn.current if kept else turn.update
    name = f"{turn.owner['metadata']['name']}-{number}"
    labels = {
        POD_LABEL: revision["metadata"]["name"],
        "statefulset.kubernetes.io/pod-name": name,
        "apps.kubernetes.io/pod-index": str(number),
    }
    spec = {"hostname": name, "subdomain": turn.owner["spec"].get("serviceName", "")}
    spec = {key: value for key, value in spec.items() if value}
    template = history.template_of(revision)
    create_pod(turn.work, turn.owner, template, labels=labels, name=name, **spec)


def _shrink(turn: Turn) -> bool:
    """Delete the pods beyond the wanted numbers, the highest first; return whether there were any."""
    spare = sorted(set(turn.pods) - set(turn.wanted), reverse=True)
    unhealthy = [number for number in sorted(spare) if not turn.available(number)]
    for number in spare:
        # All wanted pods are available here, so the lowest that is not is the one that may go as it is.
        if turn.ordered and not turn.available(number) and number != unhealthy[0]:
            return True
        remove(turn.work, PODS, turn.pods[number])
        if turn.ordered:
            return True
    return bool(spare)


def _budget(turn: Turn) -> int:
    most = max(share(turn.rolling.get("maxUnavailable", 1), len(turn.wanted), up=False), 1)
    return most - sum(not turn.available(number) for number in turn.wanted)


def _targets(turn: Turn) -> list[int]:
    return [n for n in reversed(turn.wanted) if n >= turn.wanted.start + turn.rolling.get("partition", 0)]


def _update_ordered(turn: Turn) -> None:
    outdated = [number for number in _targets(turn) if turn.outdated(number)]
    for number in outdated[: max(_budget(turn), 0)]:
        remove(turn.work, PODS, turn.pods[number])


def _update_parallel(turn: Turn) -> None:
    """Delete what is of the old revision and does no good anyway, then as many as may be missing."""
    outdated = [number for number in _targets(turn) if turn.outdated(number)]
    useless = [number for number in outdated if not turn.available(number)]
    good = [number for number in outdated if turn.available(number)]
    for number in useless + good[: max(_budget(turn), 0)]:
        remove(turn.work, PODS, turn.pods[number])


def _status(turn: Turn, collisions: int) -> Object:
    pods, wanted = list(turn.pods.values()), replicas_of(turn.owner)
    current, update = turn.current["metadata"]["name"], turn.update["metadata"]["name"]
    updated = sum(revision_of(each) == update for each in pods)
    ready = sum(map(is_ready, pods))
    if [updated, ready, len(pods)] == [wanted] * 3:
        current = update
    counts = {
        "readyReplicas": ready,
        "currentReplicas": sum(revision_of(each) == current for each in pods),
        "updatedReplicas": updated,
    }
    return {
        "observedGeneration": turn.owner["metadata"]["generation"],
        "replicas": len(pods),
        "availableReplicas": sum(map(turn.available, turn.pods)),
        **{name: count for name, count in counts.items() if count},
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": collisions,
    }
