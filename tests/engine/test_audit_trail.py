"""The audit trail of a whole engine: every phase that a record enters is one log line with the same keys.

What the records went through is seen at the API server in memory, apart from the receiver.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from receiver import metrics
from receiver.cluster.api import Object
from receiver.engine.service import Engine
from receiver.policy.alerts import Status
from receiver.policy.record import Phase, Review
from receiver.policy.rules import Approval, Mode, Rule, Verify
from tests.engine.builders import FOLDER, eventually, rule
from tests.engine.engines import (
    DEPLOYMENT,
    bad_release,
    firing,
    make_engine,
    phases,
    records,
    roll_out,
    take,
    tell,
    working,
)
from tests.kubernetes.fake import FakeApi

KEYS = {"record", "target", "rule", "change", "was", "now", "by"}
OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
AT_ONCE = timedelta(0)
ME = "here:1/"
Step = tuple[str, str]


class Watched(FakeApi):
    """Keeps the phases that each record goes through."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []

    def put(self, url_path: str, **value: Any) -> Object:
        with self._lock:
            was = _phase(self.objects.get(url_path, {}))
            stored = super().put(url_path, **value)
            if url_path.startswith(FOLDER) and was != (now := _phase(stored)):
                self.steps.append((was, now))
            return stored


def _phase(raw: Object) -> str:
    return str((raw.get("status") or {}).get("phase", ""))


@pytest.fixture
def watched() -> Watched:
    fake = Watched()
    bad_release(fake)
    return fake


def succeeds(engine: Engine, fake: FakeApi) -> None:
    tell(engine)
    eventually(lambda: phases(fake) == ["RollingBack"])
    roll_out(fake)
    eventually(lambda: phases(fake) == ["Verifying"])
    take(engine, firing(status=Status.RESOLVED))


def is_not_cured(engine: Engine, fake: FakeApi) -> None:
    tell(engine)
    eventually(lambda: phases(fake) == ["RollingBack"])
    roll_out(fake)


def is_told(engine: Engine, fake: FakeApi) -> None:
    tell(engine)


def is_told_twice(engine: Engine, fake: FakeApi) -> None:
    tell(engine)
    tell(engine)


def is_rejected(engine: Engine, fake: FakeApi) -> None:
    engine.reject(tell(engine), "bob", "not this one")


def is_approved(engine: Engine, fake: FakeApi) -> None:
    engine.approve(tell(engine), "ann")


def is_superseded(engine: Engine, fake: FakeApi) -> None:
    tell(engine)
    eventually(lambda: phases(fake) == ["RollingBack"])
    with fake._lock:
        del fake.objects[DEPLOYMENT]


def is_refused(engine: Engine, fake: FakeApi) -> None:
    raw = fake.objects[DEPLOYMENT]
    fake.put(DEPLOYMENT, **{**raw, "spec": {**raw["spec"], "paused": True}})
    tell(engine)


PATCHED = [("", "Pending"), ("Pending", "RollingBack")]
ASKED = ("", "AwaitingApproval")
STORIES: dict[str, tuple[Rule, Callable[[Engine, FakeApi], None], list[Step]]] = {
    "cured": (rule(), succeeds, [*PATCHED, ("RollingBack", "Verifying"), ("Verifying", "Succeeded")]),
    "not-cured": (
        rule(verify=Verify(resolved_within=AT_ONCE)),
        is_not_cured,
        [*PATCHED, ("RollingBack", "Verifying"), ("Verifying", "NotCured")],
    ),
    "never-rolled-out": (
        rule(verify=Verify(rollout_timeout=AT_ONCE)),
        is_told,
        [*PATCHED, ("RollingBack", "Failed")],
    ),
    "superseded": (rule(), is_superseded, [*PATCHED, ("RollingBack", "Superseded")]),
    "dry-run": (rule(mode=Mode.DRY_RUN), is_told_twice, [("", "DryRun")]),
    "refused": (rule(), is_refused, [("", "Refused")]),
    "rejected": (rule(mode=Mode.APPROVE), is_rejected, [ASKED, ("AwaitingApproval", "Rejected")]),
    "approved": (
        rule(mode=Mode.APPROVE),
        is_approved,
        [ASKED, ("AwaitingApproval", "Pending"), ("Pending", "RollingBack")],
    ),
    "expired": (
        rule(mode=Mode.APPROVE, approval=Approval(expires_in=AT_ONCE)),
        is_told,
        [ASKED, ("AwaitingApproval", "Expired")],
    ),
}
PEOPLE = {("AwaitingApproval", "Pending"): "ann", ("AwaitingApproval", "Rejected"): "bob"}


def trail(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return what was said of records, without what every log line has."""
    said = (entry for entry in list(caplog.records) if entry.name == "receiver.audit")
    return [{key: value for key, value in vars(entry).items() if key not in OWN} for entry in said]


def counted(phase: str) -> float:
    labels = {"phase": phase, "rule": "errors"}
    return metrics.REGISTRY.get_sample_value("rollback_receiver_rollbacks_total", labels) or 0


def test_the_stories_tell_of_every_phase() -> None:
    told = {phase for _, _, steps in STORIES.values() for step in steps for phase in step}
    assert told == {"", *Phase}


@pytest.mark.parametrize(("by_rule", "story", "steps"), STORIES.values(), ids=STORIES)
def test_every_phase_entered_is_one_line_and_one_count(
    watched: Watched,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    by_rule: Rule,
    story: Callable[[Engine, FakeApi], None],
    steps: list[Step],
) -> None:
    """With the record, its target and rule, from where to where, by whom, and why."""
    monkeypatch.setattr("receiver.engine.sweep.EVERY_SECONDS", 0.05)
    caplog.set_level(logging.INFO)
    before = {phase.value: counted(phase) for phase in Phase}
    with working(make_engine(watched, by_rule)) as engine:
        story(engine, watched)
        eventually(lambda: len(trail(caplog)) >= len(steps))
    assert watched.steps == steps
    lines = trail(caplog)
    assert [(line["was"], line["now"]) for line in lines] == steps
    (record,) = records(watched)
    for line in lines:
        assert line.keys() == KEYS
        fixed = {"record": record, "target": "Deployment/shop/checkout", "rule": "errors", "change": "phase"}
        assert fixed.items() <= line.items()
        person = PEOPLE.get((line["was"], line["now"]))
        assert line["by"] == person if person else line["by"].startswith(ME)
    assert all(entry.getMessage() for entry in caplog.records if entry.name == "receiver.audit")
    entered = {now: counted(now) - before[now] for _, now in steps}
    assert entered == dict.fromkeys(entered, 1)


def test_a_review_is_a_line_of_the_trail(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with working(make_engine(watched, mode=Mode.DRY_RUN)) as engine:
        name = tell(engine)
        engine.review(name, Review.RIGHT, "it was", "ann")
        engine.review(name, Review.WRONG, "", "bob")
    _, *reviews = trail(caplog)
    told = [(line["change"], line["was"], line["now"], line["by"]) for line in reviews]
    assert told == [("review", "", "right", "ann"), ("review", "right", "wrong", "bob")]
