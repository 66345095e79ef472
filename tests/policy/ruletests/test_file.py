"""Rule test files: every fault says where it is and what would be right."""

from datetime import UTC, datetime, timedelta

import pytest

from receiver.policy.alerts import Status
from receiver.policy.record import Phase
from receiver.policy.ruletests.document import RuleTestDocument
from receiver.policy.ruletests.file import parse_rule_tests
from receiver.policy.workload import WorkloadRef

HEAD = "rules: [r.yaml]\ntests:\n  - name: shop\n    alerts: []\n    expect: []\n"
WORKLOAD = "{kind: Deployment, namespace: shop, name: a, revisions: [{revision: 1, rolled_out: 1d}]%s}"
EXPECTED = "rules: [r.yaml]\ntests:\n  - name: shop\n    alerts: []\n    expect: [%s]\n"
PAST = "past: [{target: Deployment/shop/a, rule: errors, age: 1d, phase: Succeeded%s}]"
NO_KIND = "is not supported in this version"
ALL_KINDS = "known are Deployment, StatefulSet, DaemonSet, Rollout"
LATER = "comes after the decision"
CONFIG = "workloads[0].revisions[0].config"


def with_keys(keys: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in keys.splitlines())


def with_workload(keys: str) -> str:
    return with_keys(f"workloads: [{WORKLOAD % (', ' + keys)}]")


def with_service(selects: str, more: str = "") -> str:
    entry = f"{{namespace: shop, name: web, selects: {selects}}}{more}"
    return with_keys(f"workloads: [{WORKLOAD % ''}]\nservices: [{entry}]")


def with_revision(keys: str) -> str:
    entry = f"{{kind: Deployment, namespace: shop, name: a, revisions: [{{{keys}}}]}}"
    return with_keys(f"workloads: [{entry}]")


