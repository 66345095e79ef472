"""What `explain` tells of rules: those that do not match too, and why, within the width of the terminal."""

from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.cli.sights import sight_tables
from receiver.engine.explaining import AlertSight, RuleSight
from receiver.policy.alerts import Alert, Status
from receiver.policy.matchers import parse_matchers
from receiver.policy.rules import Mode, Rule
from receiver.policy.targets import TargetFault, TargetReason
from receiver.policy.workload import WorkloadRef

WEB = WorkloadRef("Deployment", "shop", "web")
GONE = TargetFault(TargetReason.NOT_FOUND, "Deployment shop/web does not exist")
LABELS = {"alertname": "Errors", "severity": "warning"}


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def alert(**labels: str) -> Alert:
    return Alert(Status.FIRING, labels or LABELS, datetime(2026, 5, 1, tzinfo=UTC))


def seen(
    *rules: tuple[str, str], of: Alert | None = None, mode: Mode = Mode.AUTO, target: Any = WEB
) -> AlertSight:
    """How an alert meets rules, each a name and its matchers; those that match lead to the target."""
    of = of or alert()
    return AlertSight(of, tuple(_sight(name, text, of, mode, target) for name, text in rules))


def _sight(name: str, text: str, of: Alert, mode: Mode, target: Any) -> RuleSight:
    rule = Rule(name=name, matchers=parse_matchers(text), mode=mode)
    matchers = tuple((matcher, matcher.matches(of.labels)) for matcher in rule.matchers)
    asks = mode is not Mode.OFF and all(matched for _, matched in matchers)
    return RuleSight(rule, mode, matchers, target if asks else None)


def told(*sights: AlertSight) -> str:
    return "\n\n".join(sight_tables(sights))


def test_every_rule_shows_its_matchers_and_what_the_alert_has_instead() -> None:
    rules = [("errors", 'alertname="Errors"'), ("page", 'alertname=~"E.+",severity="page",team!=""')]
    assert (
        told(seen(*rules))
        == """\
alert alertname='Errors', severity='warning'
RULE     MATCHED   MATCHERS AND TARGET
errors   yes       alertname="Errors" yes
                   target: Deployment shop/web
page     no        alertname=~"E.+" yes
                   severity="page" NO: severity is 'warning'
                   team!="" NO: the alert has no label team"""
    )


def test_rule_that_leads_nowhere_says_why() -> None:
    assert told(seen(("errors", "alertname=Errors"), target=GONE)).endswith(
        "no target: Deployment shop/web does not exist"
    )


def test_rule_that_is_off_says_so() -> None:
    assert told(seen(("errors", "alertname=Errors"), mode=Mode.OFF)).endswith("mode off: nothing is done")
    assert "off" not in told(seen(("errors", "alertname=Other"), mode=Mode.OFF))


def test_alerts_that_meet_the_rules_alike_share_a_table() -> None:
    rules = ("errors", "alertname=Errors")
    one, two = alert(alertname="Errors", pod="a"), alert(alertname="Errors", pod="b")
    assert told(seen(rules, of=one), seen(rules, of=two)).startswith(
        "alert alertname='Errors', pod='a'; 1 more meet the rules alike\n"
    )
    other = alert(alertname="Other")
    assert told(seen(rules, of=one), seen(rules, of=other)).count("RULE") == 2


def test_long_matchers_and_labels_stay_within_the_terminal() -> None:
    names = "|".join(f"KubernetesAlertNumber{number}" for number in range(12))
    of = alert(alertname="Errors", description="words " * 40, url="https://example.org/" + "x" * 200)
    text = told(seen(("errors-of-the-whole-shop", f'alertname=~"{names}"'), of=of))
    assert max(map(len, text.splitlines())) <= 80
    assert names in text.replace("\n", "").replace(" ", "")


def test_without_rules_the_alert_alone_is_named() -> None:
    assert told(seen()) == "alert alertname='Errors', severity='warning'"


def test_hostile_labels_cannot_move_the_cursor() -> None:
    of = alert(alertname="a\x1b[2J\nRULE", **{"na\x1bme": "x"})
    text = told(seen(("errors", 'alertname="Errors"'), of=of))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3
