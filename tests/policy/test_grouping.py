"""From alerts to what is to be judged: one group a workload, one fault a rule and reason."""

from datetime import timedelta

import pytest

from receiver.policy.alerts import Alert, Status
from receiver.policy.grouping import group, match_rules, matches, with_known
from receiver.policy.rules import Mode, Ruleset, ServiceTarget
from receiver.policy.targets import Clue, PodRef, ServiceRef, TargetFault, TargetReason
from receiver.policy.templates import parse_template
from receiver.policy.workload import WorkloadRef
from tests.engine.builders import CHECKOUT, NOW, alert, rule

WEB = WorkloadRef("Deployment", "shop", "web")
GONE = TargetFault(TargetReason.NOT_FOUND, "it does not exist")


def nobody(clue: Clue) -> WorkloadRef:
    raise AssertionError(f"nobody should ask for {clue}")


def test_alerts_of_one_workload_are_one_group() -> None:
    """Over all rules; in the order in which they came."""
    one, two, other = alert(), alert(pod="x"), alert(deployment="web")
    errors, latency = rule("errors"), rule("latency")
    groups = group([(one, errors), (other, errors), (two, latency)], nobody)
    assert groups.by_target == {CHECKOUT: [(one, errors), (two, latency)], WEB: [(other, errors)]}
    assert groups.faults == {}


def test_owner_of_a_pod_is_asked_for_once() -> None:
    """A hundred alerts about one pod cost one question, whatever the answer."""
    asked: list[Clue] = []

    def resolve(clue: Clue) -> WorkloadRef | TargetFault:
        asked.append(clue)
        return WEB if clue.name == "web-1" else GONE

    about = [alert(deployment="", pod=name, n=str(n)) for n in range(3) for name in ("web-1", "gone-1")]
    groups = group([(one, rule()) for one in about], resolve)
    assert asked == [PodRef("shop", "web-1"), PodRef("shop", "gone-1")]
    assert len(groups.by_target[WEB]) == 3
    (fault,) = groups.faults.values()
    assert (fault.fault, len(fault.alerts)) == (GONE, 3)


def test_service_and_pod_of_one_name_are_two_questions_and_may_be_one_workload() -> None:
    """Together with the alerts that name it themselves."""
    asked: list[Clue] = []

    def resolve(clue: Clue) -> WorkloadRef:
        asked.append(clue)
        return WEB

    target = ServiceTarget(
        service=parse_template("{{ $labels.service }}"), namespace=parse_template("{{ $labels.namespace }}")
    )
    by_service = rule("by-service").model_copy(update={"target": target})
    one, two = alert(deployment="", pod="web"), alert(deployment="", service="web", pod="web")
    direct = alert(deployment="web")
    groups = group([(one, rule()), (two, by_service), (two, by_service), (direct, rule())], resolve)
    assert asked == [PodRef("shop", "web"), ServiceRef("shop", "web")]
    assert groups.by_target == {WEB: [(one, rule()), (two, by_service), (two, by_service), (direct, rule())]}


def test_faults_are_one_for_each_rule_and_reason() -> None:
    """A thousand alerts without a namespace make one record for each rule, not a thousand."""
    bad = [alert(namespace="", n=str(n)) for n in range(5)]
    worse = alert(deployment="../../secrets")
    one, two = rule("one"), rule("two")
    groups = group([*((a, r) for a in bad for r in (one, two)), (worse, one)], nobody)
    assert groups.by_target == {}
    assert {key: len(fault.alerts) for key, fault in groups.faults.items()} == {
        ("one", "label_missing"): 5,
        ("two", "label_missing"): 5,
        ("one", "invalid_name"): 1,
    }


def test_workload_that_is_not_there_becomes_a_fault_of_its_rules() -> None:
    """Only the cluster tells, after the grouping."""
    one, two = rule("one"), rule("two")
    groups = group([(alert(), one), (alert(), two), (alert(deployment="web"), one)], nobody)
    groups.miss(CHECKOUT, GONE)
    assert list(groups.by_target) == [WEB]
    assert list(groups.faults) == [("one", "not_found"), ("two", "not_found")]


def test_rules_that_are_off_match_nothing() -> None:
    """By their own mode or by the installation's; the others stay in file order."""
    rules = (rule("b"), rule("off", mode=Mode.OFF), rule("a", mode=Mode.DRY_RUN), rule("no", 'alertname="X"'))
    ruleset = Ruleset(rules)
    assert [r.name for r in match_rules(ruleset, alert(), ceiling=Mode.AUTO)] == ["b", "a"]
    assert match_rules(ruleset, alert(), ceiling=Mode.OFF) == ()


def test_matches_are_by_rule_in_file_order() -> None:
    """Whatever the order of the alerts; a rule that is in force no more has none."""
    first, second, gone = rule("first"), rule("second"), rule("gone")
    one, two = alert(n="1"), alert(n="2")
    found = matches([(one, second), (two, first), (two, second), (one, gone)], Ruleset((first, second)))
    assert [(m.rule.name, m.alerts) for m in found] == [("first", (two,)), ("second", (one, two))]


OLDER = timedelta(minutes=10)
KNOWN = alert(n="1", age=OLDER)
NEW = alert(n="2")


@pytest.mark.parametrize(
    ("told", "known", "ended", "counts"),
    [
        pytest.param(NEW, {"errors": [KNOWN]}, None, True, id="another-of-this-trouble"),
        pytest.param(NEW, {"latency": [KNOWN]}, None, False, id="matched-by-another-rule"),
        pytest.param(NEW, {"errors": [alert(alertname="Slow")]}, None, False, id="another-trouble"),
        pytest.param(
            NEW, {"errors": [alert(n="1", status=Status.RESOLVED)]}, None, False, id="resolved-on-the-record"
        ),
        pytest.param(alert(n="1"), {"errors": [KNOWN]}, None, False, id="told-again-and-begun-anew"),
        pytest.param(NEW, {"errors": [KNOWN]}, OLDER, False, id="its-end-was-heard"),
        pytest.param(NEW, {"errors": [KNOWN]}, 2 * OLDER, True, id="an-earlier-end-was-heard"),
        pytest.param(NEW, {}, None, False, id="nothing-known"),
    ],
)
def test_a_trouble_is_judged_with_what_the_record_knows_of_it(
    told: Alert, known: dict[str, list[Alert]], ended: timedelta | None, *, counts: bool
) -> None:
    """However Alertmanager divides it into messages; what only the record tells of makes no rule act."""
    errors, latency = rule("errors"), rule("latency")
    matched = [(told, errors), (alert(alertname="Other"), latency)]
    over = {} if ended is None else {KNOWN.fingerprint: NOW - ended}
    whole = with_known(matched, known, over)
    assert whole == (*matched, *([(KNOWN, errors)] if counts else []))