INVALID = {
    "empty": ("", ["1: must be a mapping, not nothing"]),
    "rules-missing": ("tests: []\n", ["1: rules: is missing"]),
    "tests-missing": ("rules: [a.yaml]\n", ["1: tests: is missing"]),
    "tests-a-mapping": ("rules: []\ntests: {}\n", ["2: tests: must be a list, not a mapping"]),
    "setting-unknown": (
        "rules: []\ntests: []\nsettings:\n  mod: auto\n",
        ["4: settings.mod: unknown key: did you mean mode?"],
    ),
    "mode-misspelt": (
        "rules: []\ntests: []\nsettings: {mode: aprove}\n",
        ["3: settings.mode: 'aprove' is unknown: did you mean approve?"],
    ),
    "not-a-test": ("rules: []\ntests: [shop]\n", ["2: tests[0]: must be a mapping, not 'shop'"]),
    "nameless": (
        "rules: []\ntests:\n  - alerts: []\n    expect: []\n",
        ["3: tests[0].name: is missing"],
    ),
    "name-of-words": (
        "rules: []\ntests:\n  - name: two words\n    alerts: []\n",
        ["3: test 'two words': expect: is missing"],
    ),
    "key-unknown": (
        with_keys("workload: []"),
        ["6: test shop: workload: unknown key: did you mean workloads?"],
    ),
    "missing-without-namespace": (
        with_keys("missing: [Secret/key]"),
        ["6: test shop: missing[0]: 'Secret/key' names nothing: write KIND/NAMESPACE/NAME"],
    ),
    "missing-kind": (
        with_keys("missing: [Secrets/shop/key]"),
        ["6: test shop: missing[0]: 'Secrets' is no kind that a template names: did you mean Secret?"],
    ),
    "service-of-nothing": (
        with_service("Deployment/b"),
        ["7: test shop: services: there is no Deployment shop/b: list it under workloads"],
    ),
    "service-of-another-kind": (
        with_service("StatefulSet/a"),
        ["7: test shop: services: there is no StatefulSet shop/a: list it under workloads"],
    ),
    "service-across-namespaces": (
        with_service("Deployment/blog/a"),
        ["7: test shop: services[0].selects: 'Deployment/blog/a' is no workload: write KIND/NAME"],
    ),
    "service-of-a-name": (
        with_service("Deployment/"),
        ["7: test shop: services[0].selects: 'Deployment/' is no workload: write KIND/NAME"],
    ),
    "service-of-no-kind-of-ours": (
        with_service("CronJob/a"),
        [f"7: test shop: services[0].selects: kind 'CronJob' {NO_KIND}: {ALL_KINDS}"],
    ),
    "service-twice": (
        with_service("Deployment/a", more=", {namespace: shop, name: web, selects: Deployment/a}"),
        ["7: test shop: services: Service shop/web stands there twice"],
    ),
    "workloads-at-fault-are-told-once": (
        with_keys(
            "workloads: [{kind: Deployment}]\nservices: [{namespace: shop, name: web, selects: Deployment/a}]"
        ),
        [
            "6: test shop: workloads[0].namespace: is missing",
            "6: test shop: workloads[0].name: is missing",
            "6: test shop: workloads[0].revisions: is missing",
        ],
    ),
    "config-with-namespace": (
        with_revision("revision: 1, rolled_out: 1d, config: [Secret/shop/key]"),
        [f"6: test shop: {CONFIG}[0]: 'Secret/shop/key' names nothing: write KIND/NAME"],
    ),
    "config-two-accounts": (
        with_revision("revision: 1, rolled_out: 1d, config: [ServiceAccount/a, ServiceAccount/b]"),
        [f"6: test shop: {CONFIG}: names two service accounts: pods have one"],
    ),
    "now-no-time": (
        with_keys("now: noon"),
        ["6: test shop: now: 'noon' is no time: write it like 2026-05-01T12:00:00Z"],
    ),
    "now-without-offset": (
        with_keys("now: 2026-05-01T12:00:00"),
        ["6: test shop: now: '2026-05-01T12:00:00' is no time: write it like 2026-05-01T12:00:00Z"],
    ),
    "paused-a-word": (
        with_keys("paused: off"),
        ["6: test shop: paused: must be true or false, not 'off'"],
    ),
    "replicas-below-zero": (
        with_workload("replicas: -1"),
        ["6: test shop: workloads[0].replicas: must be a whole number, not -1"],
    ),
    "labels-no-mapping": (
        with_workload("labels: [a]"),
        ["6: test shop: workloads[0].labels: must be a mapping, not a list"],
    ),
    "label-a-number": (
        with_workload("annotations: {build: 5}"),
        ["6: test shop: workloads[0].annotations.build: must be a string, not 5"],
    ),
    "live-not-listed": (
        with_workload("live: 2"),
        ["6: test shop: workloads[0].live: there is no revision 2: list it under revisions"],
    ),
    "pod-of-no-revision": (
        with_workload("pods: [{name: a-1, revision: 2}]"),
        ["6: test shop: workloads[0].pods: there is no revision 2: list it under revisions"],
    ),
    "revision-at-fault-is-told-once": (
        with_keys("workloads: [{kind: Deployment, namespace: shop, name: a, live: 1, revisions: [{}]}]"),
        [
            "6: test shop: workloads[0].revisions[0].revision: is missing",
            "6: test shop: workloads[0].revisions[0].rolled_out: is missing",
        ],
    ),
    "no-revisions": (
        with_keys("workloads: [{kind: Deployment, namespace: shop, name: a, revisions: []}]"),
        ["6: test shop: workloads[0].revisions: must not be empty: a workload has a live revision"],
    ),
    "revision-twice": (
        with_keys(
            "workloads:\n- kind: Deployment\n  namespace: shop\n  name: a\n  revisions:\n"
            "  - {revision: 1, rolled_out: 1d}\n  - {revision: 1, rolled_out: 2d}"
        ),
        ["10: test shop: workloads[0].revisions: revision 1 stands there twice"],
    ),
    "workload-twice": (
        with_keys(f"workloads:\n- {WORKLOAD % ''}\n- {WORKLOAD % ''}"),
        ["6: test shop: workloads: Deployment shop/a stands there twice"],
    ),
    "soak-a-duration": (
        with_revision("revision: 1, rolled_out: 1d, soak: 5m"),
        ["6: test shop: workloads[0].revisions[0].soak: must be unknown, or left out, not '5m'"],
    ),
    "past-target-no-path": (
        with_keys("past: [{target: shop/a, rule: errors, age: 1d, phase: Succeeded}]"),
        ["6: test shop: past[0].target: 'shop/a' is no target: write KIND/NAMESPACE/NAME"],
    ),
    "past-target-without-a-name": (
        with_keys("past: [{target: Deployment/shop/, rule: errors, age: 1d, phase: Succeeded}]"),
        ["6: test shop: past[0].target: 'Deployment/shop/' is no target: write KIND/NAMESPACE/NAME"],
    ),
    "past-target-of-no-kind": (
        with_keys("past: [{target: Deploymint/shop/a, rule: errors, age: 1d, phase: Succeeded}]"),
        [f"6: test shop: past[0].target: kind 'Deploymint' {NO_KIND}: did you mean Deployment?"],
    ),
    "verdict-unknown": (
        with_keys(PAST % ", verdict: good"),
        ["6: test shop: past[0].verdict: 'good' is unknown: known are right, wrong, unsure"],
    ),
    "status-unknown": (
        with_keys("past: []").replace("alerts: []", "alerts: [{age: 1m, labels: {}, status: Firing}]"),
        ["4: test shop: alerts[0].status: 'Firing' is unknown: did you mean firing?"],
    ),
    "phase-of-later": (
        EXPECTED % "{phase: Succeeded}",
        [
            (
                f"5: test shop: expect[0].phase: Succeeded {LATER}: "
                "known are Pending, AwaitingApproval, DryRun, Refused"
            )
        ],
    ),
    "guard-unknown": (
        EXPECTED % "{blocked_by: [blam]}",
        ["5: test shop: expect[0].blocked_by[0]: 'blam' is no guard: did you mean blame?"],
    ),
    "yaml-of-its-own": (
        HEAD + "    now: *noon\n",
        ["6: test shop: alias 'noon': aliases are not taken, write the value out"],
    ),
}


