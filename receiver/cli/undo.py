"""`undo`: a person's rollback, guarded and recorded as those that alerts ask for."""

from typing import Any, NoReturn

import click

from receiver.app import installation
from receiver.cli.options import REFUSED, ends_cleanly, stop, workload_options
from receiver.cli.person import person
from receiver.cli.workloads import WORKLOAD, find, resource
from receiver.cluster.api import Object
from receiver.cluster.rollout import Progress
from receiver.cluster.sightings import Sighting
from receiver.engine.byhand import ByHand, Listener, Order, by_hand
from receiver.logs import printable
from receiver.policy.decision import Decision
from receiver.policy.document import decision_diff, warnings
from receiver.policy.guards import budget, cooldown, history, paused
from receiver.policy.record import IN_WORK, Phase
from receiver.policy.rules import To
from receiver.policy.targets import TargetFault
from receiver.policy.wording import decision_sentence, kubectl_undo
from receiver.policy.workload import Unreadable, Workload, WorkloadRef

INTERRUPTED = 130


@click.command("undo")
@workload_options
@WORKLOAD
@click.option("--to", type=click.IntRange(min=1), metavar="N", help="The revision. [the last good one]")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@ends_cleanly
def undo(to: int | None, dry_run: bool, **place: Any) -> None:
    """Roll a workload back by hand: deployment/checkout, sts/db, ds/agent.

    Every guard judges that needs no alert, a record is kept, and the rollout is watched to its end.
    """
    settings, cluster, ref = find(**place)
    told = _Teller(cluster.namespace)
    listener = Listener(patched=told.patched, progress=told.progress)
    allowed = installation(settings, cluster)
    with by_hand(cluster.api, namespace=cluster.namespace, installation=allowed, listener=listener) as hands:
        seen = _seen(hands, ref)
        told.resource = resource(seen.snapshot.workload)
        if to is not None and _is_there_already(seen.snapshot.workload, to):
            click.echo(f"{told.resource} skipped rollback (current template already matches revision {to})")
            return
        order = hands.judge(seen, to or To.LAST_GOOD, by=person())
        if order.under_way is not None:
            _refuse_second(order.under_way)
        if dry_run:
            _rehearse(told, hands.rehearse(order))
        else:
            _carry_out(told, hands, order)


class _Teller:
    """Prints how it goes, as `kubectl rollout undo` and `status` do; the records live in `home`."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.resource = ""
        self._last = ""

    def patched(self) -> None:
        click.echo(f"{self.resource} rolled back")

    def progress(self, progress: Progress) -> None:
        if progress.message != self._last:
            self._last = progress.message
            click.echo(progress.message)


def _seen(hands: ByHand, ref: WorkloadRef) -> Sighting:
    found = hands.see(ref)
    if isinstance(found, TargetFault):
        stop(printable(found.evidence), status=REFUSED)
    return found


def _is_there_already(workload: Workload, number: int) -> bool:
    """Tell whether the live template is that of a revision; a number that there is not ends the command."""
    if isinstance(workload.revisions, Unreadable):
        return False
    wanted = next((one for one in (workload.live, *workload.revisions) if one.number == number), None)
    if wanted is None:
        stop(f"unable to find specified revision {number} in history", status=REFUSED)
    return wanted.digest == workload.live.digest


def _refuse_second(raw: Object) -> NoReturn:
    name, phase = raw["metadata"]["name"], (raw.get("status") or {}).get("phase")
    if phase == Phase.AWAITING_APPROVAL:
        stop(
            f"record {name} awaits approval of this very rollback: {_command('approve', raw)}", status=REFUSED
        )
    stop(f"record {name} is at it already ({phase or 'just claimed'})", status=REFUSED)


def _rehearse(told: _Teller, decision: Decision) -> None:
    if decision.chosen is None:
        _refuse(decision, told.home)
    click.echo(decision_sentence(decision).replace("Rolling", "Would roll", 1))
    _warn(decision)
    click.echo(decision_diff(decision))
    click.echo(f"{told.resource} rolled back (server dry run)")


def _carry_out(told: _Teller, hands: ByHand, order: Order) -> None:
    _warn(order.decision)
    try:
        raw = hands.carry_out(order)
    except KeyboardInterrupt:
        stop(f"\ninterrupted; any receiver goes on with record {order.record}", status=INTERRUPTED)
    if order.decision.chosen is None:
        _refuse(order.decision, told.home)
    _end(raw)


def _end(raw: Object) -> None:
    """Say how it ended; what it did not bring to its end is left to any receiver."""
    name, status = raw["metadata"]["name"], raw.get("status") or {}
    phase, message = status.get("phase"), printable(status.get("message", ""))
    if phase == Phase.SUCCEEDED:
        click.echo(f"{message} (record {name})")
    elif phase == Phase.VERIFYING:
        click.echo(f"An alert fires still; the receivers wait for it to clear: {_command('show', raw)}")
    elif phase in IN_WORK:
        stop(f"left to any receiver: record {name} is {phase}", status=REFUSED)
    else:
        stop(f"{message} (record {name}: {phase})", status=REFUSED)


def _warn(decision: Decision) -> None:
    if decision.chosen is None:
        return
    for warning in warnings(decision.snapshot.workload, decision.leading.verdicts):
        click.echo(f"Warning: {printable(warning)}", err=True)


def _command(verb: str, raw: Object) -> str:
    metadata = raw["metadata"]
    return f"rollback-receiver {verb} {metadata['name']} -n {metadata['namespace']}"


def _refuse(decision: Decision, home: str) -> NoReturn:
    """End the command with each guard that refuses, and with what a person can do about it."""
    ref = decision.snapshot.workload.ref
    lines = [f"Refused to roll {ref} back:"]
    lines += [f"  {v.guard}: {printable(v.evidence)}" for v in decision.leading.verdicts if v.blocks]
    stop("\n".join([*lines, *_ways_out(decision, home)]), status=REFUSED)


def _ways_out(decision: Decision, home: str) -> list[str]:
    ref, chosen = decision.snapshot.workload.ref, decision.leading.choice.revision
    ways = {
        paused.GUARD: f"To end the pause: rollback-receiver resume -n {home}",
        budget.GUARD: f"To see what has used the budget up: rollback-receiver list -n {home}",
        cooldown.GUARD: "Wait until it has cooled down, and look whether the last rollback has helped.",
        history.GUARD: "To name a revision with --to, see"
        f" rollback-receiver history {ref.kind.lower()}/{ref.name} -n {ref.namespace}",
    }
    said = [way for guard, way in ways.items() if guard in decision.leading.blocked_by]
    if chosen is None or chosen.number is None:
        return said
    return [*said, f"If you know better, nobody asks here: {kubectl_undo(ref, chosen.number)}"]
