"""Asks Prometheus when troubles began, beside everything else that is read, and never for long.

A rollback does not wait for Prometheus beyond a second, whatever becomes of the question: its threads are
nobody else's, are few, and end with the process.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from receiver.policy.alerts import Alert
from receiver.policy.troubles import ActiveSince, active_since
from receiver.policy.workload import Unreadable
from receiver.prometheus import Prometheus, PrometheusError

log = logging.getLogger(__name__)
WAIT_SECONDS = 1.0
AT_ONCE = 4
WHAT = "when the alerts began"
Answer = Callable[[], ActiveSince]
"""Waits for what was asked, at most until a second after the question."""


class Beginnings:
    """The questions under way; `prometheus` is None where no address is configured: nobody is asked then."""

    def __init__(self, prometheus: Prometheus | None = None) -> None:
        self._prometheus = prometheus
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def ask(self, alerts: Sequence[Alert]) -> Answer:
        """Begin to ask since when these alerts are active, all of them by one read."""
        prometheus = self._prometheus
        if prometheus is None or not alerts:
            return lambda: None
        outcome: Future[ActiveSince] = Future()
        deadline = time.monotonic() + WAIT_SECONDS
        asking = threading.Thread(
            target=self._ask, args=(prometheus, alerts, outcome), name="prometheus", daemon=True
        )
        asking.start()
        return lambda: _wait(outcome, deadline)

    def _ask(self, prometheus: Prometheus, alerts: Sequence[Alert], outcome: Future[ActiveSince]) -> None:
        if not self._slots.acquire(timeout=WAIT_SECONDS):
            return
        try:
            active = prometheus.active({alert.name for alert in alerts})
            outcome.set_result(active_since(alerts, active))
        except PrometheusError as e:
            outcome.set_result(Unreadable(WHAT, str(e)))
        except Exception:
            log.exception("a fault of the receiver's own while Prometheus was asked")
            outcome.set_result(Unreadable(WHAT, "a fault of the receiver's own, see its log"))
        finally:
            self._slots.release()


def _wait(outcome: Future[ActiveSince], deadline: float) -> ActiveSince:
    try:
        found = outcome.result(timeout=max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        found = Unreadable(WHAT, f"Prometheus did not answer within {WAIT_SECONDS:.0f} s")
    if isinstance(found, Unreadable):
        log.warning("%s", found)
    return found
