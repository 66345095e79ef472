"""Silences a record's alert in Alertmanager while its rollback runs, and ends the silence with it.

Only that one alert, by all of its labels, and never for longer than the rollout may take: a silence that was
made and could not be noted ends by itself.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from receiver.alertmanager import Alertmanager, AlertmanagerError, AlertmanagerRefused
from receiver.cluster.api import Object
from receiver.cluster.errors import NotFound
from receiver.cluster.records import Records
from receiver.engine import status
from receiver.engine.courier import Later
from receiver.engine.desk import utc_now
from receiver.engine.instance import Instance
from receiver.policy.notices import with_untold
from receiver.policy.record import Phase, naming
from receiver.policy.times import format_precise, parse_time

log = logging.getLogger(__name__)
RUNNING = frozenset({Phase.ROLLING_BACK, Phase.VERIFYING})


class Silencing:
    """Sees to the silence of every record that has one. Only its courier's thread calls it."""

    def __init__(
        self,
        alertmanager: Alertmanager,
        *,
        records: Records,
        instance: Instance,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._alertmanager = alertmanager
        self._records = records
        self._instance = instance
        self._now = now

    def __call__(self, raw: Object) -> None:
        """Make a record's silence, or remove it.

        Raises:
            Later: Alertmanager is away.
            ClusterError: the record cannot be changed.
        """
        silence = (raw.get("status") or {}).get("silence")
        if silence is None or "removedAt" in silence:
            return
        over = (parse_time(silence["until"]) or self._now()) <= self._now()
        running = raw["status"].get("phase") in RUNNING
        try:
            if over or (not running and "id" not in silence):
                self._enter(raw, removedAt=format_precise(self._now()))
            elif not running:
                self._remove(raw, silence["id"])
            elif "id" not in silence:
                self._make(raw, silence)
        except AlertmanagerError as e:
            raise Later(str(e)) from e
        except NotFound:
            return

    def _make(self, raw: Object, silence: Object) -> None:
        raw, mine = self._claim(raw)
        if not mine:
            return
        record, labels = naming(raw)["record"], raw["spec"]["alert"].get("labels") or {}
        comment = f"The rollback {record} runs: {raw['status'].get('message', '')}"
        begin, end = format_precise(self._now()), silence["until"]
        try:
            made = self._alertmanager.silence(labels, starts_at=begin, ends_at=end, comment=comment)
        except AlertmanagerRefused as e:
            log.error("the alert is not silenced: %s", e, extra=naming(raw))  # noqa: TRY400
            self._enter(raw, removedAt=begin)
            return
        log.info("silenced the alert", extra={**naming(raw), "silence": made})
        self._enter(raw, id=made)

    def _claim(self, raw: Object) -> tuple[Object, bool]:
        mine = False

        def change(old: Object) -> Object | None:
            nonlocal mine
            now, silence = self._now(), old.get("silence") or {"id": ""}
            free = "id" not in silence and old.get("phase") in RUNNING
            mine = free and self._instance.may_claim(silence, now=now)
            return {**old, "silence": status.held(silence, self._instance, now=now)} if mine else None

        raw = self._records.update_status(raw, change)
        return raw, mine

    def _remove(self, raw: Object, silence: str) -> None:
        self._alertmanager.end_silence(silence)
        log.info("ended the alert's silence", extra={**naming(raw), "silence": silence})
        self._enter(raw, removedAt=format_precise(self._now()))

    def _enter(self, raw: Object, **known: str) -> None:
        def change(old: Object) -> Object | None:
            kept = {key: value for key, value in (old.get("silence") or {}).items() if key in {"until", "id"}}
            return with_untold({**old, "silence": {**kept, **known}}) if kept else None

        self._records.update_status(raw, change)
