"""The engine as the web sees it: takes payloads, answers questions, starts and stops."""

import logging
import threading
from collections.abc import Hashable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from receiver import metrics
from receiver.cluster.api import Api
from receiver.cluster.errors import ClusterError, NotFound
from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Beginnings
from receiver.engine.clearing import Clearing
from receiver.engine.couriers import NOBODY, Couriers, Outside
from receiver.engine.desk import Desk
from receiver.engine.expiry import Expiry
from receiver.engine.following import Following
from receiver.engine.instance import Instance
from receiver.engine.intake import Intake
from receiver.engine.judging import Judging
from receiver.engine.pulse import Pulse
from receiver.engine.queries import answer_query, translated
from receiver.engine.recollection import Recollection
from receiver.engine.resolutions import Resolutions
from receiver.engine.rulebook import Rulebook
from receiver.engine.sights import rollout_of
from receiver.engine.sweep import Sweep
from receiver.engine.task import Task, task_of
from receiver.engine.words import Words
from receiver.engine.works import Works
from receiver.policy.alerts import Payload
from receiver.policy.context import Installation
from receiver.policy.intake import Accepted, NotPersisted, RollbackQuery
from receiver.policy.ledger import Pause
from receiver.policy.overview import Overview, Rollout, overlook
from receiver.policy.record import Review
from receiver.policy.retention import DEFAULT, Limits

log = logging.getLogger(__name__)
ANSWER_WITHIN_SECONDS = 9.0
RETRY_AFTER_SECONDS = 5
READERS, WRITERS, TAKERS = 16, 8, 32
FINISH_SECONDS, HAND_OVER_SECONDS = 1.5, 1.5


