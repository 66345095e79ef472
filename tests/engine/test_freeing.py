"""A StatefulSet that waits for a pod of the bad revision is freed, and everybody who should know is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from receiver.cluster.errors import Forbidden, Unavailable
from receiver.engine.endings import Endings
from receiver.engine.freeing import Freeing
from receiver.engine.task import Object, Task, task_of
from tests.engine.builders import FOLDER, desk, record
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.sets import pod, put, workload

ROLLING = "Rolled StatefulSet shop/db back; the rollout is under way"
FREED = "deleted Pod shop/db-2, which was not ready and held the rollback up"
EVENTS = "/api/v1/namespaces/shop/events"


def rolling_back(fake: FakeApi, **suspect: str) -> Task:
    raw: Any = record(phase="RollingBack", message=ROLLING)
    target = {"kind": "StatefulSet", "namespace": "shop", "name": "db", "uid": "uid-1"}
    raw["spec"] = {**raw["spec"], "target": target, "suspect": suspect}
    return task_of(fake.put(f"{FOLDER}/a", **raw))


def free(fake: FakeApi, task: Task, of: Object) -> None:
    with ThreadPoolExecutor(1) as pool:
        here = desk(fake)
        Freeing(here, Endings(here, pool)).free(task, of)


def message(fake: FakeApi) -> str:
    return str(fake.objects[f"{FOLDER}/a"]["status"]["message"])


def refuse(ending: str, error: Exception) -> Callable[[str, str], None]:
    def before(_method: str, path: str) -> None:
        if path.endswith(ending):
            raise error

    return before


def test_stuck_pod_is_deleted_once_and_told_of(fake: FakeApi) -> None:
    """On the record and as an Event; at the next look it is gone."""
    put(fake, pod("db-1", "db-bad", ready=True), pod("db-2", "db-bad"), of=workload())
    task = rolling_back(fake, templateHash="bad")
    for _ in range(2):
        free(fake, task, workload())
    assert fake.made("DELETE") == 1
    assert message(fake) == f"{ROLLING}; {FREED}"
    told = [raw for place, raw in fake.objects.items() if place.startswith(EVENTS)]
    assert [(raw["reason"], raw["type"], raw["message"]) for raw in told] == [
        ("RollbackPodDeleted", "Normal", f"{FREED[0].upper()}{FREED[1:]} (record a)")
    ]


def test_pod_that_was_made_anew_of_the_bad_revision_is_told_of_once(fake: FakeApi) -> None:
    """Each is deleted; what the record says of the first holds for the second."""
    task = rolling_back(fake, templateHash="bad")
    for uid in ("one", "two"):
        put(fake, pod("db-2", "db-bad", uid=uid), of=workload())
        free(fake, task, workload())
    assert fake.made("DELETE") == 2
    assert message(fake) == f"{ROLLING}; {FREED}"


@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
def test_other_kinds_are_not_even_looked_at(fake: FakeApi, kind: str) -> None:
    """Their controllers replace what is not ready by themselves."""
    free(fake, rolling_back(fake, templateHash="bad"), workload(kind))
    assert fake.calls == []


def test_suspect_without_a_hash_has_no_pods_that_are_known(fake: FakeApi) -> None:
    """The alert came before the controller had made its revision: nothing is guessed."""
    put(fake, pod("db-2", "db-bad"), of=workload())
    free(fake, rolling_back(fake), workload())
    assert fake.made("DELETE") == 0


@pytest.mark.parametrize("ending", ["/pods", "/pods/db-2"], ids=["list", "delete"])
def test_missing_right_is_on_the_record_once(fake: FakeApi, ending: str) -> None:
    """The rollout is watched on: somebody may delete the pod by hand."""
    put(fake, pod("db-2", "db-bad"), of=workload())
    task = rolling_back(fake, templateHash="bad")
    fake.before = refuse(ending, Forbidden("no", code=403))
    for _ in range(2):
        free(fake, task, workload())
    assert message(fake) == f"{ROLLING}; pods of the bad revision may have to be deleted by hand: no"


def test_silence_is_raised(fake: FakeApi) -> None:
    """The step is tried again."""
    task = rolling_back(fake, templateHash="bad")
    fake.before = refuse("/pods", Unavailable("no answer"))
    with pytest.raises(Unavailable):
        free(fake, task, workload())
    assert message(fake) == ROLLING
