"""A rollback by hand: the same judgement, the same record and the same steps, in the process of a command.

The record's name is the usual one, so no webhook does it a second time; and a command that is cut off leaves
a record behind that any receiver takes over.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor as Pool
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from receiver.cluster.api import Api, Object
from receiver.cluster.errors import ClusterError
from receiver.cluster.ledger import LedgerStore, Sight
from receiver.cluster.records import Records
from receiver.cluster.rollout import Progress
from receiver.cluster.sightings import Found, Sighting
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.asking import ask_server
from receiver.engine.claims import Claim
from receiver.engine.desk import Desk
from receiver.engine.instance import Instance
from receiver.engine.judging import Judging
from receiver.engine.needs import with_needs
from receiver.engine.recollection import Recollection
from receiver.engine.task import Task
from receiver.engine.works import Works
from receiver.policy.alerts import Payload
from receiver.policy.byhand import Revision, by_hand_rule, manual_alert
from receiver.policy.context import Installation
from receiver.policy.decision import Decision, Match
from receiver.policy.hearing import Case, Hearing
from receiver.policy.plan import make_plan
from receiver.policy.preflight import with_preflight
from receiver.policy.record import IN_WORK, Phase, phase_of
from receiver.policy.rules import Ruleset
from receiver.policy.workload import WorkloadRef

LOOK_SECONDS = 0.05
UNDER_WAY = frozenset({None, Phase.AWAITING_APPROVAL, *IN_WORK})
FINISH_SECONDS, THREADS = 3.0, 8


def here() -> Instance:
    """Name this process as one that works on records; no receiver has its address."""
    return Instance(f"{socket.gethostname()}:undo-{os.getpid()}")


@contextmanager
def by_hand(
    api: Api, *, namespace: str, installation: Installation, listener: "Listener"
) -> Iterator["ByHand"]:
    """Give what rolls back by hand, with the records in `namespace`, for as long as a `with` block."""
    instance, ledger = here(), LedgerStore(api, namespace)
    records = Records(api, namespace, writer=str(instance))
    with ThreadPoolExecutor(THREADS, thread_name_prefix="by-hand") as pool:
        desk = Desk(
            api=api,
            records=records,
            reader=SnapshotReader(api, records, pool),
            judging=Judging(ledger, Recollection(records), lambda: installation),
            instance=instance,
            rules=Ruleset,
            defaults=installation.defaults,
        )
        yield ByHand(desk, pool, listener)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears how it goes: of the patch once it is made, and of every look at the rollout."""

    patched: Callable[[], None]
    progress: Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Order:
    """A person's command about a workload as it was seen, and what is decided about it."""

    sighting: Sighting
    match: Match
    hearing: Hearing
    seen: Sight
    by: str

    @property
    def record(self) -> str:
        """Return the name of its record."""
        return self.sighting.snapshot.record

    @property
    def decision(self) -> Decision:
        """Return what is decided."""
        return self.hearing.decisions[self.record]

    @property
    def under_way(self) -> Object | None:
        """Return the record of the live template where somebody is at it already, None where nobody is."""
        raw = self.sighting.own_record
        return raw if raw is not None and phase_of(raw) in UNDER_WAY else None


class ByHand:
    """Rolls workloads back because a person says so, one after the other."""

    def __init__(self, desk: Desk, pool: Pool, listener: Listener) -> None:
        self._desk = desk
        self._pool = pool
        self._listener = listener
        self._works = Works(desk, pool, on_progress=listener.progress, step=self._step)
        self._told = False

    def see(self, target: WorkloadRef) -> Found:
        """Read a workload, and what was done to it before.

        Raises:
            ClusterError: it cannot be read.
        """
        return self._desk.reader.read(target)

    def judge(self, sighting: Sighting, to: Revision, *, by: str) -> Order:
        """Decide what is to become of a person's command; nothing is stored.

        Raises:
            ClusterError: the cluster cannot be read.
        """
        now = self._desk.now()
        alert = manual_alert(sighting.snapshot.workload.ref, to, by=by, at=now)
        match = Match(by_hand_rule(to, self._desk.defaults), (alert,))
        cases = with_needs(self._desk.reader, [Case(sighting.snapshot, (match,))])
        seen = self._desk.judging.look()
        return Order(sighting, match, self._desk.judging.hear(cases, seen.ledger, now), seen, by)

    def rehearse(self, order: Order) -> Decision:
        """Return the decision with the server's word on it; nothing is stored.

        Raises:
            Unavailable: the server did not answer.
        """
        decision = order.decision
        if decision.chosen is None:
            return decision
        plan = make_plan(
            order.sighting.snapshot.workload,
            decision.chosen,
            record=order.record,
            rule=order.match.rule,
            now=decision.at,
        )
        return with_preflight(decision, ask_server(self._desk.api, plan))

    def carry_out(self, order: Order) -> Object:
        """Store the decision, do what it says, and watch the rollout; return the record as it stands then.

        Whatever ends this early, Ctrl-C too, hands the record over to the receivers.

        Raises:
            ClusterError: it is not stored.
        """
        claim, claims, executor = self._claim(order), self._works.claims, self._works.executor
        executor.start()
        try:
            claims.begin(claim, claims.enter(claim))
            while executor.works_on(order.record):
                time.sleep(LOOK_SECONDS)
        except BaseException:
            executor.stop(FINISH_SECONDS)
            with suppress(ClusterError):
                self._works.hand_over(order.record)
            raise
        executor.stop(FINISH_SECONDS)
        return self._works.hand_over(order.record)

    def _claim(self, order: Order) -> Claim:
        (alert,) = order.match.alerts
        return Claim(
            order.sighting,
            ((alert, order.match.rule),),
            Payload("4", "", "undo", "", 0, (alert,)),
            received_at=order.hearing.at,
            preview=order.decision,
            final=self._pool.submit(self._desk.judging.spend, order.hearing, order.seen),
            by=order.by,
        )

    def _step(self, task: Task) -> float | None:
        """Do what is due; an alert that has joined meanwhile is for the receivers to wait for."""
        seconds = self._works.steps(task)
        status_now = task.raw().get("status") or {}
        if status_now.get("patchedAt") and not self._told:
            self._told = True
            self._listener.patched()
        return None if status_now.get("phase") == Phase.VERIFYING else seconds
