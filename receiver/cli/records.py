"""`list` and `show`: the records, as kubectl would print them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from receiver.app import open_cluster
from receiver.cli.cases import readable_case
from receiver.cli.colours import PHASES, VERDICTS, colour_column, colour_fact
from receiver.cli.completion import record_names
from receiver.cli.options import OUTPUT, REFUSED, cluster_options, duration, ends_cleanly, settings_from, stop
from receiver.cli.output import print_object
from receiver.cli.tables import describe, fitted_table, narrowed_table, table
from receiver.cli.verdicts import WORDS
from receiver.cli.workloads import parse_workload
from receiver.cluster.errors import NotFound
from receiver.engine.queries import list_rollbacks
from receiver.policy.followed import aftermath_sentence
from receiver.policy.intake import RollbackQuery
from receiver.policy.record import Phase, record_target
from receiver.policy.score import RuleScore, score
from receiver.policy.times import format_age, parse_time
from receiver.policy.workload import WorkloadRef

Record = dict[str, Any]
LIMIT = 500
WIDE = ("AFTERMATH", "REVIEW", "PRECISION", "SHADOW")
HEADERS = ("NAME", "TARGET", "RULE", "PHASE", "FROM", "TO", "AGE")
SPARE = ("RULE", "TARGET")
"""What a narrow terminal does without: the name begins with the workload's, and `show` tells all."""


def _target(_: click.Context, __: click.Parameter, text: str | None) -> WorkloadRef | None:
    if text is None:
        return None
    parts = text.split("/")
    if len(parts) != 3 or not all(parts):
        raise click.BadParameter("write KIND/NAMESPACE/NAME, for example Deployment/shop/checkout")
    kind, namespace, name = parts
    return parse_workload((kind, name), namespace)


@click.command("list")
@cluster_options
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "wide", "json", "yaml"]),
    default="table",
    help="How to print; wide: with what came of it, and how often the rule was right in what is listed.",
)
@click.option(
    "--phase", type=click.Choice([phase.value for phase in Phase]), help="Only those in this phase."
)
@click.option("--target", callback=_target, metavar="KIND/NS/NAME", help="Only those of this workload.")
@click.option(
    "--since", callback=duration, metavar="DURATION", help="Only those made since, for example 24h."
)
@ends_cleanly
def list_command(
    output: str,
    phase: str | None,
    target: WorkloadRef | None,
    since: timedelta | None,
    **place: Any,
) -> None:
    """List the records, the newest first."""
    now = datetime.now(UTC)
    query = RollbackQuery(
        phase=Phase(phase) if phase else None,
        target=target,
        since=now - since if since is not None else None,
        limit=LIMIT,
    )
    cluster = open_cluster(settings_from(**place))
    items = _all(cluster.records, query)
    if output in {"table", "wide"}:
        told = _table(items, now, wide=output == "wide") if items else ""
        nothing = f"No rollbacks found in namespace {cluster.namespace}."
        click.echo(colour_column(told, "PHASE", PHASES) if told else nothing)
    else:
        print_object({"apiVersion": "v1", "kind": "List", "items": items}, output)


def _all(records: Any, query: RollbackQuery) -> list[Record]:
    items: list[Record] = []
    token: str | None = None
    while True:
        found = list_rollbacks(records, replace(query, continue_token=token))
        items += found["items"]
        token = found.get("continue")
        if not token:
            return sorted(items, key=lambda raw: str(raw["metadata"]["creationTimestamp"]), reverse=True)


def _table(items: list[Record], now: datetime, *, wide: bool) -> str:
    rows = [_row(record, now) for record in items]
    if not wide:
        return narrowed_table(HEADERS, rows, spare=SPARE)
    cases = map(readable_case, items)
    scores = {each.rule: each for each in score(case for case in cases if case is not None)}
    more = [
        _more(record.get("status") or {}, scores.get(str(row[2])))
        for record, row in zip(items, rows, strict=True)
    ]
    return table((*HEADERS, *WIDE), [(*row, *added) for row, added in zip(rows, more, strict=True)])


