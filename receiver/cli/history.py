"""`history`: a workload's revisions, and which of them a rollback would trust."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from receiver.app import see_workload
from receiver.cli.colours import STATES, colour_column
from receiver.cli.options import OUTPUT, REFUSED, ends_cleanly, stop, workload_options
from receiver.cli.output import print_object
from receiver.cli.tables import fitted, fitted_table
from receiver.cli.workloads import WORKLOAD, find, resource
from receiver.logs import printable
from receiver.policy.chronicle import Entry, Standing, chronicle
from receiver.policy.plan import template_diff, template_text
from receiver.policy.rules import Rollback
from receiver.policy.targets import TargetFault
from receiver.policy.times import format_age, format_time
from receiver.policy.workload import Revision, Unreadable, Workload

HEADERS = ("REVISION", "STATE", "AGE", "SOAK", "IMAGE", "CHANGE")
IMAGE_WIDTH = 22
UNKNOWN = "<unknown>"


@click.command("history")
@workload_options
@WORKLOAD
@OUTPUT
@click.option("--revision", type=click.IntRange(min=1), metavar="N", help="Show this one whole.")
@ends_cleanly
def history(output: str, revision: int | None, **place: Any) -> None:
    """List a workload's revisions: deployment/checkout, sts/db, ds/agent.

    With when each went live, how long it was fully in service, and what is known to be bad.
    """
    _, cluster, ref = find(**place)
    found = see_workload(cluster, ref)
    if isinstance(found, TargetFault):
        stop(printable(found.evidence), status=REFUSED)
    workload = found.snapshot.workload
    entries = chronicle(found.snapshot, soak=Rollback().soak)
    if isinstance(entries, Unreadable):
        stop(printable(str(entries)), status=REFUSED)
    now = datetime.now(UTC)
    if output != "table":
        shown = _shown(entries, revision)
        items = [_document(entry, workload.live, whole=revision is not None) for entry in shown]
        print_object({"target": ref.path, "revisions": items}, output)
    elif revision is None:
        click.echo(_listed(workload, entries, now))
    else:
        click.echo(_whole(workload, _shown(entries, revision)[0], now))


def _shown(entries: Sequence[Entry], number: int | None) -> list[Entry]:
    """Return the revision of a number, or all of them for None; one that there is not ends the command."""
    found = [entry for entry in entries if number in {None, entry.revision.number}]
    if not found:
        stop(f"unable to find the specified revision {number}", status=REFUSED)
    return found


def _listed(workload: Workload, entries: Sequence[Entry], now: datetime) -> str:
    told = fitted_table(HEADERS, (_row(entry, now) for entry in entries))
    parts = [resource(workload), colour_column(told, "STATE", STATES)]
    if reasons := [
        f"{one.revision.label}: {one.why}" for one in entries if one.standing is not Standing.GOOD
    ]:
        parts += ["", *map(fitted, reasons)]
    return "\n".join(parts)


def _row(entry: Entry, now: datetime) -> tuple[object, ...]:
    revision = entry.revision
    cause = [] if revision.change_cause is None else [revision.change_cause]
    return (
        "new" if revision.number is None else revision.number,
        _state(entry),
        UNKNOWN if revision.live_since is None else format_age(now - revision.live_since),
        UNKNOWN if revision.soak is None else format_age(revision.soak),
        ",".join(_short(image) for image in revision.images.values()),
        "; ".join([*cause, *entry.changes]),
    )


def _state(entry: Entry) -> str:
    """Say how a revision stands; that the live one is not proven yet is no news."""
    if not entry.live:
        return entry.standing.value
    return "live" if entry.standing is not Standing.BAD else f"live,{entry.standing}"


def _short(image: str) -> str:
    """Return an image without its registry, and its end where it is long: there it differs."""
    name = image.rpartition("/")[2]
    return name if len(name) <= IMAGE_WIDTH else f"…{name[1 - IMAGE_WIDTH :]}"


def _whole(workload: Workload, entry: Entry, now: datetime) -> str:
    """Show one revision as `kubectl rollout history --revision` does, with its diff to the live one."""
    revision = entry.revision
    lines = [
        f"{resource(workload)} with revision #{revision.number}",
        f"State:   {_state(entry)} ({entry.why})",
    ]
    if revision.live_since is not None:
        lines.append(
            f"Live:    since {format_time(revision.live_since)}, {format_age(now - revision.live_since)} ago"
        )
    if revision.change_cause is not None:
        lines.append(f"Cause:   {revision.change_cause}")
    text = [*lines, "Pod Template:", *(f"  {line}" for line in template_text(revision).splitlines())]
    if not entry.live:
        text += ["", *template_diff(workload.live, revision).splitlines()]
    return "\n".join(map(printable, text))


def _document(entry: Entry, live: Revision, *, whole: bool) -> dict[str, Any]:
    revision = entry.revision
    known = {
        "revision": revision.number,
        "templateHash": revision.template_hash,
        "live": entry.live,
        "standing": entry.standing.value,
        "why": entry.why,
        "images": revision.images,
        "liveSince": revision.live_since and format_time(revision.live_since),
        "leftAt": revision.left_at and format_time(revision.left_at),
        "soakSeconds": None if revision.soak is None else int(revision.soak.total_seconds()),
        "changeCause": revision.change_cause,
        "changes": list(entry.changes),
        "template": revision.template if whole else None,
        "diff": template_diff(live, revision) if whole and not entry.live else None,
    }
    return {key: value for key, value in known.items() if value is not None}
