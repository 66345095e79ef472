"""The rules in force: loaded at start, again when their files change, and again when somebody asks."""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import suppress

from receiver import metrics
from receiver.engine.rounds import Rounds
from receiver.policy.intake import RulesRejected
from receiver.policy.rules import Ruleset
from receiver.rulefiles import RulesError

log = logging.getLogger(__name__)
EVERY_SECONDS = 1.0


class Rulebook(Rounds):
    """Holds one ruleset; a bad file on disk leaves it in force, and is said in the log and a metric.

    Once it is started it looks for changes every second.

    `load` reads the rules and raises RulesError; `fingerprint` changes when a file does.
    """

    def __init__(self, load: Callable[[], Ruleset], fingerprint: Callable[[], Hashable]) -> None:
        super().__init__("rulebook", "looking for changed rules", every_seconds=EVERY_SECONDS, at_once=False)
        self._load = load
        self._fingerprint = fingerprint
        self._ruleset = Ruleset()
        self._seen: Hashable = None
        self._lock = threading.Lock()

    def rules(self) -> Ruleset:
        """Return the rules in force."""
        return self._ruleset

    def reload(self) -> None:
        """Load the rules now.

        Raises:
            RulesRejected: they have faults; those in force stay.
        """
        try:
            self.load()
        except RulesError as e:
            problems = tuple(str(problem) for problem in e.problems)
            log.error("rules rejected, those in force stay: %s", "; ".join(problems))  # noqa: TRY400
            metrics.RULES_LAST_RELOAD_SUCCESSFUL.set(0)
            raise RulesRejected(problems) from e

    def load(self) -> None:
        """Load the rules for the first time.

        Raises:
            RulesError: they have faults.
        """
        with self._lock:
            self._seen = self._fingerprint()
            self._ruleset = self._load()
            metrics.RULES.set(len(self._ruleset.rules))
            metrics.RULES_LAST_RELOAD_SUCCESSFUL.set(1)
            metrics.RULES_LAST_RELOAD_SUCCESS_TIMESTAMP.set(time.time())
            log.info("%d rules in force", len(self._ruleset.rules))

    def _round(self) -> None:
        if self._fingerprint() != self._seen:
            with suppress(RulesRejected):
                self.reload()
