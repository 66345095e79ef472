"""What would be decided: the same judgement as the intake's, and nothing changed by it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.cluster.errors import Forbidden, Unavailable
from receiver.cluster.ledger import LedgerStore
from receiver.cluster.records import Records
from receiver.cluster.snapshots import SnapshotReader
from receiver.engine.beginnings import Beginnings
from receiver.engine.explaining import Explanation, explain
from receiver.engine.judging import Judging
from receiver.engine.recollection import Recollection
from receiver.policy.alerts import Alert
from receiver.policy.context import Installation
from receiver.policy.record import Phase
from receiver.policy.rules import Mode, PodTarget, Rule, Ruleset
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.workload import WorkloadRef
from receiver.prometheus import Prometheus
from tests.engine.builders import FOLDER, record, rule
from tests.engine.engines import bad_release, firing
from tests.kubernetes.fake import FakeApi


class Explainer:
    """Explains alerts by these rules, with what the fake holds."""

    def __init__(self, fake: FakeApi, pool: ThreadPoolExecutor) -> None:
        self.fake, self.pool = fake, pool

    def __call__(
        self,
        *alerts: Alert,
        rules: tuple[Rule, ...] = (),
        mode: Mode = Mode.AUTO,
        prometheus: str | None = None,
    ) -> Explanation:
        installation, records = Installation(mode=mode), Records(self.fake, "rollbacks")
        return explain(
            alerts,
            ruleset=Ruleset(rules or (rule(),)),
            ceiling=mode,
            reader=SnapshotReader(self.fake, records, self.pool),
            judging=Judging(LedgerStore(self.fake, "rollbacks"), Recollection(records), lambda: installation),
            now=datetime.now(UTC),
            beginnings=Beginnings(None if prometheus is None else Prometheus(prometheus)),
        )


@pytest.fixture
def explained(fake: FakeApi) -> Iterator[Explainer]:
    bad_release(fake)
    with ThreadPoolExecutor(4) as pool:
        yield Explainer(fake, pool)


def test_decision_is_the_one_that_would_be_made(explained: Explainer) -> None:
    """With every guard's verdict, and where it would go back to."""
    (made,) = explained(firing()).decisions
    assert made.leading.phase is Phase.PENDING
    assert made.chosen is not None
    assert made.chosen.number == 6
    assert len(made.leading.verdicts) > 10


def test_prometheus_is_asked_and_pods_are_read_as_for_a_webhook(explained: Explainer) -> None:
    """What does not answer is a warning here too."""
    (made,) = explained(firing(pod="a"), prometheus="http://127.0.0.1:1").decisions
    warnings = [verdict.warning for verdict in made.leading.verdicts if verdict.warning]
    assert [warning[:41] for warning in warnings] == ["cannot read when the alerts began: cannot"]
    assert explained.fake.made("GET", "/pods") == 1


def test_nothing_is_changed(explained: Explainer) -> None:
    """Only reads."""
    explained(firing(), firing(deployment="gone"))
    assert {method for method, _ in explained.fake.calls} == {"GET"}


def test_each_rule_shows_which_of_its_matchers_matched(explained: Explainer) -> None:
    """In file order, for each of the alerts."""
    rules = (rule("a", 'alertname="HighErrorRate",severity="page"'), rule("b"))
    one, other = explained(firing(), firing(alertname="Other", severity="page"), rules=rules).alerts
    assert [matched for _, matched in one.rules[0].matchers] == [True, False]
    assert [sight.matched for sight in one.rules] == [False, True]
    assert [matched for _, matched in other.rules[0].matchers] == [False, True]
    assert [sight.matched for sight in other.rules] == [False, False]


def test_each_rule_that_matches_shows_where_it_leads(explained: Explainer) -> None:
    """By the labels, by what the cluster says of a pod, or to nothing; a rule that is off leads nowhere."""
    target = PodTarget.parse({"pod": "{{ $labels.pod }}", "namespace": "shop"})
    assert isinstance(target, PodTarget)
    rules = (rule("direct"), rule("by-pod", target=target), rule("other", 'alertname="Other"'))
    found = explained(
        firing(pod="none"), firing(deployment="gone"), rules=(*rules, rule("off", mode=Mode.OFF))
    )
    told = [[_reason(sight.target) for sight in alert.rules] for alert in found.alerts]
    assert told == [
        ["Deployment shop/checkout", "not_found", None, None],
        ["not_found", "label_missing", None, None],
    ]
    assert [sight.mode for sight in found.alerts[0].rules][-1] is Mode.OFF


