"""Asking Alertmanager: over real HTTP, in time, and never an answer where it cannot tell."""

import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from receiver import alertmanager as alertmanager_module
from receiver.alertmanager import Alertmanager, AlertmanagerError, AlertmanagerRefused
from receiver.policy.matchers import parse_matchers
from tests.kubernetes.stub import DRIPS, Answer, Stub, dripping, nobody_there, serving


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is late because the machine is busy; a test of what ends in time sets the time itself."""
    monkeypatch.setattr(alertmanager_module, "TIMEOUT_SECONDS", 30.0)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        running.say(Answer(200, []))
        yield running


def sent_filter(stub: Stub) -> str:
    (value,) = parse_qs(urlsplit(stub.asked[-1].path).query, keep_blank_values=True)["filter"]
    return value


def test_fingerprints_of_what_fires_are_returned(stub: Stub) -> None:
    """Silenced and inhibited ones fire too: Alertmanager lists them unless it is told not to."""
    alerts = [
        {"fingerprint": "a1", "status": {"state": "active"}},
        {"fingerprint": "b2", "status": {"state": "suppressed", "silencedBy": ["x"]}},
        {"fingerprint": "a1"},
    ]
    stub.say(Answer(200, alerts))
    assert Alertmanager(stub.url).firing("HighErrorRate") == {"a1", "b2"}
    (asked,) = stub.asked
    assert (asked.method, urlsplit(asked.path).path) == ("GET", "/api/v2/alerts")
    assert sent_filter(stub) == 'alertname="HighErrorRate"'


def test_nothing_firing_is_an_answer(stub: Stub) -> None:
    """The alert has cleared."""
    assert Alertmanager(stub.url).firing("HighErrorRate") == frozenset()


@pytest.mark.parametrize("prefix", ["", "/", "/alerts/", "/a/b"])
def test_address_may_have_a_path(stub: Stub, prefix: str) -> None:
    """--web.route-prefix."""
    Alertmanager(stub.url + prefix).firing("A")
    assert urlsplit(stub.asked[0].path).path == f"{prefix.rstrip('/')}/api/v2/alerts"


HOSTILE = [
    "",
    'a"b',
    'x",severity="page',
    "a\\b",
    'a\\"b',
    "back\\",
    "two\nlines",
    "a b&filter=c#d?e",
    "ä€𝄞",
    "a%22",
    "=~.*",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_stays_one_matcher(stub: Stub, name: str) -> None:
    """What is sent reads, by Alertmanager's own syntax, as this very name and nothing more."""
    Alertmanager(stub.url).firing(name)
    (matcher,) = parse_matchers(sent_filter(stub))
    assert (matcher.name, matcher.value) == ("alertname", name)
    assert matcher.matches({"alertname": name})
    assert not matcher.matches({"alertname": f"{name}x"})


FAULTS = [
    pytest.param(Answer(400, {"message": "bad filter"}), id="400"),
    pytest.param(Answer(404, b""), id="404"),
    pytest.param(Answer(500, []), id="500"),
    pytest.param(Answer(503, []), id="503"),
    pytest.param(Answer(200, b"<html>"), id="no-json"),
    pytest.param(Answer(200, b""), id="empty"),
    pytest.param(Answer(200, b"\xff"), id="no-text"),
    pytest.param(Answer(200, None), id="null"),
    pytest.param(Answer(200, 5), id="number"),
    pytest.param(Answer(200, {"status": "success"}), id="object"),
    pytest.param(Answer(200, [5]), id="list-of-numbers"),
    pytest.param(Answer(200, [{}]), id="no-fingerprint"),
    pytest.param(Answer(200, b"[" * 100_000), id="nested-too-deeply"),
    pytest.param(Answer(raw=b""), id="closed"),
    pytest.param(Answer(raw=b"what?\r\n\r\n"), id="no-http"),
    pytest.param(Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]"), id="cut-short"),
    pytest.param(
        Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n[]"), id="chunk-cut-short"
    ),
    pytest.param(Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]"), id="no-chunk"),
]


