"""The intake: from a payload to records in etcd. What is stored stays; the rest is asked for again.

A firing alert that matched is accepted only when the record that it belongs to is stored. Whatever fails
leaves an error, and Alertmanager, which then sends the whole group again, is the queue.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain

from receiver import metrics
from receiver.cluster.errors import NotFound
from receiver.cluster.ledger import Sight
from receiver.cluster.sightings import Sighting
from receiver.engine.beginnings import Answer
from receiver.engine.belonging import belongs, record_of
from receiver.engine.cases import Fresh, cases_of, look_up, sightings_of
from receiver.engine.claims import Claim, Claims
from receiver.engine.clearing import Clearing
from receiver.engine.desk import Desk
from receiver.engine.entries import Entries
from receiver.engine.known import Known
from receiver.engine.resolutions import Resolutions
from receiver.policy.alerts import Alert, Payload
from receiver.policy.grouping import Ended, Groups, Matched, group, match_rules, of_same_trouble
from receiver.policy.intake import Accepted
from receiver.policy.rules import Mode, Ruleset
from receiver.policy.workload import WorkloadRef

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """One payload on its way, with the rules that were in force when it came.

    `ended` is what had resolved, before any record was read, and may not stand there yet.
    """

    payload: Payload
    received_at: datetime
    ruleset: Ruleset
    ended: Ended = field(default_factory=dict)


class Intake:
    """Takes payloads in, any number at once.

    `readers` runs single calls; `writers` runs the entering of records, which waits for such calls.
    """

    def __init__(
        self,
        desk: Desk,
        claims: Claims,
        entries: Entries,
        clearing: Clearing,
        resolutions: Resolutions,
        *,
        ceiling: Mode,
        readers: Pool,
        writers: Pool,
    ) -> None:
        self._desk = desk
        self._claims = claims
        self._entries = entries
        self._clearing = clearing
        self._resolutions = resolutions
        self._ceiling = ceiling
        self._readers = readers
        self._writers = writers
        self._known = Known()

    def take(self, payload: Payload, received_at: datetime) -> Accepted:
        """Store everything of a payload that matched.

        Raises:
            ClusterError: not everything is stored; what is stored stays.
        """
        post = Post(payload, received_at, self._desk.rules())
        matched = self._match(post)
        cleared = self._clearing.clear(alert for alert, _ in matched if not alert.firing)
        known = {fingerprint for found in cleared.values() for fingerprint in found}
        ended = {alert.key: alert for alert, _ in matched if not alert.firing}
        self._resolutions.hear(
            ended.values(), lambda alert: None if alert.fingerprint in known else self._known.record_of(alert)
        )
        firing = [pair for pair in matched if pair[0].firing]
        rest, repeated = self._repeats(firing)
        told = [pair for pairs in repeated.values() for pair in pairs]
        records = [*cleared, *repeated, *self._take_new(post, rest, told)]
        accepted = {alert.key for alert, _ in matched if alert.firing or alert.fingerprint in known}
        return Accepted(
            len(accepted), max(0, len(payload.alerts) - len(accepted)), tuple(dict.fromkeys(records))
        )

    def _match(self, post: Post) -> list[Matched]:
        matched: list[Matched] = []
        for alert in post.payload.alerts:
            metrics.ALERTS_RECEIVED.labels(status=alert.status.value).inc()
            rules = match_rules(post.ruleset, alert, ceiling=self._ceiling)
            if not rules:
                metrics.ALERTS_IGNORED.labels(reason="no_rule_in_force").inc()
            if alert.firing:
                for rule in rules:
                    metrics.ALERTS_MATCHED.labels(rule=rule.name).inc()
            matched += [(alert, rule) for rule in rules]
        if post.payload.truncated_alerts:
            metrics.ALERTS_TRUNCATED.inc(post.payload.truncated_alerts)
            log.warning("Alertmanager left %d alerts out (max_alerts): lost", post.payload.truncated_alerts)
        return matched

    def _repeats(self, firing: Sequence[Matched]) -> tuple[list[Matched], dict[str, list[Matched]]]:
        """Join what is known to belong to a record in work or done, at one read for each.

        Returns the rest, and what was joined by record.
        """
        by_record: dict[str, list[Matched]] = defaultdict(list)
        for alert, rule in firing:
            by_record[self._known.record_of(alert) or ""].append((alert, rule))
        rest, joined = by_record.pop("", []), dict[str, list[Matched]]()
        mine = self._writers.map(self._repeat, by_record, by_record.values())
        for (name, pairs), belonging in zip(by_record.items(), mine, strict=True):
            rest += [pair for pair in pairs if pair not in belonging]
            if belonging:
                joined[name] = belonging
        return rest, joined

    def _repeat(self, name: str, pairs: list[Matched]) -> list[Matched]:
        """Join a record; return what does belong to it."""
        try:
            raw = self._desk.records.get(name)
        except NotFound:
            return []
        belonging = [pair for pair in pairs if belongs(raw, pair)]
        if belonging:
            self._entries.join(raw, _named(belonging))
        return belonging

    def _take_new(self, post: Post, firing: Sequence[Matched], told: Sequence[Matched]) -> list[str]:
        """Take in what may be new; `told` is what came with it and is known to belong elsewhere."""
        if not firing:
            return []
        post = replace(post, ended=self._resolutions.ended())
        began = self._desk.beginnings.ask([alert for alert, _ in firing])
        seen = self._desk.judging.glance()
        resolve = self._desk.reader.resolver()
        groups = group(firing, resolve)
        sightings = sightings_of(look_up(self._desk.reader, groups))
        faults = [
            self._writers.submit(self._entries.fault, fault, post.payload, post.received_at)
            for fault in groups.faults.values()
        ]
        beside = group(of_same_trouble(told, firing), resolve)
        fresh, joined = self._sort_out(groups, sightings, beside)
        return [*joined, *self._enter(post, fresh, seen, began), *(fault.result() for fault in faults)]

    def _sort_out(
        self, groups: Groups, sightings: dict[WorkloadRef, Sighting], beside: Groups
    ) -> tuple[list[Fresh], list[str]]:
        """Join what belongs to a record; return what is to be judged, and the records that were joined."""
        left: list[Fresh] = []
        joined: list[str] = []
        for ref, sighting in sightings.items():
            fresh: list[Matched] = []
            by_record: dict[str, list[Matched]] = defaultdict(list)
            records = {raw["metadata"]["name"]: raw for raw in sighting.records}
            for pair in groups.by_target[ref]:
                name = record_of(sighting, pair)
                (fresh if name is None else by_record[name]).append(pair)
            for name, pairs in by_record.items():
                joined.append(self._entries.join(records[name], _named(pairs)))
                self._remember(name, pairs)
            if fresh:
                told = (*beside.by_target.get(ref, ()), *chain.from_iterable(by_record.values()))
                left.append(Fresh(sighting, tuple(fresh), told))
        return left, joined

    def _enter(self, post: Post, fresh: Sequence[Fresh], seen: Sight, began: Answer) -> list[str]:
        """Decide, and store the decisions while the ledger is written.

        A single workload is acted on at once; of many, all are stored before the first is acted on, because
        Alertmanager waits for the answer.
        """
        if not fresh:
            return []
        claims = self._decide(post, fresh, seen, began)
        alone = len(claims) == 1
        names = [self._claims.enter_at_once(claims[0])] if alone else self._enter_all(claims)
        for claim in claims:
            self._remember(claim.name, claim.matched)
        return names

    def _enter_all(self, claims: Sequence[Claim]) -> list[str]:
        """Store as many as can be, act on those, and only then fail for the first that is not stored."""
        entered = [(claim, self._writers.submit(self._claims.enter, claim)) for claim in claims]
        wait([future for _, future in entered])
        for claim, future in entered:
            if future.exception() is None:
                self._claims.begin(claim, future.result())
        for _, future in entered:
            future.result()
        return [claim.name for claim in claims]

    def _decide(self, post: Post, fresh: Sequence[Fresh], seen: Sight, began: Answer) -> list[Claim]:
        cases = cases_of(self._desk.reader, fresh, post.ruleset, began=began, ended=post.ended)
        hearing = self._desk.judging.hear(cases, seen.ledger, self._desk.now())
        final = self._readers.submit(self._desk.judging.spend, hearing, seen)
        return [
            Claim(
                one.sighting,
                one.pairs,
                post.payload,
                post.received_at,
                hearing.decisions[one.sighting.snapshot.record],
                final,
            )
            for one in fresh
        ]

    def _remember(self, record: str, pairs: Sequence[Matched]) -> None:
        for alert, _ in pairs:
            self._known.remember(alert, record)


def _named(pairs: Sequence[Matched]) -> list[tuple[Alert, str]]:
    return [(alert, rule.name) for alert, rule in pairs]