@pytest.mark.parametrize(("text", "problems"), INVALID.values(), ids=INVALID)
def test_each_fault_names_line_and_test_and_what_would_be_right(text: str, problems: list[str]) -> None:
    file = parse_rule_tests(text, filename="F")
    assert [str(problem).removeprefix("F:") for problem in file.problems] == problems
    assert file.document is None


def test_a_guard_must_be_a_word() -> None:
    """Known are all; a list of them would be too long for the table above."""
    (problem,) = parse_rule_tests(EXPECTED % "{blocked_by: [5]}", filename="F").problems
    assert problem.message.startswith("expect[0].blocked_by[0]: 5 is no guard: known are target, firing")


def document(text: str) -> RuleTestDocument:
    file = parse_rule_tests(text, filename="F")
    assert file.problems == ()
    assert file.document is not None
    return file.document


def test_everything_that_may_be_left_out_has_its_default() -> None:
    (test,) = document(HEAD).tests
    assert (test.now, test.workloads, test.past, test.paused) == (
        datetime(2026, 5, 1, 12, tzinfo=UTC),
        (),
        (),
        False,
    )


def test_values_are_what_they_say() -> None:
    text = with_keys(
        "now: 2026-05-01T12:00:00+02:00\npaused: true\n"
        f"{PAST % ', from: 7, to: 6, verdict: right'}\nworkloads: [{WORKLOAD % ', live: 1'}]"
    ).replace("alerts: []", "alerts: [{age: 90s, labels: {a: b}, status: resolved}]")
    (test,) = document(text).tests
    (past,), (alert,), (workload,) = test.past, test.alerts, test.workloads
    assert (test.now, test.paused) == (datetime(2026, 5, 1, 10, tzinfo=UTC), True)
    assert (past.target, past.phase, past.from_, past.to) == (
        WorkloadRef("Deployment", "shop", "a"),
        Phase.SUCCEEDED,
        7,
        6,
    )
    assert (alert.age, alert.status) == (timedelta(seconds=90), Status.RESOLVED)
    assert workload.live == 1
