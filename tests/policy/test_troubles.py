"""When the trouble behind an alert began: by Prometheus, by the rule's `for`, or by startsAt alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from receiver.policy.alerts import Alert
from receiver.policy.troubles import (
    ActiveAlert,
    ActiveSince,
    active_since,
    troubles,
    unknown_to_prometheus,
)
from receiver.policy.workload import Unreadable
from tests.policy.builders import HOUR, MINUTE, NOW, SECOND, alert

ZERO = timedelta(0)
FIRED = alert(age=2 * MINUTE)
SILENT = Unreadable("when the alerts began", "no answer")


def active(age: timedelta, **labels: str) -> ActiveAlert:
    """The alert in Prometheus, active for `age`, with these labels more; an empty one is taken away."""
    named = {**FIRED.labels, **labels}
    return ActiveAlert({name: value for name, value in named.items() if value}, NOW - age)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param([active(7 * MINUTE)], 7 * MINUTE, id="same-labels"),
        pytest.param([active(7 * MINUTE, deployment="")], 7 * MINUTE, id="external-labels-are-added"),
        pytest.param([active(7 * MINUTE, cluster="x")], None, id="label-that-the-alert-lacks"),
        pytest.param([active(7 * MINUTE, deployment="cart")], None, id="another-value"),
        pytest.param([active(7 * MINUTE, alertname="Other")], None, id="another-name"),
        pytest.param([], None, id="none"),
        pytest.param(
            [active(9 * MINUTE, deployment=""), active(7 * MINUTE)], 7 * MINUTE, id="most-labels-fit-best"
        ),
        pytest.param([active(7 * MINUTE), active(9 * MINUTE)], 9 * MINUTE, id="same-labels-twice-earliest"),
        pytest.param([active(2 * MINUTE)], 2 * MINUTE, id="fired-at-once"),
        pytest.param([active(MINUTE)], 2 * MINUTE, id="the-other-of-two-was-a-scrape-later"),
        pytest.param([active(MINUTE - SECOND)], None, id="restarted-since-and-forgot"),
    ],
)
def test_activeat_is_found_by_labels(known: list[ActiveAlert], expected: timedelta | None) -> None:
    """All of Prometheus' labels are on the alert; what it tells is never later than the alert fired."""
    for ordered in (known, known[::-1]):
        found = active_since([FIRED], ordered)
        assert found == ({} if expected is None else {FIRED.key: NOW - expected})


def test_many_alerts_are_found_at_once() -> None:
    """Each among thousands of its name, whatever the order of its labels."""
    alerts = [alert(pod=str(number)) for number in range(5000)]
    known = [active(timedelta(minutes=5, seconds=number), pod=str(number)) for number in range(5000)]
    reordered = [replace(one, labels=dict(reversed(list(one.labels.items())))) for one in known]
    found = active_since(alerts, reordered)
    assert [found[one.key] for one in alerts] == [one.since for one in known]


@pytest.mark.parametrize(
    ("for_", "since", "expected"),
    [
        pytest.param(5 * MINUTE, {FIRED.key: NOW - HOUR}, (HOUR, MINUTE, True), id="prometheus-beats-for"),
        pytest.param(None, {FIRED.key: NOW - HOUR}, (HOUR, MINUTE, True), id="prometheus-without-for"),
        pytest.param(5 * MINUTE, {}, (7 * MINUTE, MINUTE, False), id="unknown-there"),
        pytest.param(5 * MINUTE, SILENT, (7 * MINUTE, MINUTE, False), id="silent"),
        pytest.param(5 * MINUTE, None, (7 * MINUTE, MINUTE, False), id="nobody-is-asked"),
        pytest.param(ZERO, None, (2 * MINUTE, MINUTE, False), id="for-of-nothing-is-declared-too"),
        pytest.param(None, SILENT, (2 * MINUTE, ZERO, False), id="nothing-tells"),
    ],
)
def test_the_best_witness_tells_when_it_began(
    for_: timedelta | None, since: ActiveSince, expected: tuple[timedelta, timedelta, bool]
) -> None:
    """A minute is allowed for clocks and scrapes where one of the two tells."""
    (found,) = troubles([FIRED], for_, since)
    assert (NOW - found.began, found.tolerance, found.by_prometheus) == expected
    assert (found.name, found.alerts) == ("HighErrorRate", (FIRED,))


def test_troubles_are_by_alertname_and_the_earliest_counts() -> None:
    """What has no tolerance is earlier than what began a little before it with one."""
    first, second = alert("A", age=4 * MINUTE, pod="1"), alert("A", age=4.5 * MINUTE, pod="2")
    other = alert("B", age=9 * MINUTE)
    found = troubles([first, second, other], None, {second.key: NOW - 4.5 * MINUTE})
    assert [(trouble.name, NOW - trouble.began) for trouble in found] == [
        ("B", 9 * MINUTE),
        ("A", 4 * MINUTE),
    ]
    assert [trouble.tolerance for trouble in found] == [ZERO, ZERO]
    assert found[1].alerts == (first, second)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        pytest.param({FIRED.key: NOW}, [], id="known"),
        pytest.param({}, [FIRED], id="unknown"),
        pytest.param(SILENT, [], id="silent-says-nothing-of-any"),
        pytest.param(None, [], id="not-asked"),
    ],
)
def test_what_prometheus_does_not_know_is_named(since: ActiveSince, expected: list[Alert]) -> None:
    assert list(unknown_to_prometheus([FIRED], since)) == expected
