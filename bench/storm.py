"""One payload with 2,000 alerts over 400 freshly released Deployments: answered, nothing lost, each once."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

from bench.stage import Stage, rss_megabytes, show
from tests.cluster.receivers import alert, payload

DEPLOYMENTS, ALERTS_EACH = 400, 5
LONGEST_SECONDS = 300


def measure(stage: Stage) -> None:
    """Release all, post one payload as often as it takes to get a 202, and wait until all are back."""
    names = [f"storm-{n}" for n in range(DEPLOYMENTS)]
    stage.release_all(names)
    rest = rss_megabytes(stage.receiver.pid)
    with Peak(stage.receiver.pid) as peak:
        started = time.monotonic()
        answers = _post(stage, _payload(stage, names))
        answered = time.monotonic() - started
        patches = _patches(stage, started)
    show(
        "storm",
        alerts=DEPLOYMENTS * ALERTS_EACH,
        deployments=DEPLOYMENTS,
        answers=answers,
        seconds_to_202=round(answered, 1),
        seconds_to_last_patch=round(patches["seconds"], 1),
        patched_once=patches["once"],
        patched_more_than_once=patches["more"],
        rss_rest_mb=round(rest),
        rss_peak_mb=round(peak.megabytes),
    )


def _payload(stage: Stage, names: list[str]) -> dict[str, Any]:
    now = datetime.now(UTC)
    return payload(
        *(
            alert("Bench", {"namespace": stage.shop, "deployment": name, "instance": str(n)}, now)
            for name in names
            for n in range(ALERTS_EACH)
        )
    )


def _post(stage: Stage, message: dict[str, Any]) -> list[int]:
    """Post as Alertmanager does until it is taken; return the statuses."""
    answers: list[int] = []
    while not answers or answers[-1] != 202:
        status, _ = stage.receiver.post(message, timeout_seconds=15)
        answers.append(status)
        assert len(answers) < 10, (answers, stage.receiver.log_text()[-3000:])
    return answers


def _patches(stage: Stage, started: float) -> dict[str, Any]:
    counts: dict[str, int] = {}
    while time.monotonic() - started < LONGEST_SECONDS and len(counts) < DEPLOYMENTS:
        time.sleep(0.5)
        counts = _counts(stage)
    seconds = time.monotonic() - started
    time.sleep(5)
    counts = _counts(stage)
    once = sum(count == 1 for count in counts.values())
    return {"seconds": seconds, "once": once, "more": len(counts) - once}


def _counts(stage: Stage) -> dict[str, int]:
    found = stage.plane.audit.requests(verb="patch", resource="deployments", user="receiver-1")
    hits = [e.name for e in found if e.code == 200 and not e.dry_run and e.name.startswith("storm-")]
    return {name: hits.count(name) for name in set(hits)}


class Peak:
    """The highest memory of a process while this is open."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.megabytes = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.25):
            self.megabytes = max(self.megabytes, rss_megabytes(self._pid))
