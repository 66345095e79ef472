"""`report`: what the receiver did and did not do in a time, and how right that was."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from receiver.app import open_cluster
from receiver.cli.cases import readable_case, readable_order
from receiver.cli.options import cluster_options, duration, ends_cleanly, settings_from
from receiver.cli.output import print_object
from receiver.cli.tables import fitted, table
from receiver.policy.durations import format_duration
from receiver.policy.record import Phase
from receiver.policy.report import Order, Report, Times, make_report, order_phases, report_document
from receiver.policy.score import Case, RuleScore
from receiver.policy.times import format_age, format_time

NONE = "-"


@click.command()
@cluster_options
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", help="How to print. [table]"
)
@click.option(
    "--since", callback=duration, default="30d", metavar="DURATION", help="How far to look back. [30d]"
)
@ends_cleanly
def report(output: str, since: timedelta, **place: Any) -> None:
    """Report rollbacks, refusals, how right each rule was or would have been, and times to recover.

    A rule in dry-run is scored by what people did themselves: right if they went back to the revision that it
    had chosen, wrong if the alert cleared without anybody's doing. Verdicts given with `review` beat both.
    """
    cases, orders = _read(open_cluster(settings_from(**place)).records.everything())
    made = make_report(cases, orders, since=datetime.now(UTC) - since)
    if output == "json":
        print_object(report_document(made), output)
    else:
        click.echo("\n\n".join(_sections(made, since)))


def _read(records: Iterable[dict[str, Any]]) -> tuple[list[Case], list[Order]]:
    cases, orders = list[Case](), list[Order]()
    for raw in records:
        if (case := readable_case(raw)) is not None:
            cases.append(case)
        if (order := readable_order(raw)) is not None:
            orders.append(order)
    return cases, orders


def _sections(made: Report, since: timedelta) -> Iterator[str]:
    yield (
        f"{made.records} records since {format_time(made.since)} ({format_duration(since)}), decided by rules"
    )
    if made.orders:
        yield fitted(_ordered(made.orders))
    if not made.records:
        return
    yield table(("PHASE", "RECORDS"), _by_phase(made.phases))
    if made.refusals:
        refusals = sorted(made.refusals.items(), key=lambda item: (-item[1], item[0]))
        yield table(("REFUSED BY", "RECORDS"), refusals)
    yield table(("RULE", "MODE", "PRECISION", "REVIEWS"), map(_acted, made.scores))
    headers = ("RULE", "SHADOW", "RECALL", "BY HAND", "AFTER", "SAVED")
    yield table(headers, (_shadow(each, made.by_hand[each.rule]) for each in made.scores))
    recoveries = ((how.value, times.size, _middle(times)) for how, times in made.recoveries.items())
    yield table(("RECOVERED", "RECORDS", "MEDIAN"), recoveries)
    yield fitted(_ready(made.scores))


def _ordered(orders: tuple[Order, ...]) -> str:
    ended = ", ".join(f"{count} {phase}" for phase, count in _by_phase(order_phases(orders)))
    return f"Rollbacks ordered by hand: {len(orders)}" + (f" ({ended})" if ended else "")


def _by_phase(phases: Mapping[Phase, int]) -> list[tuple[str, int]]:
    return sorted((phase.value, count) for phase, count in phases.items())


def _acted(one: RuleScore) -> tuple[object, ...]:
    return one.rule, one.mode and one.mode.value, one.acted, sum(one.reviews.values())


def _shadow(one: RuleScore, by_hand: Times) -> tuple[object, ...]:
    saved = format_age(one.saved) if one.saved else NONE
    return one.rule, one.shadow, one.recall, by_hand.size, _middle(by_hand), saved


def _middle(times: Times) -> str:
    return NONE if times.middle is None else format_age(times.middle)


def _ready(scores: tuple[RuleScore, ...]) -> str:
    ready = [(each, each.ready_for) for each in scores]
    named = [f"{each.rule} for {mode.value}" for each, mode in ready if mode is not None]
    return f"Ready for the next mode: {', '.join(named) or 'no rule'}"