@pytest.mark.parametrize("answer", FAULTS)
def test_anything_else_is_no_answer(stub: Stub, answer: Answer) -> None:
    """One kind of error, which makes the guard `firing` block: never an empty set, which says cleared."""
    stub.say(answer)
    with pytest.raises(AlertmanagerError, match=r"^cannot ask Alertmanager at http://127"):
        Alertmanager(stub.url).firing("A")


def test_silence_ends_in_time(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen Alertmanager does not hold a rollback up for long."""
    monkeypatch.setattr(alertmanager_module, "TIMEOUT_SECONDS", 0.2)
    stub.say(Answer(hang=True))
    began = time.monotonic()
    with pytest.raises(AlertmanagerError):
        Alertmanager(stub.url).firing("A")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("head", DRIPS)
def test_answer_in_drops_ends_in_time(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    """Each of its bytes comes in time, and the whole would not."""
    monkeypatch.setattr(alertmanager_module, "TIMEOUT_SECONDS", 0.2)
    began = time.monotonic()
    with dripping(head) as url, pytest.raises(AlertmanagerError, match="no whole answer within"):
        Alertmanager(url).firing("A")
    assert time.monotonic() - began < 20


def test_nobody_there_is_said() -> None:
    """With the address that was tried."""
    with nobody_there() as url, pytest.raises(AlertmanagerError, match=url):
        Alertmanager(url).firing("A")


def test_a_silence_has_exactly_the_alerts_labels(stub: Stub) -> None:
    stub.say(Answer(200, {"silenceID": "s-1"}))
    made = Alertmanager(stub.url + "/am/").silence(
        {"alertname": 'a"b', "x": ".*"}, starts_at="T1", ends_at="T2", comment="why"
    )
    (asked,) = stub.asked
    assert (made, asked.method, asked.path) == ("s-1", "POST", "/am/api/v2/silences")
    assert json.loads(asked.body) == {
        "matchers": [
            {"name": "alertname", "value": 'a"b', "isRegex": False, "isEqual": True},
            {"name": "x", "value": ".*", "isRegex": False, "isEqual": True},
        ],
        "startsAt": "T1",
        "endsAt": "T2",
        "createdBy": "rollback-receiver",
        "comment": "why",
    }


@pytest.mark.parametrize(
    ("answers", "methods"),
    [
        ([Answer(200, {"status": {"state": "active"}}), Answer(200, b"")], ["GET", "DELETE"]),
        ([Answer(200, {"status": {"state": "expired"}})], ["GET"]),
        ([Answer(404, b"")], ["GET"]),
        ([Answer(200, {"status": {"state": "active"}}), Answer(404, b"")], ["GET", "DELETE"]),
    ],
    ids=["active", "expired", "gone", "gone-meanwhile"],
)
def test_a_silence_is_ended_where_it_has_not_ended(
    stub: Stub, answers: list[Answer], methods: list[str]
) -> None:
    stub.say(*answers)
    Alertmanager(stub.url).end_silence("s/1")
    assert [(asked.method, asked.path) for asked in stub.asked] == [
        (method, "/api/v2/silence/s%2F1") for method in methods
    ]


@pytest.mark.parametrize(("code", "refused"), [(400, True), (500, False)])
def test_a_silence_that_is_refused_is_told_from_an_alertmanager_that_is_away(
    stub: Stub, code: int, refused: bool
) -> None:
    stub.say(Answer(code, {"message": "x"}))
    alertmanager = Alertmanager(stub.url)
    with pytest.raises(AlertmanagerError) as raised:
        alertmanager.silence({}, starts_at="T1", ends_at="T2", comment="why")
    assert isinstance(raised.value, AlertmanagerRefused) is refused
    with pytest.raises(AlertmanagerError):
        alertmanager.end_silence("s")
