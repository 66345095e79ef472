"""Brings the notices on a record to one receiver of notifications: claimed, sent, marked.

The claim, by compare-and-swap, is why two receivers don't both send; it is stale after 30 s, a try takes 10.
What was sent and could not be marked is marked later, and sent again only if this process ends before that.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from receiver import metrics
from receiver.cluster.api import Object
from receiver.cluster.errors import NotFound
from receiver.cluster.records import Records
from receiver.engine import status
from receiver.engine.courier import Later
from receiver.engine.desk import utc_now
from receiver.engine.instance import Instance
from receiver.notify.errors import NotifyError, Refused
from receiver.notify.message import message_of
from receiver.notify.senders import Send
from receiver.policy.notices import ABOUT_TO_ACT, is_open, is_too_old, open_notices, with_delivery
from receiver.policy.record import naming
from receiver.policy.times import format_precise

log = logging.getLogger(__name__)
REFUSED_SECONDS = 300.0
"""A message that was refused as it is, is tried again so much later: the endpoint may have been mended."""


class Delivering:
    """One receiver's part of every record's notices. Only its courier's thread calls it."""

    def __init__(
        self,
        name: str,
        send: Send,
        *,
        records: Records,
        instance: Instance,
        page_url: str | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._name = name
        self._send = send
        self._records = records
        self._instance = instance
        self._page_url = page_url
        self._now = now
        self._sent: dict[str, datetime] = {}
        self._not_before: dict[str, float] = {}

    def __call__(self, raw: Object) -> None:
        """Bring what is open on a record, the oldest first.

        Raises:
            Later: the receiver of notifications is away.
            ClusterError: the record cannot be changed.
        """
        try:
            for notice, to in list(open_notices(raw.get("status") or {})):
                if is_too_old(notice, now=self._now()):
                    raw = self._give_up(raw, notice, to)
                elif to == self._name:
                    raw = self._deliver(raw, notice)
        except NotFound:
            return

    def _give_up(self, raw: Object, notice: Object, to: str) -> Object:
        """Tell nobody any more, nor somebody whom the config file may no longer have."""
        self._count("given_up", to)
        log.error(
            "not notified within a day: %s", notice.get("message"), extra={**naming(raw), "receiver": to}
        )
        return self._mark(raw, (notice["id"], to), "givenUpAt", self._now())

    def _deliver(self, raw: Object, notice: Object) -> Object:
        key = notice["id"]
        if key in self._sent:
            return self._mark(raw, (key, self._name), "sentAt", self._sent[key])
        if self._not_before.get(key, 0.0) > time.monotonic():
            return raw
        raw, mine = self._claim(raw, key)
        return self._send_claimed(raw, notice) if mine else raw

    def _claim(self, raw: Object, key: str) -> tuple[Object, bool]:
        mine = False

        def hold(delivery: Object) -> Object | None:
            nonlocal mine
            now = self._now()
            mine = self._instance.may_claim(delivery, now=now)
            return status.held(delivery, self._instance, now=now) if mine else None

        def change(old: Object) -> Object | None:
            nonlocal mine
            mine = False
            return None if old.get("phase") in ABOUT_TO_ACT else with_delivery(old, (key, self._name), hold)

        raw = self._records.update_status(raw, change)
        return raw, mine

    def _send_claimed(self, raw: Object, notice: Object) -> Object:
        key = notice["id"]
        try:
            self._send(message_of(raw, notice, page_url=self._page_url))
        except Refused as e:
            self._count("refused")
            log.error("not notified: %s", e, extra=self._naming(raw))  # noqa: TRY400
            self._not_before[key] = time.monotonic() + REFUSED_SECONDS
            return raw
        except NotifyError as e:
            self._count("failed")
            raise Later(f"not notified of {naming(raw)['record']}: {e}") from e
        self._sent[key] = self._now()
        self._count("sent")
        log.info("notified: %s", notice["event"], extra=self._naming(raw))
        return self._mark(raw, (key, self._name), "sentAt", self._sent[key])

    def _mark(self, raw: Object, key: tuple[str, str], field: str, at: datetime) -> Object:
        def done(delivery: Object) -> Object | None:
            return (
                {"receiver": delivery["receiver"], field: format_precise(at)} if is_open(delivery) else None
            )

        raw = self._records.update_status(raw, lambda old: with_delivery(old, key, done))
        self._sent.pop(key[0], None)
        self._not_before.pop(key[0], None)
        return raw

    def _count(self, outcome: str, to: str | None = None) -> None:
        metrics.NOTIFICATIONS.labels(receiver=to or self._name, outcome=outcome).inc()

    def _naming(self, raw: Object) -> dict[str, str]:
        return {**naming(raw), "receiver": self._name}
