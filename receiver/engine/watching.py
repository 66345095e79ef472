"""After the patch: watch the rollout by kubectl's criteria, then wait for the alerts to clear."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from receiver.alertmanager import AlertmanagerError
from receiver.cluster.errors import NotFound
from receiver.cluster.kinds import get_workload, progress_of
from receiver.cluster.rollout import Progress, State
from receiver.engine import status
from receiver.engine.desk import Desk
from receiver.engine.endings import Endings
from receiver.engine.freeing import Freeing
from receiver.engine.holding import store_held
from receiver.engine.instance import RENEW_EVERY
from receiver.engine.task import Object, Task
from receiver.policy.joining import all_cleared, firing_names, resolve_all_but
from receiver.policy.podtemplate import template_digest
from receiver.policy.record import BY_HAND, Phase, record_target
from receiver.policy.rules import Verify
from receiver.policy.times import format_age, parse_time

FIRST_SECONDS, MOST_SECONDS = 0.5, 5.0
VERIFY_SECONDS = 10.0


def unheard(_: Progress) -> None:
    """Tell nobody how far a rollout is."""


class Watching:
    """Takes a record from RollingBack over Verifying to its end."""

    def __init__(
        self, desk: Desk, endings: Endings, *, on_progress: Callable[[Progress], None] = unheard
    ) -> None:
        self._desk = desk
        self._endings = endings
        self._on_progress = on_progress
        self._freeing = Freeing(desk, endings)

    def watch(self, task: Task) -> float | None:
        """Look at the rollout once; return after how many seconds to look again, None when it has ended."""
        raw = task.raw() if self._lately_renewed(task) else self._current(task)
        if raw is None or (workload := self._restored(task, raw)) is None:
            return None
        now = self._desk.now()
        patched_at = _time(raw, "patchedAt") or now
        progress = progress_of(workload, since=patched_at)
        self._on_progress(progress)
        if progress.state is State.DONE:
            return self._rolled_out(task, progress)
        waited, limit = now - patched_at, self._verify(raw).rollout_timeout
        if progress.state is State.FAILED or waited > limit:
            why = (
                progress.message
                if progress.state is State.FAILED
                else f"{progress.message} after {format_age(waited)}"
            )
            self._endings.end(task, Phase.FAILED, f"The rollback of {task.target} did not finish: {why}")
            return None
        self._freeing.free(task, workload)
        return min(MOST_SECONDS, max(FIRST_SECONDS, waited.total_seconds() / 10))

    def verify(self, task: Task) -> float | None:
        """Look whether the alerts have cleared; return the seconds until the next look, None at the end."""
        raw = self._current(task)
        if raw is None or self._restored(task, raw) is None:
            return None
        raw, answered = self._ask_alertmanager(task, raw)
        if all_cleared(raw["status"]):
            self._cleared(task, raw)
            return None
        since = parse_time(status.condition_time(raw["status"], "RolledOut")) or self._desk.now()
        waited, limit = self._desk.now() - since, self._verify(raw).resolved_within
        if waited >= limit:
            self._not_cured(task, raw, waited=format_age(waited), answered=answered)
            return None
        return max(0.05, min(VERIFY_SECONDS, (limit - waited).total_seconds()))

    def _current(self, task: Task) -> Object | None:
        """Read the record and say that we live; None where it has ended or is somebody else's by now."""
        raw = self._desk.records.get(task.record)
        now, instance = self._desk.now(), self._desk.instance
        if not instance.holds(raw["status"]):
            return None
        task.store(raw)
        if not self._lately_renewed(task):
            raw = self._desk.records.update_status(raw, lambda old: status.renewed(old, instance, now=now))
        task.store(raw)
        return raw

    def _lately_renewed(self, task: Task) -> bool:
        raw = task.raw()
        renewed, ours = _time(raw, "renewTime"), self._desk.instance.holds(raw["status"])
        return ours and renewed is not None and self._desk.now() - renewed < RENEW_EVERY

    def _restored(self, task: Task, raw: Object) -> Object | None:
        """Return the workload with the template that we put back; else end the record as Superseded."""
        try:
            workload = get_workload(self._desk.api, task.target)
        except NotFound:
            self._endings.end(
                task, Phase.SUPERSEDED, f"{task.target} was deleted after it had been rolled back"
            )
            return None
        wanted = (raw["status"].get("decision", {}).get("to") or {}).get("templateDigest")
        same_uid = workload["metadata"]["uid"] == raw["spec"]["target"]["uid"]
        if same_uid and wanted in {None, template_digest(workload["spec"].get("template") or {})}:
            return workload
        self._endings.end(
            task,
            Phase.SUPERSEDED,
            f"Another template of {task.target} was released after it had been rolled back",
        )
        return None

    def _verify(self, raw: Object) -> Verify:
        rule = self._desk.rule(raw["status"].get("decision", {}).get("rule") or raw["spec"]["rule"])
        return Verify() if rule is None else rule.verify

    def _rolled_out(self, task: Task, progress: Progress) -> float | None:
        now = self._desk.now()
        message = f"Rolled {task.target} back; {progress.message}; waiting for the alert to clear"

        def change(old: status.Status) -> status.Status:
            new = {**old, "phase": Phase.VERIFYING.value, "message": message}
            return status.with_condition(new, "RolledOut", "True", "RolledOut", progress.message, now=now)

        return None if store_held(self._desk, task, change) is None else self.verify(task)

    def _ask_alertmanager(self, task: Task, raw: Object) -> tuple[Object, bool]:
        """Enter what Alertmanager no longer holds to be firing; return too whether it answered."""
        if self._desk.alertmanager is None:
            return raw, False
        firing: set[str] = set()
        try:
            for name in firing_names(raw["status"]):
                firing |= self._desk.alertmanager.firing(name)
        except AlertmanagerError:
            return raw, False
        now = self._desk.now()
        raw = self._desk.records.update_status(raw, lambda old: resolve_all_but(old, firing, at=now))
        task.store(raw)
        return raw, True

    def _cleared(self, task: Task, raw: Object) -> None:
        self._endings.end(task, Phase.SUCCEEDED, success_sentence(raw, self._desk.now()))

    def _not_cured(self, task: Task, raw: Object, *, waited: str, answered: bool) -> None:
        names = ", ".join(sorted(name or "an alert without a name" for name in firing_names(raw["status"])))
        fires = f"{names} still fires" if answered else f"nobody has said that {names} cleared,"
        self._endings.end(
            task, Phase.NOT_CURED, f"Rolled {task.target} back, but {fires} {waited} after the rollout"
        )


def success_sentence(raw: Object, now: datetime) -> str:
    """Say that a rollback has cured what it was made for."""
    number = ((raw["status"].get("decision") or {}).get("to") or {}).get("revision")
    to = "" if number is None else f" to revision {number}"
    asked = {entry["rule"] for entry in raw["status"].get("alerts") or []}
    what = "it was rolled out" if asked == {BY_HAND} else "the alert cleared"
    took = (_time(raw, "clearedAt") or now) - (_time(raw, "patchedAt") or now)
    when = f"{format_age(took)} after" if took >= timedelta(0) else "before"
    return f"Rolled {record_target(raw)} back{to}; {what} {when} the patch"


def _time(raw: dict[str, Any], field: str) -> datetime | None:
    return parse_time(raw["status"].get(field))
