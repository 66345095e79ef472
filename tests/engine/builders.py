"""What the engine works with: tasks, a desk at a fake API server, rules, payloads. Time stands where told."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any

from receiver.cluster.records import Records
from receiver.engine.desk import Desk
from receiver.engine.instance import Instance
from receiver.engine.task import Task
from receiver.policy.alerts import Alert, Payload, Status
from receiver.policy.matchers import parse_matchers
from receiver.policy.rules import Mode, Rule, Ruleset
from receiver.policy.workload import WorkloadRef
from tests.kubernetes.fake import FakeApi

NOW = datetime(2026, 4, 7, 12, tzinfo=UTC)
CHECKOUT = WorkloadRef("Deployment", "shop", "checkout")
FOLDER = "/apis/rollback-receiver.dev/v1alpha1/namespaces/rollbacks/rollbacks"
LABELS = {"alertname": "HighErrorRate", "namespace": "shop", "deployment": "checkout"}
ME = Instance("here:1", "now")


def task(record: str = "a") -> Task:
    return Task(record, CHECKOUT, "errors", Future())


def alert(*, status: Status = Status.FIRING, age: timedelta = timedelta(minutes=2), **labels: str) -> Alert:
    return Alert(status, {**LABELS, **labels}, NOW - age)


def payload(*alerts: Alert) -> Payload:
    return Payload("4", "{}", "receiver", "http://alertmanager", 0, alerts)


def rule(name: str = "errors", matchers: str = 'alertname="HighErrorRate"', **fields: Any) -> Rule:
    given: dict[str, Any] = {"mode": Mode.AUTO, "for_": timedelta(0), **fields}
    return Rule(name=name, matchers=parse_matchers(matchers), **given)


def desk(fake: FakeApi, *, rules: tuple[Rule, ...] = (), instance: Instance = ME) -> Desk:
    """A desk whose reader and judgement nobody may use."""
    unused: Any = None
    return Desk(
        api=fake,
        records=Records(fake, "rollbacks"),
        reader=unused,
        judging=unused,
        instance=instance,
        rules=lambda: Ruleset(rules),
        now=lambda: NOW,
    )


def record(name: str = "a", *, claimed_by: str | None = None, created: datetime = NOW, **status: Any) -> Any:
    """A record as it is stored, about Deployment shop/checkout."""
    annotations = {} if claimed_by is None else {"rollback-receiver.dev/claimed-by": claimed_by}
    target = {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "uid-1"}
    first = {"name": "HighErrorRate", "fingerprint": "f1", "startsAt": "2026-04-07T11:58:00Z"}
    raw: dict[str, Any] = {
        "metadata": {"name": name, "creationTimestamp": created.isoformat(), "annotations": annotations},
        "spec": {"target": target, "rule": "errors", "alert": first},
    }
    return {**raw, "status": status} if status else raw


def eventually(holds: Callable[[], object], *, seconds: float = 10) -> None:
    """Wait until something is so."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to that")
