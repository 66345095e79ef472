"""A rule test to change one thing of: Deployment shop/a runs revision 3 since 9 minutes, and it errs."""

from typing import Any

from receiver.policy.matchers import parse_matchers
from receiver.policy.rules import GuardSettings, Mode, Rule, Ruleset
from receiver.policy.ruletests.document import InstallationEntry, RuleTest
from receiver.policy.ruletests.scene import Scene, make_scene
from receiver.policy.ruletests.trial import Outcome, try_test
from receiver.policy.workload import WorkloadRef

REF = WorkloadRef("Deployment", "shop", "a")
AUTO = InstallationEntry(mode=Mode.AUTO)
LABELS = {"alertname": "Errors", "namespace": "shop", "deployment": "a"}


def revision(number: int, rolled_out: str, **more: Any) -> dict[str, Any]:
    return {"revision": number, "rolled_out": rolled_out, **more}


def workload(**changes: Any) -> dict[str, Any]:
    revisions = [revision(1, "9d"), revision(2, "2d"), revision(3, "9m")]
    return {"kind": "Deployment", "namespace": "shop", "name": "a", "revisions": revisions, **changes}


def past(**changes: Any) -> dict[str, Any]:
    made = {"target": "Deployment/shop/a", "rule": "errors", "age": "1d", "phase": "Succeeded"}
    return {**made, **changes}


def alert(age: str = "2m", status: str = "firing", **labels: str) -> dict[str, Any]:
    return {"age": age, "status": status, "labels": {**LABELS, **labels}}


def rule_test(**changes: Any) -> RuleTest:
    made = {"name": "a test", "workloads": [workload()], "alerts": [alert()], "expect": [], **changes}
    parsed = RuleTest.parse(made)
    assert isinstance(parsed, RuleTest), parsed
    return parsed


def scene(installation: InstallationEntry = AUTO, **changes: Any) -> Scene:
    return make_scene(rule_test(**changes), installation)


def rule(name: str = "errors", alertname: str = "Errors", mode: Mode = Mode.AUTO, **guards: Any) -> Rule:
    matchers = parse_matchers(f'alertname="{alertname}"')
    return Rule(name=name, matchers=matchers, mode=mode, guards=GuardSettings(**guards))


def tried(*rules: Rule, installation: InstallationEntry = AUTO, **changes: Any) -> Outcome:
    ruleset = Ruleset(rules or (rule(),))
    return try_test(rule_test(**changes), ruleset=ruleset, installation=installation)


def told(outcome: Outcome) -> list[str]:
    """The records of a test that expects none: target, phase and who blocks, in the order of the alerts."""
    assert outcome.missing == ()
    facts = (decided.facts for decided in outcome.unexpected)
    return [_line(one) for one in facts]


def _line(facts: Any) -> str:
    words = [facts["rule"], facts.get("target", "-"), facts["phase"], *sorted(facts["blocked_by"])]
    return " ".join(words)
