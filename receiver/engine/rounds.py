"""Rounds: what is done again and again in the background, in a thread of its own, until it is stopped."""

import logging
import threading

log = logging.getLogger(__name__)


class Rounds:
    """Makes a round every so many seconds; a fault of our own in one does not keep it from the next.

    What a round is, a subclass says. `doing` is that in words, for the log; the first round comes at once, or
    where that is not asked for after the first pause.
    """

    def __init__(self, name: str, doing: str, *, every_seconds: float, at_once: bool) -> None:
        self._doing = doing
        self._every_seconds = every_seconds
        self._first_seconds = 0.0 if at_once else every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a round under way is not waited for."""
        self._stopped.set()

    def _round(self) -> float | None:
        """Do what is due; return after how many seconds to do it again, None where that is as usual."""
        raise NotImplementedError

    def _run(self) -> None:
        seconds: float | None = self._first_seconds
        while not self._stopped.wait(self._every_seconds if seconds is None else seconds):
            seconds = None
            try:
                seconds = self._round()
            except Exception:
                log.exception("a fault of the receiver's own, %s", self._doing)
