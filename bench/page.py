"""The page over 1,000 records: its list when nobody has asked lately, and while somebody has."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.stage import Stage, show
from tests.cluster import scenes
from tests.web.pages import record

RECORDS, ROUNDS = 1_000, 9
OLD_SECONDS = 4.5
"""Two LISTs, which 1,000 records take, serve for 4 s."""
EVIDENCE = "revision 7 went live 2026-05-01T03:06:00Z, the trouble of HighErrorRate began 6m after that"


def measure(stage: Stage) -> None:
    """Take medians, in milliseconds from the request to the whole answer, on this host."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: _make(stage, n), range(RECORDS)))
    cold, warm = _times(lambda: _get(stage), pause=OLD_SECONDS), _times(lambda: _get(stage), pause=0.0)
    bare = _times(lambda: stage.plane.request("GET", scenes.path_of_records(stage.home)), pause=0.0)
    show(
        "page",
        records=RECORDS,
        list_cold_ms=cold,
        list_shared_ms=warm,
        bare_list_ms=bare,
        one_record_ms=_times(lambda: _get(stage, "/rollbacks/r-7"), pause=1.1),
    )


def _make(stage: Stage, number: int) -> None:
    """Make a record as large as a genuine one: every guard with its evidence, and a diff."""
    raw, path = record("Refused", f"r-{number}"), scenes.path_of_records(stage.home)
    head = {"apiVersion": "rollback-receiver.dev/v1alpha1", "kind": "Rollback"}
    body = {**head, "metadata": {"name": f"r-{number}"}, "spec": raw["spec"]}
    made: dict[str, Any] = stage.plane.request("POST", path, body)
    verdict = {"guard": "blame", "allowed": True, "reason": "blamed", "evidence": EVIDENCE}
    decision = {**raw["status"]["decision"], "verdicts": [verdict] * 17}
    made["status"] = {**raw["status"], "decision": decision}
    stage.plane.request("PUT", f"{path}/r-{number}/status", made)


def _get(stage: Stage, path: str = "/") -> None:
    status, body = stage.receiver.get(path)
    assert status == 200, f"{status} {str(body)[:200]}"


def _times(call: Callable[[], object], *, pause: float) -> int:
    call()
    taken = []
    for _ in range(ROUNDS):
        time.sleep(pause)
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return round(statistics.median(taken) * 1000)