def _more(status: Record, of_rule: RuleScore | None) -> tuple[object, ...]:
    """Return what became of a record, the verdict on it, how often its rule was right or would have been."""
    kind = (status.get("aftermath") or {}).get("kind")
    verdict = (status.get("review") or {}).get("verdict")
    return kind, verdict, of_rule and of_rule.acted, of_rule and of_rule.shadow


def _row(record: Record, now: datetime) -> tuple[object, ...]:
    status = record.get("status") or {}
    decision = status.get("decision") or {}
    created = parse_time(record["metadata"]["creationTimestamp"]) or now
    target = record_target(record)
    return (
        record["metadata"]["name"],
        target and target.path,
        decision.get("rule") or record["spec"]["rule"],
        status.get("phase"),
        (record["spec"].get("suspect") or {}).get("revision"),
        (decision.get("to") or {}).get("revision"),
        format_age(now - created),
    )


@click.command("show")
@cluster_options
@OUTPUT
@click.argument("name", shell_complete=record_names())
@ends_cleanly
def show_command(output: str, name: str, **place: Any) -> None:
    """Show one record: what happened, and what every guard said."""
    cluster = open_cluster(settings_from(**place))
    try:
        record = cluster.records.get(name)
    except NotFound:
        stop(f"no rollback {name!r} in namespace {cluster.namespace}", status=REFUSED)
    if output == "table":
        click.echo("\n".join(_story(record)))
    else:
        print_object(record, output)


def _story(record: Record) -> list[str]:
    spec, status, target = record["spec"], record.get("status") or {}, record_target(record)
    decision = status.get("decision") or {}
    facts = {
        "Name": record["metadata"]["name"],
        "Target": target and target.path,
        "Phase": status.get("phase"),
        "Message": status.get("message"),
        "Rule": f"{decision.get('rule', spec['rule'])} (mode {decision.get('mode', 'unknown')})",
        "Alert": f"{spec['alert'].get('name')}, since {spec['alert'].get('startsAt')}",
        "From": _revision(spec.get("suspect")),
        "To": _revision(decision.get("to")),
        "Patched": status.get("patchedAt"),
        "Finished": status.get("finishedAt"),
        "Seen": _seen(status),
        **_words(status),
    }
    lines = [colour_fact(describe(facts), "Phase", PHASES)]
    if verdicts := decision.get("verdicts"):
        rows = fitted_table(("GUARD", "VERDICT", "EVIDENCE"), map(_verdict, verdicts))
        lines += ["", colour_column(rows, "VERDICT", VERDICTS)]
    for warning in decision.get("warnings") or []:
        lines += ["", f"Warning: {warning}"]
    if decision.get("diff"):
        lines += ["", decision["diff"]]
    return lines


def _words(status: Record) -> dict[str, str]:
    """Return what came of the alert, what people have said and done, and until when they may say it."""
    review = status.get("review") or {}
    said = {
        "Aftermath": _aftermath(status),
        "Cleared": status.get("clearedAt"),
        "Expires": status.get("expiresAt"),
        "Approved": _by(status.get("approvedBy"), status.get("approvedAt")),
        "Rejected": _by(status.get("rejectedBy"), status.get("rejectedAt"), status.get("rejectionNote")),
        "Review": review and f"{review['verdict']}, {_by(review['by'], review['at'], review.get('note'))}",
    }
    return {name: text for name, text in said.items() if text}


def _aftermath(status: Record) -> str | None:
    """Tell the aftermath; of one that another version wrote only what it calls it."""
    try:
        return aftermath_sentence(status)
    except (KeyError, TypeError, ValueError):
        return str(status["aftermath"].get("kind"))


def _by(who: str | None, at: str | None, note: str | None = None) -> str | None:
    return None if who is None else f"by {who} at {at}" + (f": {note}" if note else "")


def _seen(status: Record) -> str:
    times = status.get("occurrences", 0)
    return "once" if times == 1 else f"{times} times, last {status.get('lastSeenAt')}"


def _revision(revision: Record | None) -> str | None:
    if not revision:
        return None
    images = ", ".join(f"{name}={image}" for name, image in (revision.get("images") or {}).items())
    return f"{revision.get('revision', 'not numbered yet')} ({images})"


def _verdict(verdict: Record) -> tuple[str, str, str]:
    return verdict["guard"], WORDS[verdict.get("allowed")], verdict["evidence"]
