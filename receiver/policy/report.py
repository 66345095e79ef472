"""What a review meeting wants to know of a time: rollbacks, refusals, how right each rule was, how fast.

Every figure comes with the number of records behind it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any

from receiver.policy.aftermath import Kind
from receiver.policy.record import BY_HAND, Phase, Review, naming, phase_of
from receiver.policy.score import Case, RuleScore, Sample, decided_at, score
from receiver.policy.times import format_time


class Recovery(StrEnum):
    """How a trouble ended."""

    ROLLED_BACK = "rolled back"
    BY_HAND = "rolled back by hand"
    FORWARD = "fixed forward"
    BY_ITSELF = "by itself"


RECOVERIES: Mapping[Kind, Recovery] = {
    Kind.ROLLED_BACK_BY_HAND: Recovery.BY_HAND,
    Kind.FIXED_FORWARD: Recovery.FORWARD,
    Kind.CLEARED_BY_ITSELF: Recovery.BY_ITSELF,
}


@dataclass(frozen=True, slots=True)
class Order:
    """A rollback that a person's command ordered; `phase` is None while it is only claimed."""

    at: datetime
    phase: Phase | None


def parse_order(raw: Mapping[str, Any]) -> Order | None:
    """Read a record, None where no person's command made or took it.

    Raises:
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    at = decided_at(raw) if naming(raw)["rule"] == BY_HAND else None
    return None if at is None else Order(at, phase_of(raw))


@dataclass(frozen=True, slots=True)
class Times:
    """So many times from the first alert until the trouble had ended; `middle` is None for none.

    What was rolled back by hand counts until the older revision was live; all else until the alert cleared.
    """

    size: int
    middle: timedelta | None


@dataclass(frozen=True, slots=True)
class Report:
    """What was last decided from `since` on.

    `records` are those that rules decided; `orders` are people's, which no figure beside them counts.
    `refusals` are refused records by guard; one that several guards refused stands under each. `by_hand` is,
    by rule, what people rolled back themselves where it did nothing.
    """

    since: datetime
    records: int
    orders: tuple[Order, ...]
    phases: Mapping[Phase, int]
    refusals: Mapping[str, int]
    scores: tuple[RuleScore, ...]
    by_hand: Mapping[str, Times]
    recoveries: Mapping[Recovery, Times]


def make_report(cases: Iterable[Case], orders: Iterable[Order], *, since: datetime) -> Report:
    """Report on the cases that were decided since then, and on what people ordered."""
    counted = [case for case in cases if case.at >= since]
    refused = [case for case in counted if case.phase is Phase.REFUSED]
    scores = score(counted)
    ended = [(case.rule, *how) for case in counted if (how := _recovery(case))]
    return Report(
        since=since,
        records=len(counted),
        orders=tuple(order for order in orders if order.at >= since),
        phases=Counter(case.phase for case in counted if case.phase),
        refusals=Counter(guard for case in refused for guard in case.guards),
        scores=scores,
        by_hand={
            each.rule: _times([t for rule, how, t in ended if rule == each.rule and how is Recovery.BY_HAND])
            for each in scores
        },
        recoveries={one: _times([t for _, how, t in ended if how is one]) for one in Recovery},
    )


def _recovery(case: Case) -> tuple[Recovery, timedelta] | None:
    """Return how and after which time a trouble ended, None while it has not, or that is not known."""
    if case.recovered is not None:
        return Recovery.ROLLED_BACK, case.recovered
    if case.patched or case.aftermath is None or case.aftermath.took is None:
        return None
    return RECOVERIES[case.aftermath.kind], case.aftermath.took


def _times(times: Sequence[timedelta]) -> Times:
    middle = median(time.total_seconds() for time in times) if times else None
    return Times(len(times), None if middle is None else timedelta(seconds=middle))


def order_phases(orders: Iterable[Order]) -> Mapping[Phase, int]:
    """Return how many orders stand in each phase."""
    return Counter(order.phase for order in orders if order.phase)


def report_document(report: Report) -> dict[str, Any]:
    """Return the report for programs; a share or a median of nothing is null."""
    return {
        "since": format_time(report.since),
        "records": report.records,
        "orderedByHand": {"records": len(report.orders), "phases": _of_phases(order_phases(report.orders))},
        "phases": _of_phases(report.phases),
        "refusals": dict(sorted(report.refusals.items())),
        "rules": [_rule(each, report.by_hand[each.rule]) for each in report.scores],
        "recoveries": {how.value: _of_times(times) for how, times in report.recoveries.items()},
    }


def _of_phases(phases: Mapping[Phase, int]) -> dict[str, int]:
    return {phase.value: phases[phase] for phase in Phase if phases.get(phase)}


def _rule(one: RuleScore, by_hand: Times) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "mode": one.mode and one.mode.value,
        "precision": _of_sample(one.acted),
        "shadowPrecision": _of_sample(one.shadow),
        "shadowRecall": _of_sample(one.recall),
        "rightlyRefused": one.rightly_refused,
        "undecided": one.undecided,
        "reviews": {verdict.value: one.reviews.get(verdict, 0) for verdict in Review},
        "byHand": _of_times(by_hand),
        "savedSeconds": round(one.saved.total_seconds()),
        "readyFor": one.ready_for and one.ready_for.value,
    }


def _of_sample(sample: Sample) -> dict[str, Any]:
    return {"share": sample.share, "records": sample.size}


def _of_times(times: Times) -> dict[str, Any]:
    middle = times.middle
    return {"records": times.size, "medianSeconds": None if middle is None else round(middle.total_seconds())}
