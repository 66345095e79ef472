"""Prometheus as a witness: what it says decides, what it does not say holds nothing up."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from receiver.cluster.errors import Conflict, Unavailable
from receiver.engine.beginnings import WAIT_SECONDS
from receiver.engine.instance import Instance
from receiver.policy.alerts import Alert
from receiver.policy.intake import NotPersisted
from receiver.prometheus import TIMEOUT_SECONDS
from tests.engine.builders import eventually
from tests.engine.engines import (
    bad_release,
    blamed,
    decided,
    firing,
    live_image,
    make_engine,
    phases,
    take,
    the_record,
    working,
)
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.stub import Answer, Stub, serving


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        yield running


def knows(*alerts: Alert, minutes: float) -> Answer:
    """Prometheus says that these are active since so long, by their labels without the external one."""
    since = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    listed = [
        {
            "labels": {name: value for name, value in alert.labels.items() if name != "cluster"},
            "annotations": {},
            "state": "firing",
            "activeAt": since,
            "value": "1",
        }
        for alert in alerts
    ]
    return Answer(200, {"status": "success", "data": {"alerts": listed}})


@pytest.mark.parametrize(
    ("minutes", "for_minutes", "image"),
    [
        pytest.param(5, 60, "checkout:6", id="it-began-after-the-release-whatever-for-says"),
        pytest.param(60, 0, "checkout:7", id="it-began-before-the-release"),
    ],
)
def test_activeat_is_what_blame_judges_by(
    fake: FakeApi, stub: Stub, minutes: float, for_minutes: float, image: str
) -> None:
    """The alert has an external label more than it has in Prometheus."""
    bad_release(fake)
    alert = firing(cluster="east")
    stub.say(knows(alert, minutes=minutes))
    decision = decided(fake, alert, prometheus=stub.url, for_minutes=for_minutes)
    assert live_image(fake) == image
    allowed, evidence = blamed(decision)
    assert allowed is (image == "checkout:6")
    assert "activeAt" in evidence
    assert "warnings" not in decision


FAULTS: list[Any] = [
    pytest.param(Answer(hang=True), id="slow"),
    pytest.param(Answer(200, b"<html>"), id="rubbish"),
    pytest.param(Answer(503, b"not yet"), id="not-ready"),
    pytest.param(Answer(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 100 * 1024 * 1024), id="100-MB"),
    pytest.param(None, id="down"),
]


@pytest.mark.parametrize("answer", FAULTS)
def test_prometheus_that_fails_costs_a_second_and_leaves_a_warning(
    fake: FakeApi, stub: Stub, monkeypatch: pytest.MonkeyPatch, answer: Answer | None
) -> None:
    """Never a 503, and the rollback is made: by startsAt and the rule's `for`."""
    assert max(WAIT_SECONDS, TIMEOUT_SECONDS) <= 1
    monkeypatch.setattr("receiver.engine.beginnings.WAIT_SECONDS", WAIT_SECONDS)
    monkeypatch.setattr("receiver.prometheus.TIMEOUT_SECONDS", TIMEOUT_SECONDS)
    bad_release(fake)
    if answer is not None:
        stub.say(answer)
    url = stub.url if answer is not None else "http://127.0.0.1:1"
    began = time.monotonic()
    decision = decided(fake, firing(), prometheus=url)
    assert time.monotonic() - began < 20
    assert live_image(fake) == "checkout:6"
    (warning,) = decision["warnings"]
    assert warning.startswith("cannot read when the alerts began: ")
    assert warning.endswith("; when the trouble began was judged by startsAt minus the rule's `for` of 0s")
    assert "activeAt" not in blamed(decision)[1]


def test_an_alert_that_prometheus_does_not_know_leaves_a_warning(fake: FakeApi, stub: Stub) -> None:
    bad_release(fake)
    stub.say(knows(firing(deployment="cart"), minutes=60))
    decision = decided(fake, firing(), prometheus=stub.url)
    assert live_image(fake) == "checkout:6"
    (warning,) = decision["warnings"]
    assert warning.startswith("Prometheus tells nothing of 1 of 1 alerts (HighErrorRate); ")


def test_without_an_address_nobody_is_asked_and_nothing_is_said(fake: FakeApi) -> None:
    bad_release(fake)
    assert "warnings" not in decided(fake, firing())


def test_a_payload_is_one_question_and_a_repeat_is_none(fake: FakeApi, stub: Stub) -> None:
    """However many alerts and workloads it is about."""
    bad_release(fake)
    alerts = [firing(), firing(pod="x"), firing(deployment="gone")]
    stub.say(knows(*alerts, minutes=3))
    with working(make_engine(fake, prometheus=stub.url)) as engine:
        take(engine, *alerts)
        assert len(stub.asked) == 1
        take(engine, *alerts[:2])
        take(engine, firing(alertname="Other"))
        assert len(stub.asked) == 1


def test_the_question_is_under_way_while_the_cluster_is_read(fake: FakeApi, stub: Stub) -> None:
    """Prometheus has been asked before the workload is there."""
    bad_release(fake)
    stub.say(knows(firing(), minutes=3))
    asked: list[int] = []

    def slowly(_method: str, path: str) -> None:
        if path.endswith("/deployments/checkout") and not asked:
            eventually(lambda: stub.asked)
            asked.append(len(stub.asked))

    fake.before = slowly
    decided(fake, firing(), prometheus=stub.url)
    assert asked == [1]


def test_who_takes_an_undecided_record_over_asks_anew(fake: FakeApi, stub: Stub) -> None:
    """Else a crash at the wrong moment would make an old trouble the release's fault."""
    bad_release(fake)

    def crash(method: str, _path: str) -> None:
        if method in {"PUT", "PATCH"}:
            raise Unavailable("no answer")

    fake.before = crash
    with working(make_engine(fake, instance=Instance("here:1", "one"))) as engine, suppress(NotPersisted):
        take(engine, firing())
    assert phases(fake) == [""]
    fake.before = lambda _method, _path: None
    stub.say(knows(firing(), minutes=60))
    with working(make_engine(fake, instance=Instance("here:1", "two"), prometheus=stub.url)):
        eventually(lambda: phases(fake) == ["Refused"])
    raw = the_record(fake)
    assert "activeAt" in blamed(raw["status"]["decision"])[1]
    assert live_image(fake) == "checkout:7"


def test_a_patch_that_is_made_again_does_not_wait_for_prometheus_again(fake: FakeApi, stub: Stub) -> None:
    """What it said, or that it said nothing, stands for this record."""
    bad_release(fake)
    stub.say(knows(firing(), minutes=3))
    left = [Conflict("409", code=409)] * 3

    def meddle(method: str, _path: str) -> None:
        if method == "PATCH" and fake.made("PATCH") > 1 and left:
            raise left.pop()

    fake.before = meddle
    decision = decided(fake, firing(), prometheus=stub.url, for_minutes=60)
    assert live_image(fake) == "checkout:6"
    assert left == []
    assert len(stub.asked) == 1
    assert "activeAt" in blamed(decision)[1]
