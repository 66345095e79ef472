"""Enters on a record, in the very write that changes it, what is told of that to whom.

It is on the path of a rollback, so it only computes: no I/O, no waiting. Whoever brings what it has entered
works in threads of its own and reads it from the records.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from receiver.cluster.api import Object
from receiver.engine.desk import utc_now
from receiver.policy.notices import NOTICES, Routes, entered, receivers_of, with_notice, with_untold
from receiver.policy.record import BY_HAND, IN_WORK, Phase, naming
from receiver.policy.rules import Rule, Verify
from receiver.policy.times import format_precise

log = logging.getLogger(__name__)


class Outbox:
    """What Records note by. `routes` are the receivers; `silence` tells whether alerts are silenced."""

    def __init__(
        self,
        rule: Callable[[str], Rule | None],
        *,
        routes: Routes,
        silence: bool = False,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._rule = rule
        self._routes = routes
        self._silence = silence
        self._now = now
        self._wakes: list[threading.Event] = []

    def wakes(self, event: threading.Event) -> None:
        """Set an event whenever something was entered."""
        self._wakes.append(event)

    def note(self, raw: Object, after: Object) -> Object:
        """Return a record's new status with what is told of it; itself where that is nothing."""
        phase = entered(raw, after)
        try:
            return after if phase is None else self._noted(raw, after, phase)
        except Exception:
            log.exception("a fault of the receiver's own: nobody is told", extra=naming(raw))
            return after

    def _noted(self, raw: Object, after: Object, phase: Phase) -> Object:
        name = naming({**raw, "status": after})["rule"]
        rule = self._rule(name)
        new = with_notice(raw, after, to=self._told(phase, rule), now=self._now())
        if phase is Phase.ROLLING_BACK and self._silence and name != BY_HAND:
            until = self._now() + (Verify() if rule is None else rule.verify).rollout_timeout
            new = with_untold({**new, "silence": {"until": format_precise(until)}})
        # The end of a rollback wakes whoever has to remove its silence.
        return dict(new) if new.get("silence") and phase not in IN_WORK else new

    def noted(self) -> None:
        """Wake whoever brings it."""
        for event in self._wakes:
            event.set()

    def _told(self, phase: Phase, rule: Rule | None) -> tuple[str, ...]:
        if phase not in NOTICES:
            return ()
        named = None if rule is None else rule.notify
        for name in named or ():
            if name not in self._routes:
                log.warning("the config file has no receiver of notifications called %s", name)
        return receivers_of(NOTICES[phase], self._routes, named)
