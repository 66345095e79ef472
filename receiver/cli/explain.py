"""`explain`: which rules match an alert, and what every guard says against the live cluster."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from receiver.app import explain_alerts
from receiver.cli.options import (
    MODE,
    PROMETHEUS,
    REFUSED,
    cluster_options,
    ends_cleanly,
    rules_option,
    settings_from,
    stop,
)
from receiver.cli.sights import sight_tables
from receiver.cli.tables import fitted, fitted_table
from receiver.cli.verdicts import verdict_table
from receiver.engine.explaining import Explanation
from receiver.policy.alerts import Alert, PayloadError, Status, parse_payload
from receiver.policy.decision import Decision, Judgement
from receiver.policy.document import warnings
from receiver.policy.record import Phase
from receiver.policy.wording import decision_sentence


def _labels(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    labels = dict(pair.partition("=")[::2] for pair in pairs)
    if any("=" not in pair for pair in pairs):
        raise click.BadParameter("write name=value")
    return labels


@click.command("explain")
@cluster_options
@rules_option
@MODE
@PROMETHEUS
@click.option(
    "--label", "labels", callback=_labels, multiple=True, metavar="NAME=VALUE", help="A label of the alert."
)
@click.option(
    "--payload", type=click.Path(path_type=Path), help="A file with an Alertmanager message instead."
)
@ends_cleanly
def explain_command(labels: dict[str, str], payload: Path | None, **flags: Any) -> None:
    """Judge an alert as if it had just fired, against the live cluster, and change nothing."""
    if bool(labels) == bool(payload):
        raise click.UsageError("give either --label NAME=VALUE, one or more, or --payload FILE")
    alerts = _read(payload) if payload else (Alert(Status.FIRING, labels, datetime.now(UTC)),)
    click.echo(_told(explain_alerts(settings_from(**flags), alerts)))


def _read(payload: Path) -> tuple[Alert, ...]:
    try:
        return parse_payload(payload.read_bytes()).alerts
    except (OSError, PayloadError) as e:
        stop(f"{payload}: {e}", status=REFUSED)


def _told(explanation: Explanation) -> str:
    parts = list(sight_tables(explanation.alerts))
    parts += [_decision(decision) for decision in explanation.decisions]
    parts += [fitted(f"rule {rule.name}: target: {fault.evidence}") for rule, fault in explanation.faults]
    if not explanation.decisions and not explanation.faults:
        parts.append(_nothing(explanation))
    return "\n\n".join(parts)


def _nothing(explanation: Explanation) -> str:
    matched = any(rule.matched for alert in explanation.alerts for rule in alert.rules)
    why = "Every rule that matches is off" if matched else "No rule in force matches"
    return f"{why}: nothing would be done."


def _decision(decision: Decision) -> str:
    judged = [_judgement(judgement) for judgement in (decision.leading, *decision.others)]
    sentence = decision_sentence(decision)
    if decision.leading.phase is Phase.PENDING:
        sentence = sentence.replace("Rolling", "Would now roll", 1)
    if decision.leading.phase is Phase.AWAITING_APPROVAL:
        sentence = sentence.replace("Waiting", "Would wait", 1)
    said = warnings(decision.snapshot.workload, decision.leading.verdicts)
    return "\n\n".join([fitted(f"{sentence}."), *judged, *(fitted(f"Warning: {one}") for one in said)])


def _judgement(judgement: Judgement) -> str:
    rows = verdict_table(judgement.verdicts, fitted_table)
    return f"rule {judgement.rule.name} (mode {judgement.mode}): {judgement.phase}\n{rows}"
