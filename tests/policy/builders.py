"""A workload that may be rolled back, and all around it: a test changes the one thing that it is about.

Deployment shop/checkout runs revision 7 since 6 minutes; 5 and 6 served well before it; HighErrorRate fires
since 2 minutes; rule and installation say auto. Left as it is, it goes back to revision 6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from receiver.policy.alerts import Alert, Status
from receiver.policy.bystanders import Bystanders
from receiver.policy.choice import Choice, Reason, choose
from receiver.policy.context import Context, Installation, StillFiring
from receiver.policy.decision import Decision, Match, Snapshot, decide
from receiver.policy.history import KnownBad
from receiver.policy.inventory import Inventory
from receiver.policy.ledger import Ledger, Spending
from receiver.policy.matchers import parse_matchers
from receiver.policy.record import PastRollback, Phase
from receiver.policy.rules import GuardSettings, Mode, Rollback, Rule
from receiver.policy.workload import Revision, Unreadable, Workload, WorkloadRef

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
CHECKOUT = WorkloadRef("Deployment", "shop", "checkout")
AUTO = Installation(mode=Mode.AUTO)
FORBIDDEN = Unreadable("the earlier records", "403 Forbidden")


def template(image: str, **spec: Any) -> dict[str, Any]:
    """A pod template as the API server returns a ReplicaSet's."""
    labels = {"app": "checkout", "pod-template-hash": image.replace(":", "")}
    containers = [{"name": "web", "image": image}]
    return {"metadata": {"labels": labels}, "spec": {"containers": containers, **spec}}


def revision(number: int | None, **changes: Any) -> Revision:
    """Revision N with image checkout:N, live since 10 days after the Nth day before 10 days ago."""
    made = Revision(
        number=number,
        template=template(f"checkout:{number}"),
        template_hash=None if number is None else f"hash{number}",
        live_since=NOW - 10 * DAY + (number or 9) * DAY,
        left_at=NOW - 9 * DAY + (number or 9) * DAY,
        soak=DAY,
    )
    return replace(made, **changes)


LIVE = revision(7, live_since=NOW - 6 * MINUTE, left_at=None, soak=None)
OLDER = (revision(5), revision(6))


def workload(**changes: Any) -> Workload:
    """Deployment shop/checkout."""
    made = Workload(CHECKOUT, "apps/v1", "uid-1", 7, LIVE, OLDER, annotations={}, namespace_annotations={})
    return replace(made, **changes)


def alert(name: str = "HighErrorRate", *, age: timedelta = 2 * MINUTE, **labels: str) -> Alert:
    """An alert that has been firing for `age`."""
    named = {"alertname": name, "namespace": "shop", "deployment": "checkout", **labels}
    return Alert(Status.FIRING, named, NOW - age)


def rule(
    name: str = "errors",
    *,
    mode: Mode = Mode.AUTO,
    for_: timedelta | None = timedelta(0),
    rollback: Rollback | None = None,
    **guards: Any,
) -> Rule:
    """A rule with these guard settings."""
    matchers = parse_matchers('alertname="HighErrorRate"')
    settings, to = GuardSettings(**guards), rollback or Rollback()
    return Rule(name=name, matchers=matchers, mode=mode, for_=for_, rollback=to, guards=settings)


def past(**changes: Any) -> PastRollback:
    """A record of a rollback from revision 3, long gone, to revision 4, a day ago."""
    made = PastRollback(
        record="checkout-old",
        target=CHECKOUT,
        rule="errors",
        phase=Phase.SUCCEEDED,
        uid="uid-1",
        from_number=3,
        from_hash="hash3",
        to_number=4,
        to_hash="hash4",
        patched_at=NOW - DAY,
    )
    return replace(made, **changes)


def spending(record: str = "other-1", **changes: Any) -> Spending:
    """A rollback of another workload by another rule, in another namespace, ten minutes ago."""
    made = Spending(record, WorkloadRef("Deployment", "blog", "web"), "latency", NOW - 10 * MINUTE)
    return replace(made, **changes)


def own_record(of: Workload | None = None) -> str:
    """The name of the record about the live template."""
    return Snapshot(of or workload(), ()).record


def context(
    *,
    workload: Workload = workload(),  # noqa: B008 # a frozen value
    past: tuple[PastRollback, ...] | Unreadable = (),
    rule: Rule = rule(),  # noqa: B008 # a frozen value
    **changes: Any,
) -> Context:
    """What the guards see, with choice and known bad revisions as they follow from the rest."""
    known_bad = past if isinstance(past, Unreadable) else KnownBad(workload, past)
    made = Context(
        now=NOW,
        rule=rule,
        alerts=(alert(),),
        workload=workload,
        past=past,
        ledger=Ledger(),
        installation=AUTO,
        choice=_choice(rule, workload, known_bad),
        known_bad=known_bad,
        record=own_record(workload),
        bystanders=Bystanders(),
    )
    return replace(made, **changes)


def _choice(rule: Rule, workload: Workload, known_bad: KnownBad | Unreadable) -> Choice:
    if isinstance(known_bad, Unreadable):
        return Choice(None, Reason.UNREADABLE, str(known_bad))
    return choose(rule.rollback, workload, known_bad)


def decision(
    of: Workload | None = None,
    *,
    past: tuple[PastRollback, ...] | Unreadable = (),
    rules: Sequence[Rule] = (),
    alerts: Sequence[Alert] = (),
    ledger: Ledger | Unreadable | None = None,
    installation: Installation = AUTO,
    still_firing: StillFiring | Unreadable = StillFiring.NOT_LATE,
    bystanders: Bystanders | Unreadable = Bystanders(),  # noqa: B008 # a frozen value
    inventory: Inventory | None = None,
) -> Decision:
    """What is decided when every rule matched every alert."""
    matches = [Match(one, tuple(alerts or [alert()]), still_firing) for one in rules or [rule()]]
    return decide(
        Snapshot(of or workload(), past, inventory=inventory or {}),
        matches,
        ledger=Ledger() if ledger is None else ledger,
        bystanders=bystanders,
        installation=installation,
        now=NOW,
    )


def annotated(**annotations: str) -> Mapping[str, str]:
    """Our annotations, by the part of their name after the slash, `_` for `-`."""
    return {f"rollback-receiver.dev/{key.replace('_', '-')}": text for key, text in annotations.items()}
