"""What one alert's judgement costs in CPU: matching 1,000 rules, 20 revisions, every guard."""

import time
from collections.abc import Callable
from dataclasses import replace

from bench.matching import ruleset
from bench.stage import show
from receiver.policy.bystanders import Recent
from receiver.policy.decision import Match, Snapshot
from receiver.policy.guards import judge_all
from receiver.policy.hearing import Case, hear
from receiver.policy.ledger import Ledger
from receiver.policy.workload import Workload
from tests.policy.builders import AUTO, MINUTE, NOW, alert, context, revision, rule, workload

RULES, REVISIONS = 1_000, 20
LABELS = {"alertname": "Alert5", "severity": "critical", "namespace": "shop", "deployment": "checkout"}
LOOPS, ROUNDS = 200, 7


def measure() -> None:
    """Take the best of the rounds, in microseconds of CPU."""
    rules = ruleset(RULES)

    def judge() -> None:
        """Judge a snapshot that was just read: nothing of it is known yet."""
        assert rules.matching(LABELS)
        case = Case(Snapshot(_seen(), ()), (Match(rule(), (alert(),)),))
        hear([case], ledger=Ledger(), recent=Recent((), NOW), installation=AUTO, now=NOW)

    gathered = context(workload=_seen())
    show(
        "judging one alert",
        rules=RULES,
        revisions=REVISIONS,
        judgement_us=_best(judge),
        guards_us=_best(lambda: judge_all(gathered)),
    )


def _seen() -> Workload:
    live = revision(REVISIONS, live_since=NOW - 6 * MINUTE, soak=None)
    return replace(workload(), live=live, revisions=tuple(revision(n) for n in range(1, REVISIONS)))


def _best(call: Callable[[], object]) -> int:
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(LOOPS):
            call()
        taken.append((time.process_time() - began) / LOOPS * 1e6)
    return round(min(taken))
