"""The alerting rules that are delivered are valid and fire as their unit tests say, by the real promtool.

And the receiver's own shipped rules take each of their alerts up, with the `for` that it has.
"""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from receiver.policy.durations import parse_duration
from receiver.rulefiles import load_rules
from tests.testbed.build import build

ROOT = Path(__file__).parent.parent
RULES = sorted((ROOT / "rules" / "prometheus").glob("*.yaml"))

needs_promtool = [pytest.mark.cluster, pytest.mark.timeout(900)]  # It is built on first use.


def promtool(*arguments: str | Path) -> str:
    """Run promtool, and return what it prints; its exit code must be 0."""
    (tools,) = build("prometheus")
    command = [str(tools / "promtool"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def unit_tests(rules: Path) -> Path:
    return rules.parent / "tests" / rules.name


def alerts(rules: Path) -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(rules.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def fired(rules: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Give name and labels of every alert that the unit tests see firing."""
    for test in yaml.safe_load(unit_tests(rules).read_text())["tests"]:
        for case in test["alert_rule_test"]:
            for alert in case["exp_alerts"]:
                yield case["alertname"], {"alertname": case["alertname"], **alert["exp_labels"]}


def silent(rules: Path) -> set[str]:
    """Return the alerts that the unit tests see not firing."""
    tests = yaml.safe_load(unit_tests(rules).read_text())["tests"]
    return {case["alertname"] for test in tests for case in test["alert_rule_test"] if not case["exp_alerts"]}


def test_there_are_alerting_rules() -> None:
    assert len(RULES) >= 2


@pytest.mark.parametrize("rules", [pytest.param(file, marks=needs_promtool, id=file.stem) for file in RULES])
def test_alerting_rules_are_valid_and_fire_as_their_unit_tests_say(rules: Path) -> None:
    promtool("check", "rules", "--lint-fatal", rules)
    promtool("test", "rules", unit_tests(rules))


@pytest.mark.parametrize("rules", RULES, ids=lambda file: file.stem)
def test_each_alert_is_seen_firing_and_not_firing(rules: Path) -> None:
    assert {name for name, _ in fired(rules)} == silent(rules) == alerts(rules).keys()


@pytest.mark.parametrize("rules", RULES, ids=lambda file: file.stem)
def test_one_shipped_rule_takes_each_alert_up_and_declares_its_for(rules: Path) -> None:
    """By the labels that it fires with."""
    shipped = load_rules([ROOT / "rules"])
    for name, labels in fired(rules):
        (rule,) = shipped.matching(labels)
        declared: timedelta = parse_duration(alerts(rules)[name]["for"])
        assert rule.for_ == declared, name
