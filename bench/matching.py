"""What matching one alert costs, by the number of rules."""

import statistics
import time
from collections.abc import Callable

from bench.stage import show
from receiver.policy.rulefile import parse_rule_file
from receiver.policy.rules import Ruleset

SIZES = (10, 100, 1_000, 10_000)
LABELS = {"alertname": "Alert5", "severity": "critical", "namespace": "shop", "deployment": "checkout"}


def measure() -> None:
    """Time one alert against rulesets of growing size; the ratio is to the smallest."""
    microseconds = {size: _best(_matching(ruleset(size))) for size in SIZES}
    ratio = microseconds[SIZES[-1]] / microseconds[SIZES[0]]
    figures = {f"rules_{size}_us": round(value, 2) for size, value in microseconds.items()}
    show("matching one alert", **figures, ratio_10000_to_10=round(ratio, 2))


def ruleset(size: int) -> Ruleset:
    """Return so many rules, each for an alertname of its own."""
    rules = "\n".join(
        f"  - {{name: rule-{n}, matchers: ['alertname=\"Alert{n}\"', 'severity=~\"critical|page\"']}}"
        for n in range(size)
    )
    parsed = parse_rule_file(f"rules:\n{rules}\n", filename="bench.yaml")
    assert not parsed.problems
    return Ruleset(tuple(parsed.rules))


def _matching(ruleset: Ruleset) -> Callable[[], object]:
    return lambda: ruleset.matching(LABELS)


def _best(call: Callable[[], object], *, rounds: int = 7, loops: int = 2_000) -> float:
    """Return the median of the microseconds that one call took in each round."""
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(loops):
            call()
        taken.append((time.perf_counter() - started) / loops * 1e6)
    return statistics.median(taken)