def _reason(target: WorkloadRef | TargetFault | None) -> str | None:
    if target is None:
        return None
    return target.reason.value if isinstance(target, TargetFault) else str(target)


def test_alert_that_names_nothing_is_a_fault(explained: Explainer) -> None:
    """By the labels alone, or because the cluster has no such workload."""
    found = explained(firing(namespace=""), firing(deployment="gone"))
    assert found.decisions == ()
    assert {(r.name, fault.reason) for r, fault in found.faults} == {
        ("errors", TargetReason.LABEL_MISSING),
        ("errors", TargetReason.NOT_FOUND),
    }


def test_nothing_asked_is_nothing_said(explained: Explainer) -> None:
    """No alert, or none that a rule matches: no call is made."""
    assert explained() == Explanation((), (), ())
    found = explained(firing(alertname="Other"))
    assert (found.decisions, found.faults) == ((), ())
    assert [sight.target for sight in found.alerts[0].rules] == [None]
    assert explained(firing(), mode=Mode.OFF).decisions == ()
    assert explained.fake.calls == []


@pytest.mark.parametrize(
    ("ending", "guards"),
    [
        pytest.param("/namespaces/shop", {"scope"}, id="namespace"),
        pytest.param("/configmaps/rollback-receiver", {"budget", "paused"}, id="ledger"),
    ],
)
def test_what_may_not_be_read_blocks(explained: Explainer, ending: str, guards: set[str]) -> None:
    """In doubt, no: the guards that need it say so."""

    def refuse(_method: str, path: str) -> None:
        if path.endswith(ending):
            raise Forbidden("no", code=403)

    explained.fake.before = refuse
    (made,) = explained(firing()).decisions
    assert made.leading.phase is Phase.REFUSED
    assert guards <= set(made.leading.blocked_by)


def test_what_the_records_say_counts(explained: Explainer) -> None:
    """As for an alert that comes in: many workloads that nobody deployed are in trouble already."""
    undeployed = {"verdicts": [{"guard": "blame", "reason": "rollout_too_old"}]}
    for name in "abcde":
        raw = record(name, created=datetime.now(UTC), phase="Refused", decision=undeployed)
        raw["spec"]["target"]["name"] = name
        explained.fake.put(f"{FOLDER}/{name}", **raw)
    (made,) = explained(firing()).decisions
    assert made.leading.blocked_by == ("systemic",)


def test_history_that_may_not_be_read_blocks(explained: Explainer) -> None:
    """Without the ReplicaSets there is nothing to go back to."""

    def refuse(_method: str, path: str) -> None:
        if path.endswith("/replicasets"):
            raise Forbidden("no", code=403)

    explained.fake.before = refuse
    (made,) = explained(firing()).decisions
    assert made.chosen is None
    assert "history" in made.leading.blocked_by


def test_silent_api_server_is_an_error(explained: Explainer) -> None:
    """Nobody can say then what would be decided."""

    def silent(_method: str, _path: str) -> None:
        raise Unavailable("no answer")

    explained.fake.before = silent
    with pytest.raises(Unavailable):
        explained(firing())


def test_many_workloads_are_read_together(explained: Explainer) -> None:
    """From five of a namespace on it is listed: what is decided stays the same."""
    gone: list[Any] = [firing(deployment=f"gone-{n}") for n in range(6)]
    found = explained(firing(), *gone)
    (made,) = found.decisions
    assert made.chosen is not None
    assert made.chosen.number == 6
    assert [fault.reason for _, fault in found.faults] == [TargetReason.NOT_FOUND]
    assert explained.fake.made("GET", "/deployments") == 1
    assert explained.fake.made("GET", "/deployments/checkout") == 0
