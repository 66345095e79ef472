"""A namespace full of records, one for each phase: made by a receiver from real alerts, as far as they stay.

Pending, RollingBack and Failed pass too quickly, or need a cluster in trouble: they are posed, as copies of a
genuine record whose status says so.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.cluster import scenes
from tests.cluster.receivers import Receiver
from tests.cluster.stories import Story
from tests.testbed import workloads
from tests.testbed.plane import Plane

Object = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """A receiver, and the names of its records by phase."""

    story: Story
    receiver: Receiver
    records: Mapping[str, str]


TOKEN = "review-me"
LATER = timedelta(days=1)
POSED = ("Pending", "RollingBack", "Failed")
SHOP: Mapping[str, tuple[str, str]] = {
    "checkout": ("Succeeded", "HighErrorRate"),
    "cart": ("NotCured", "SlowBurn"),
    "catalog": ("DryRun", "KubePodCrashLooping"),
    "payment": ("AwaitingApproval", "HighLatency"),
    "search": ("Rejected", "HighLatency"),
    "mailer": ("Expired", "QueueGrows"),
    "stock": ("Superseded", "HighErrorRate"),
    "profile": ("Verifying", "HighErrorRate"),
    "reports": ("Refused", "HighErrorRate"),
}
"""Each Deployment: the phase that its record is to reach, and the alert that leads there."""
ANNOTATIONS = {
    "summary": "More than 5% of the requests fail",
    "runbook_url": "https://runbooks.example/errors",
}


def _rule(name: str, alert: str, **more: Any) -> Object:
    return {**scenes.RULE, "name": name, "matchers": [f'alertname="{alert}"'], **more}


def rules() -> str:
    """Return the rule file."""
    runbook = {"runbook_url": "https://runbooks.example/rollback"}
    made = [
        _rule("http-errors-after-deploy", "HighErrorRate", **runbook),
        _rule("latency-after-deploy", "HighLatency", mode="approve"),
        _rule("queues", "QueueGrows", mode="approve", approval={"expires_in": "1s"}),
        _rule("crash-loops", "KubePodCrashLooping", mode="dry-run"),
        _rule("slo", "SlowBurn", verify={"rollout_timeout": "2m", "resolved_within": "1s"}),
    ]
    made[0] = {**made[0], "guards": {**scenes.RULE["guards"], "budget": {"max": 10, "per": "1h"}}}
    return json.dumps({"rules": made}, indent=1)


@contextmanager
def opened(plane: Plane, story: Story, folder: Path, *, posing: bool = True) -> Iterator[Shop]:
    """Start a receiver for the story's namespaces, and fill them."""
    (folder / "rules.yaml").write_text(rules())
    (folder / "token").write_text(TOKEN)
    token = f"--review-token-file={folder / 'token'}"
    kubeconfig = plane.kubeconfig_for("receiver-1")
    receiver = Receiver(kubeconfig, story.home, folder / "rules.yaml", folder, extra=[token])
    receiver.start()
    try:
        receiver.wait_ready()
        names = fill(story, receiver)
        posed = pose(story, names["Succeeded"]) if posing else {}
        yield Shop(story, receiver, {**names, **posed})
    finally:
        receiver.kill()


def fill(story: Story, receiver: Receiver) -> dict[str, str]:
    """Tell of all Deployments; return each phase's record."""
    _release(story)
    names = {name: _tell(story, receiver, name) for name in SHOP}
    story.wait_for(names["search"], "AwaitingApproval", seconds=30)
    _say(receiver, names["search"], "reject", by="Kim", note="a fix is on its way")
    for name in ("checkout", "stock", "profile"):
        story.wait_for(names[name], "Verifying", seconds=30)
    workloads.set_image(story.plane, story.namespace, "stock", "x/stock:9")
    story.tell(receiver, scenes.resolved(_alert(story, "checkout")))
    for name, (phase, _) in SHOP.items():
        story.wait_for(names[name], phase, seconds=60)
    return {phase: names[name] for name, (phase, _) in SHOP.items()}


def pose(story: Story, genuine: str) -> dict[str, str]:
    """Copy a record into the phases that pass too quickly; return each phase's record."""
    return {phase: _posed(story, genuine, phase) for phase in POSED}


def _release(story: Story) -> None:
    plane, namespace = story.plane, story.namespace
    for name in SHOP:
        body = workloads.deployment(name, f"x/{name}:6")
        workloads.create(plane, namespace, body)
    for name in SHOP:
        workloads.wait_rolled_out(plane, namespace, name)
    for name in SHOP:
        if name != "reports":  # It has nothing to go back to.
            workloads.set_image(plane, namespace, name, f"x/{name}:7")
    for name in SHOP:
        workloads.wait_rolled_out(plane, namespace, name)


def _alert(story: Story, name: str) -> Object:
    _, alertname = SHOP[name]
    fired = scenes.firing(story.namespace, name, alertname, severity="critical")
    return {**fired, "annotations": ANNOTATIONS}


def _tell(story: Story, receiver: Receiver, name: str) -> str:
    (record,) = story.tell(receiver, _alert(story, name))
    return record


def _say(receiver: Receiver, name: str, word: str, **body: str) -> None:
    path = f"/api/v1/rollbacks/{name}/{word}"
    status, answer = receiver.request("POST", path, json.dumps(body).encode(), token=TOKEN)
    assert status == 200, f"{status} {answer}"


def _posed(story: Story, genuine: str, phase: str) -> str:
    """Make a copy in this phase, held by a receiver that will live for long: nobody takes it over."""
    raw, name = story.record(genuine), f"posed-{phase.lower()}"
    body = {key: raw[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": name}}
    made = story.plane.request("POST", scenes.path_of_records(story.home), body)
    held = {"holder": "another:1:1", "renewTime": _time(datetime.now(UTC) + LATER)}
    ended = {"finishedAt": raw["status"]["finishedAt"]} if phase == "Failed" else held
    status = {key: value for key, value in raw["status"].items() if key not in {"finishedAt", "conditions"}}
    message = f"Posed as {phase}"
    made["status"] = {**status, **ended, "phase": phase, "message": message}
    if phase == "Pending":
        del made["status"]["patchedAt"]
    story.plane.request("PUT", f"{scenes.path_of_records(story.home)}/{name}/status", made)
    return name


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
