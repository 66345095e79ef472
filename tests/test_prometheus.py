"""Asking Prometheus: over real HTTP, within a second, and never an answer where it cannot tell."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from receiver import prometheus as prometheus_module
from receiver.policy.troubles import ActiveAlert
from receiver.prometheus import TIMEOUT_SECONDS, Prometheus, PrometheusError
from tests.kubernetes.stub import DRIPS, Answer, Stub, dripping, nobody_there, serving

LABELS = {"alertname": "HighErrorRate", "namespace": "shop"}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is late because the machine is busy; a test of what ends in time sets the time itself."""
    monkeypatch.setattr(prometheus_module, "TIMEOUT_SECONDS", 30.0)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        running.say(said())
        yield running


def fires(**changes: Any) -> dict[str, Any]:
    """An alert as Prometheus lists it."""
    return {
        "labels": LABELS,
        "annotations": {"summary": "5xx"},
        "state": "firing",
        "activeAt": "2026-05-01T12:00:00.123456789Z",
        "value": "1e+00",
        **changes,
    }


def said(*alerts: Any) -> Answer:
    return Answer(200, {"status": "success", "data": {"alerts": list(alerts)}})


def test_alerts_that_fire_are_returned(stub: Stub) -> None:
    """Of the names that are asked for; one that is still pending does not fire."""
    stub.say(
        said(
            fires(),
            fires(labels={**LABELS, "pod": "a"}, activeAt="2026-05-01T14:00:00+02:00"),
            fires(labels={"alertname": "Watchdog"}, activeAt="never"),
            fires(state="pending"),
        )
    )
    assert Prometheus(stub.url).active({"HighErrorRate", "Other"}) == (
        ActiveAlert(LABELS, datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        ActiveAlert({**LABELS, "pod": "a"}, datetime(2026, 5, 1, 12, tzinfo=UTC)),
    )
    (asked,) = stub.asked
    assert (asked.method, asked.path) == ("GET", "/api/v1/alerts")


def test_nothing_firing_is_an_answer(stub: Stub) -> None:
    assert Prometheus(stub.url).active({"HighErrorRate"}) == ()


@pytest.mark.parametrize("prefix", ["", "/", "/prometheus/", "/a/b"])
def test_address_may_have_a_path(stub: Stub, prefix: str) -> None:
    """--web.route-prefix."""
    Prometheus(stub.url + prefix).active({"A"})
    assert stub.asked[0].path == f"{prefix.rstrip('/')}/api/v1/alerts"


def test_answer_may_come_in_chunks(stub: Stub) -> None:
    """As Prometheus sends a long one."""
    content = said(fires()).content
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (content[:50], content[50:], b""))
    stub.say(Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks))
    assert len(Prometheus(stub.url).active({"HighErrorRate"})) == 1


FAULTS = [
    pytest.param(Answer(404, b""), id="404"),
    pytest.param(Answer(503, b"Service Unavailable"), id="503"),
    pytest.param(Answer(200, b"<html>"), id="no-json"),
    pytest.param(Answer(200, b""), id="empty"),
    pytest.param(Answer(200, b"\xff"), id="no-text"),
    pytest.param(Answer(200, None), id="null"),
    pytest.param(Answer(200, []), id="list"),
    pytest.param(Answer(200, {"status": "error"}), id="no-data"),
    pytest.param(Answer(200, {"data": {"alerts": 5}}), id="no-list"),
    pytest.param(said(5), id="no-alert"),
    pytest.param(said({}), id="no-labels"),
    pytest.param(said(fires(labels=5)), id="labels-are-no-mapping"),
    pytest.param(said(fires(activeAt=None)), id="no-activeat"),
    pytest.param(said(fires(activeAt="yesterday")), id="activeat-is-no-time"),
    pytest.param(said(fires(activeAt=5)), id="activeat-is-a-number"),
    pytest.param(Answer(200, b"[" * 100_000), id="nested-too-deeply"),
    pytest.param(Answer(raw=b""), id="closed"),
    pytest.param(Answer(raw=b"what?\r\n\r\n"), id="no-http"),
    pytest.param(Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"), id="cut-short"),
    pytest.param(
        Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}"), id="chunk-cut-short"
    ),
]


@pytest.mark.parametrize("answer", FAULTS)
def test_anything_else_is_no_answer(stub: Stub, answer: Answer) -> None:
    """One kind of error, which makes a warning: never an empty answer, which says that nothing fires."""
    stub.say(answer)
    with pytest.raises(PrometheusError, match=r"^cannot ask Prometheus at http://127"):
        Prometheus(stub.url).active({"HighErrorRate"})


def test_what_it_says_of_a_fault_is_harmless_text(stub: Stub) -> None:
    """It is printed where people read the record."""
    stub.say(Answer(raw=b"HTTP/1.1 500 \x1b[2Jgone\r\n\r\n"))
    with pytest.raises(PrometheusError) as caught:
        Prometheus(stub.url).active({"A"})
    assert str(caught.value).endswith(r"HTTP Error 500: \x1b[2Jgone")


@pytest.mark.parametrize("head", ["", "Content-Length: 104857600\r\n"], ids=["endless", "long"])
def test_answer_without_end_is_not_read_to_its_end(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    """100 MB, announced or not: it costs neither the time nor the memory."""
    monkeypatch.setattr(prometheus_module, "TIMEOUT_SECONDS", TIMEOUT_SECONDS)
    stub.say(Answer(raw=f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + b" " * 100 * 1024 * 1024))
    began = time.monotonic()
    with pytest.raises(PrometheusError, match=r"longer than 16777216 bytes|no whole answer within 1 s"):
        Prometheus(stub.url).active({"HighErrorRate"})
    assert time.monotonic() - began < 20


def test_silence_ends_in_time(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus_module, "TIMEOUT_SECONDS", 0.2)
    stub.say(Answer(hang=True))
    began = time.monotonic()
    with pytest.raises(PrometheusError):
        Prometheus(stub.url).active({"A"})
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("head", DRIPS)
def test_answer_in_drops_ends_in_time(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    """Each of its bytes comes in time, and the whole would not."""
    monkeypatch.setattr(prometheus_module, "TIMEOUT_SECONDS", 0.2)
    began = time.monotonic()
    with dripping(head) as url, pytest.raises(PrometheusError, match="no whole answer within"):
        Prometheus(url).active({"A"})
    assert time.monotonic() - began < 20


def test_nobody_there_is_said() -> None:
    """With the address that was tried."""
    with nobody_there() as url, pytest.raises(PrometheusError, match=url):
        Prometheus(url).active({"A"})
