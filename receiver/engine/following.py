"""Follows the records that ended without a patch: looks at their workloads once a minute, at a bounded cost.

All that is needed stands on the records, so that any receiver goes on where another ended; several who see
the same write the same, once. Nobody waits for this, and no alert passes through it.
"""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from receiver import metrics
from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, NotFound, Unavailable
from receiver.cluster.kinds import get_workload
from receiver.engine.desk import Desk
from receiver.engine.resolutions import Resolutions
from receiver.engine.retention import Retention
from receiver.policy.aftermath import Followed, Live, judge_aftermath, live_revision
from receiver.policy.followed import aftermath_document, parse_followed, parse_unresolved
from receiver.policy.podtemplate import template_digest
from receiver.policy.retention import DEFAULT, Limits, Stored, parse_stored
from receiver.policy.score import WINDOW, Case, parse_case, score
from receiver.policy.targets import TargetFault

log = logging.getLogger(__name__)
EVERY_SECONDS, SHORTEST_SECONDS = 60.0, 1.0
LOOKS = 20
"""So many looks are made while a record is followed for a time shorter than twenty minutes."""
REST = 9
"""A pause is at least so many times as long as the pass before: passes take a tenth of the time."""
WORKLOADS = 100
"""So many workloads are looked at in one pass, those first whose last look is the longest ago."""
FLUSH_SECONDS = 1.0


class Following:
    """Looks at all records every minute, in a thread of its own, and enters how it ended where that is known.

    `lasting` is how long a record is followed from its creation on; zero follows none. What is
    beyond `limits` is deleted.
    """

    def __init__(
        self, desk: Desk, resolutions: Resolutions, *, lasting: timedelta, limits: Limits = DEFAULT
    ) -> None:
        self._desk = desk
        self._resolutions = resolutions
        self._lasting = lasting
        self._retention = Retention(desk.records, limits)
        self._looked: dict[str, int] = {}
        self._passes = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="following", daemon=True)

    def start(self) -> None:
        """Begin, and look at the records after the first pause: starting is busy enough."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was heard until now is entered yet."""
        self._stopped.set()
        self._resolutions.wake()

    def finish(self) -> None:
        """Wait until that is done, at most a second."""
        if self._thread.is_alive():
            self._thread.join(FLUSH_SECONDS)

    def _run(self) -> None:
        due = time.monotonic() + self.pause(0)
        while not self._stopped.is_set():
            self._resolutions.wait(max(0.0, due - time.monotonic()))
            began = time.monotonic()
            self._try(look=began >= due and not self._stopped.is_set())
            if began >= due:
                due = time.monotonic() + self.pause(time.monotonic() - began)
        self._try(look=False)

    def _try(self, *, look: bool) -> None:
        try:
            self.look() if look else self._resolutions.enter()
        except ClusterError as e:
            log.warning("cannot look at what is followed: %s", e)
        except Exception:
            log.exception("a fault of the receiver's own, following what it did not do")

    def pause(self, took_seconds: float) -> float:
        """Return how many seconds after a pass the next one begins."""
        wanted = min(EVERY_SECONDS, max(SHORTEST_SECONDS, self._lasting.total_seconds() / LOOKS))
        return max(wanted, took_seconds * REST)

    def look(self) -> None:
        """Read all records, look at workloads as far as the bound allows, publish the scores, delete the old.

        Raises:
            ClusterError: the records cannot be read, no workload can now, or none can be deleted.
        """
        now = self._desk.now()
        cases, followed, stored, unresolved = self._read(now)
        self._resolutions.index(unresolved, listed_at=now)
        self._publish(cases)
        for some in self._next(followed):
            if self._stopped.is_set():
                return
            self._look_at(some)
        self._retention.tidy(stored, now=now, stopped=self._stopped.is_set)

    def _read(
        self, now: datetime
    ) -> tuple[list[Case], list[Followed], list[Stored], dict[str, frozenset[str]]]:
        """Keep of each record what is needed of it; they are many, and none is kept as a whole."""
        cases, followed, stored = list[Case](), list[Followed](), list[Stored]()
        unresolved: dict[str, frozenset[str]] = {}
        for raw in self._desk.records.everything():
            try:
                case, one, fires = parse_case(raw), parse_followed(raw), parse_unresolved(raw)
                stored.append(parse_stored(raw, lasting=self._lasting, now=now))
            except (KeyError, TypeError, ValueError, AttributeError) as e:
                log.warning("the record %s is not counted: %r", raw["metadata"]["name"], e)
                continue
            cases += [case] if case and case.at > now - WINDOW else []
            followed += [one] if one and self._lasting and one.is_due(lasting=self._lasting, now=now) else []
            unresolved |= {raw["metadata"]["name"]: fires} if fires else {}
        return cases, followed, stored, unresolved

    def _publish(self, cases: Iterable[Case]) -> None:
        in_force = {rule.name for rule in self._desk.rules().rules}
        metrics.set_scores([each for each in score(cases) if each.rule in in_force])

    def _next(self, followed: Sequence[Followed]) -> Iterator[list[Followed]]:
        """Yield the records of each workload whose turn it is."""
        by_uid: dict[str, list[Followed]] = {}
        for one in followed:
            by_uid.setdefault(one.uid, []).append(one)
        self._looked = {uid: self._looked.get(uid, 0) for uid in by_uid}
        self._passes += 1
        for uid in sorted(by_uid, key=lambda uid: self._looked[uid])[:WORKLOADS]:
            self._looked[uid] = self._passes
            yield by_uid[uid]

    def _look_at(self, some: Sequence[Followed]) -> None:
        """Look at one workload for all its records; one that cannot be read keeps nobody from the next."""
        try:
            seen = self._see(some)
            for one, live in seen:
                self._enter(one, live)
        except Unavailable:
            raise
        except (ClusterError, KeyError, TypeError, ValueError) as e:
            log.warning("cannot follow %s: %r", some[0].target, e)

    def _see(self, some: Sequence[Followed]) -> list[tuple[Followed, Live]]:
        """Return what is live for each; its history is read only where that is not the suspect."""
        try:
            raw = get_workload(self._desk.api, some[0].target)
        except NotFound:
            return []
        if raw["metadata"]["uid"] != some[0].uid:
            return []
        digest = template_digest(raw["spec"].get("template") or {})
        unmoved = [(one, Live(digest)) for one in some if one.suspect == digest]
        moved = [one for one in some if one.suspect != digest]
        return [*unmoved, *(self._moved(moved) if moved else [])]

    def _moved(self, some: Sequence[Followed]) -> Iterator[tuple[Followed, Live]]:
        found = self._desk.reader.read(some[0].target)
        if isinstance(found, TargetFault) or found.snapshot.workload.uid != some[0].uid:
            return
        for one in some:
            if live := live_revision(one, found.snapshot):
                yield one, live

    def _enter(self, one: Followed, live: Live) -> None:
        """Enter how it ended, if it has, by the record as it stands at that moment."""
        now = self._desk.now()
        if judge_aftermath(one, live, lasting=self._lasting, now=now) is None:
            return
        raw = self._desk.records.get(one.record)

        def change(old: Object) -> Object | None:
            current = parse_followed({**raw, "status": old})
            ended = current and judge_aftermath(current, live, lasting=self._lasting, now=now)
            return {**old, "aftermath": aftermath_document(ended)} if ended else None

        self._desk.records.update_status(raw, change)
