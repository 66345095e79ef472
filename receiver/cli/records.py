"""`list` and `show`: the records, as kubectl would print them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import yaml

from receiver.app import open_cluster
from receiver.cli.options import OUTPUT, REFUSED, cluster_options, ends_cleanly, settings_from, stop
from receiver.cli.tables import describe, table
from receiver.cluster.errors import NotFound
from receiver.engine.queries import list_rollbacks
from receiver.policy.durations import parse_duration
from receiver.policy.intake import RollbackQuery
from receiver.policy.record import Phase
from receiver.policy.times import format_age, parse_time
from receiver.policy.workload import WorkloadRef

Record = dict[str, Any]
LIMIT = 500
HEADERS = ("NAME", "TARGET", "RULE", "PHASE", "FROM", "TO", "AGE")


def _duration(_: click.Context, __: click.Parameter, text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as e:
        raise click.BadParameter(str(e)) from e


def _target(_: click.Context, __: click.Parameter, text: str | None) -> WorkloadRef | None:
    if text is None:
        return None
    parts = text.split("/")
    if len(parts) != 3 or not all(parts):
        raise click.BadParameter("write KIND/NAMESPACE/NAME, for example Deployment/shop/checkout")
    return WorkloadRef(*parts)


@click.command("list")
@cluster_options
@OUTPUT
@click.option(
    "--phase", type=click.Choice([phase.value for phase in Phase]), help="Only those in this phase."
)
@click.option("--target", callback=_target, metavar="KIND/NS/NAME", help="Only those of this workload.")
@click.option(
    "--since", callback=_duration, metavar="DURATION", help="Only those made since, for example 24h."
)
@ends_cleanly
def list_command(
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    config_file: Path | None,
    output: str,
    phase: str | None,
    target: WorkloadRef | None,
    since: timedelta | None,
) -> None:
    """List the records, the newest first."""
    settings = settings_from(config_file, kubeconfig=kubeconfig, context=context, namespace=namespace)
    now = datetime.now(UTC)
    query = RollbackQuery(
        phase=Phase(phase) if phase else None,
        target=target,
        since=now - since if since is not None else None,
        limit=LIMIT,
    )
    items = _all(open_cluster(settings).records, query)
    if output == "table":
        click.echo(
            table(HEADERS, (_row(record, now) for record in items)) if items else "No rollbacks found."
        )
    else:
        _print({"apiVersion": "v1", "kind": "List", "items": items}, output)


def _all(records: Any, query: RollbackQuery) -> list[Record]:
    items: list[Record] = []
    token: str | None = None
    while True:
        found = list_rollbacks(
            records, RollbackQuery(query.phase, query.target, query.since, query.limit, token)
        )
        items += found["items"]
        token = found.get("continue")
        if not token:
            return sorted(items, key=lambda raw: str(raw["metadata"]["creationTimestamp"]), reverse=True)


def _row(record: Record, now: datetime) -> tuple[object, ...]:
    status = record.get("status") or {}
    decision = status.get("decision") or {}
    created = parse_time(record["metadata"]["creationTimestamp"]) or now
    return (
        record["metadata"]["name"],
        status.get("target"),
        decision.get("rule") or record["spec"]["rule"],
        status.get("phase"),
        (record["spec"].get("suspect") or {}).get("revision"),
        (decision.get("to") or {}).get("revision"),
        format_age(now - created),
    )


@click.command("show")
@cluster_options
@OUTPUT
@click.argument("name")
@ends_cleanly
def show_command(
    kubeconfig: str | None,
    context: str | None,
    namespace: str | None,
    config_file: Path | None,
    output: str,
    name: str,
) -> None:
    """Show one record: what happened, and what every guard said."""
    settings = settings_from(config_file, kubeconfig=kubeconfig, context=context, namespace=namespace)
    cluster = open_cluster(settings)
    try:
        record = cluster.records.get(name)
    except NotFound:
        stop(f"no rollback {name!r} in namespace {cluster.namespace}", status=REFUSED)
    if output == "table":
        click.echo("\n".join(_story(record)))
    else:
        _print(record, output)


def _story(record: Record) -> list[str]:
    spec, status = record["spec"], record.get("status") or {}
    decision = status.get("decision") or {}
    facts = {
        "Name": record["metadata"]["name"],
        "Target": status.get("target"),
        "Phase": status.get("phase"),
        "Message": status.get("message"),
        "Rule": f"{decision.get('rule', spec['rule'])} (mode {decision.get('mode', 'unknown')})",
        "Alert": f"{spec['alert'].get('name')}, since {spec['alert'].get('startsAt')}",
        "From": _revision(spec.get("suspect")),
        "To": _revision(decision.get("to")),
        "Patched": status.get("patchedAt"),
        "Finished": status.get("finishedAt"),
        "Seen": _seen(status),
    }
    lines = [describe(facts)]
    if verdicts := decision.get("verdicts"):
        lines += ["", table(("GUARD", "VERDICT", "EVIDENCE"), map(_verdict, verdicts))]
    for warning in decision.get("warnings") or []:
        lines += ["", f"Warning: {warning}"]
    if decision.get("diff"):
        lines += ["", decision["diff"]]
    return lines


def _seen(status: Record) -> str:
    times = status.get("occurrences", 0)
    return "once" if times == 1 else f"{times} times, last {status.get('lastSeenAt')}"


def _revision(revision: Record | None) -> str | None:
    if not revision:
        return None
    images = ", ".join(f"{name}={image}" for name, image in (revision.get("images") or {}).items())
    return f"{revision.get('revision', 'not numbered yet')} ({images})"


def _verdict(verdict: Record) -> tuple[str, str, str]:
    words = {True: "allow", False: "BLOCK", None: "not judged"}
    return verdict["guard"], words[verdict.get("allowed")], verdict["evidence"]


def _print(value: object, output: str) -> None:
    text = json.dumps(value, indent=2) if output == "json" else yaml.safe_dump(value, sort_keys=False)
    click.echo(text.rstrip())