class Engine:
    """One receiver at work on one namespace of records. All threads are started by `start`."""

    def __init__(
        self,
        api: Api,
        *,
        namespace: str,
        installation: Installation,
        rulebook: Rulebook,
        instance: Instance,
        outside: Outside = NOBODY,
        aftermath_for: timedelta = timedelta(days=1),
        limits: Limits = DEFAULT,
    ) -> None:
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="write")
        self._takers = ThreadPoolExecutor(TAKERS, thread_name_prefix="take")
        self._under_way: dict[Hashable, Future[Accepted]] = {}
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._couriers = Couriers(outside, lambda name: rulebook.rules().get(name))
        self._records = Records(api, namespace, writer=str(instance), noting=self._couriers.outbox)
        self._couriers.hire(self._records, instance)
        self._rulebook = rulebook
        self._mode = installation.mode
        ledger = LedgerStore(api, namespace)
        self._recollection = Recollection(self._records)
        self._pulse = Pulse(self._records, ledger, rulebook.rules)
        self._words = Words(self._records, ledger, instance=instance)
        self._desk = Desk(
            api=api,
            records=self._records,
            reader=SnapshotReader(api, self._records, self._readers),
            judging=Judging(ledger, self._recollection, lambda: installation),
            instance=instance,
            rules=rulebook.rules,
            alertmanager=outside.alertmanager,
            beginnings=Beginnings(outside.prometheus),
            defaults=installation.defaults,
        )
        self._works = works = Works(self._desk, self._readers)
        self._sweep = Sweep(self._desk, works.executor, Expiry(self._desk, works.endings))
        resolutions = Resolutions(self._desk)
        self._following = Following(self._desk, resolutions, lasting=aftermath_for, limits=limits)
        self._intake = Intake(
            self._desk,
            works.claims,
            works.entries,
            Clearing(self._desk, works.executor),
            resolutions,
            ceiling=installation.mode,
            readers=self._readers,
            writers=self._writers,
        )
        self._background = (
            self._recollection,
            self._sweep,
            works.tally,
            self._following,
            self._couriers,
            self._pulse,
            rulebook,
        )

    def start(self) -> None:
        """Start to work."""
        metrics.set_mode(self._mode)
        self._works.executor.start()
        for each in self._background:
            each.start()

    def stop(self) -> None:
        """Finish the steps under way and hand the rest over, within 3 s; what hangs then is left hanging."""
        self._stopped.set()
        for each in self._background:
            each.stop()
        left = self._works.executor.stop(FINISH_SECONDS)
        ending = [self._takers.submit(self._hand_over, task) for task in left]
        ending += [self._takers.submit(each.finish) for each in (self._following, self._couriers)]
        wait(ending, timeout=HAND_OVER_SECONDS)
        for pool in (self._takers, self._writers, self._readers):
            pool.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, task: Task) -> None:
        try:
            self._works.hand_over(task.record)
            log.info("handed over", extra=task.naming)
        except ClusterError as e:
            log.warning("not handed over: %s", e, extra=task.naming)

    def accept(self, payload: Payload, received_at: datetime) -> Accepted:
        """Store what matched of a payload, within 9 s.

        Raises:
            NotPersisted: not everything is stored, or not yet: it is to be sent again.
        """
        try:
            return self._take(payload, received_at).result(timeout=ANSWER_WITHIN_SECONDS)
        except TimeoutError as e:
            raise NotPersisted("not everything could be stored in time", RETRY_AFTER_SECONDS) from e
        except ClusterError as e:
            log.warning("not stored: %s", e)
            raise NotPersisted(f"cannot store: {e}", RETRY_AFTER_SECONDS) from e
        except (CancelledError, RuntimeError) as e:
            if not self._stopped.is_set():
                raise
            raise NotPersisted("the receiver is stopping", RETRY_AFTER_SECONDS) from e

    def _take(self, payload: Payload, received_at: datetime) -> "Future[Accepted]":
        """Begin to take a payload in; one that is sent again meanwhile is waited for, not begun."""
        key = frozenset((alert.key, alert.status) for alert in payload.alerts)
        with self._lock:
            taken = self._under_way.get(key)
            if taken is not None and not taken.done():
                return taken
            taken = self._under_way[key] = self._takers.submit(self._intake.take, payload, received_at)
        taken.add_done_callback(lambda done: self._forget(key, done))
        return taken

    def _forget(self, key: Hashable, done: "Future[Accepted]") -> None:
        with self._lock:
            if self._under_way.get(key) is done:
                del self._under_way[key]

    def ready(self) -> str | None:
        """Return why the receiver is not ready, None when it is."""
        return self._pulse.fault()

    def reload(self) -> None:
        """Load the rules now.

        Raises:
            RulesRejected: they have faults; those in force stay.
        """
        self._rulebook.reload()

    def rollbacks(self, query: RollbackQuery) -> dict[str, Any]:
        """Return records, newest first, as `{"items": […], "continue": "…"}`.

        Raises:
            PageGone: what the query goes on with is no page's, or too old.
            Unavailable: the API server does not answer; so all that follow.
        """
        return answer_query(self._records, query)

    def overview(self) -> Overview:
        """Return the installation at a glance, by the ledger as it was last seen."""
        desk = self._desk
        with translated():
            ledger = desk.judging.glance().ledger
        return overlook(ledger, desk.rules(), mode=self._mode, now=desk.now())

    def rollout(self, record: dict[str, Any]) -> Rollout | None:
        """Return how far the rollout of a record's workload is, None where there is no such workload."""
        with translated():
            return rollout_of(self._desk.api, record, now=self._desk.now())

    def rollback(self, name: str) -> dict[str, Any] | None:
        """Return one record, None where there is none of that name."""
        with translated(), suppress(NotFound):
            return self._records.get(name)
        return None

    def approve(self, name: str, by: str) -> dict[str, Any] | None:
        """Approve a record, and act on it at once; as `Words.approve`."""
        with translated():
            raw = self._words.approve(name, by)
        if raw is not None:
            self._works.executor.begin(task_of(raw))
        return raw

    def reject(self, name: str, by: str, note: str) -> dict[str, Any] | None:
        """Reject a record; as `Words.reject`."""
        with translated():
            return self._words.reject(name, by, note)

    def review(self, name: str, verdict: Review, note: str, by: str) -> dict[str, Any] | None:
        """Review a decision; as `Words.review`."""
        with translated():
            return self._words.review(name, verdict, note, by)

    def pause(self, by: str, reason: str) -> tuple[Pause, Pause | None]:
        """Switch the kill switch on; as `Words.pause`."""
        with translated():
            return self._words.pause(by, reason)

    def resume(self, by: str) -> None:
        """Switch the kill switch off."""
        with translated():
            self._words.resume(by)
