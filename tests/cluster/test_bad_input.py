"""Whatever is sent: a clear 4xx, or an alert that is ignored and counted; never a 500 or a forged line."""

import json
import socket
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.cluster import scenes
from tests.cluster.hostile import FORGED, HOSTILE, assert_log_is_sound
from tests.cluster.receivers import Receiver, alert, payload
from tests.cluster.scenes import GOOD, Deploy, Start, bad_release
from tests.cluster.stories import Story, metric

pytestmark = pytest.mark.real_only("it is about what the receiver itself is sent")
MEBIBYTE = 1024 * 1024
SOUND = json.dumps(payload(alert("Other", {"a": "b"}))).encode()
NO_MESSAGES = {
    "nothing": b"",
    "spaces": b" \n" * 100,
    "text": b"hello",
    "null": b"null",
    "a number": b"1e999999",
    "a list": b"[]",
    "a string": b'"alerts"',
    "truncated": SOUND[:-20],
    "two messages": SOUND * 2,
    "no alerts": b"{}",
    "alerts of the wrong type": b'{"alerts": {"a": 1}}',
    "alerts that are none": b'{"alerts": [1, "x", null, [], {}]}',
    "labels of the wrong type": SOUND.replace(b'"b"', b"[1]"),
    "a time that is none": SOUND.replace(b'"startsAt": "2', b'"startsAt": "x'),
    "a status that is none": SOUND.replace(b'"status": "firing", "labels"', b'"status": "on fire", "labels"'),
    "lists in depth": b"[" * 1_000_000,
    "objects in depth": b'{"alerts":' * 500_000,
    "depth in an alert": SOUND.replace(b'"b"', b"[" * 200_000 + b"]" * 200_000),
    "no UTF-8": SOUND.replace(b'"b"', b'"\xff\xfe\x80"'),
    "UTF-16": SOUND.decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + SOUND,
    "half a surrogate": SOUND.replace(b'"b"', rb'"\ud800"'),
    "a control character": SOUND.replace(b'"b"', b'"\x00\x1b[2J\n"'),
    "no number": SOUND.replace(b'"b"', b"NaN"),
    "a negative count": SOUND.replace(b'"truncatedAlerts": 0', b'"truncatedAlerts": -1'),
    "a huge count": SOUND.replace(b'"truncatedAlerts": 0', b'"truncatedAlerts": 1' + b"0" * 5000),
    "compressed": b"\x1f\x8b\x08" + bytes(100),
}
HEAD = "POST /alerts HTTP/1.1\r\nHost: receiver\r\n"
WITHOUT_LENGTH = {
    "no length": f"{HEAD}\r\n",
    "chunked": f"{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
}


NO_REQUESTS = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500) + b"\r\n\r\n",
    "no HTTP": b"hello\r\n\r\n",
    "a path for a terminal": b"GET /\x1b[2J\x07 HTTP/1.1\r\n\r\n",
    "a forged line": b"GET /\n" + FORGED.encode() + b"\n HTTP/1.1\r\n\r\n",
    "a forged header": HEAD.encode() + b'X: \x1b[2J\n{"level": "info"}\r\n\r\n',
    "a header without end": HEAD.encode() + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    "headers without end": HEAD.encode() + b"X: x\r\n" * 10_000 + b"\r\n",
    "two lengths": HEAD.encode() + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a negative length": HEAD.encode() + b"Content-Length: -1\r\n\r\n",
    "a length of words": HEAD.encode() + b"Content-Length: many\r\n\r\n",
}


def raw_status(receiver: Receiver, request: bytes) -> int:
    """Send bytes as they are and return the status that comes back, 0 where the connection is just closed."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as connection:
        connection.sendall(request)
        _, _, answer = connection.makefile("rb").readline().partition(b" ")
        return int(answer[:3] or 0)


def assert_serves(story: Story, running: Receiver) -> None:
    """A good alert is still taken and acted on, and what came before was no fault of the receiver's own."""
    story.tell(running)
    story.wait("Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)
    _, text = running.get("/metrics")
    assert 'code="500"' not in text
    assert not [entry for entry in running.log() if entry["level"] == "error"]
    assert_log_is_sound(running)


@pytest.fixture
def running(deploy: Deploy, release: Deploy, receiver: Start) -> Receiver:
    """A receiver, in a namespace where web was good and is bad."""
    bad_release(deploy, release)
    return receiver(scenes.rules())


def test_what_is_no_message_is_a_400_that_says_why(story: Story, running: Receiver) -> None:
    """In one line, without quoting what could hurt whoever reads it."""
    answers = {name: running.post(body) for name, body in NO_MESSAGES.items()}
    assert {name: status for name, (status, _) in answers.items()} == dict.fromkeys(NO_MESSAGES, 400)
    for _, answer in answers.values():
        assert answer["error"].startswith("not an Alertmanager webhook message: ")
        assert answer["error"].isascii()
        assert answer["error"].isprintable()
        assert len(answer["error"]) < 500
    assert_serves(story, running)


def test_a_body_without_a_length_or_too_long_is_refused_unread(story: Story, running: Receiver) -> None:
    """16 MiB are taken, a byte more is not; a chunked body could be cut without anybody's noticing."""
    statuses = {name: raw_status(running, text.encode()) for name, text in WITHOUT_LENGTH.items()}
    assert statuses == {"no length": 411, "chunked": 411}
    too_long = f"{HEAD}Content-Length: {16 * MEBIBYTE + 1}\r\n\r\n".encode()
    assert raw_status(running, too_long) == 413
    assert raw_status(running, f"{HEAD}Content-Length: {10**30}\r\n\r\n".encode()) in {400, 413}
    assert running.post(SOUND.ljust(16 * MEBIBYTE))[0] == 202
    assert_serves(story, running)


def test_what_is_no_request_is_refused(story: Story, running: Receiver) -> None:
    """By the server itself, whose log line holds nothing unescaped."""
    statuses = {name: raw_status(running, request) for name, request in NO_REQUESTS.items()}
    too_much = {"a header without end": 431, "headers without end": 431}
    assert statuses == {**dict.fromkeys(NO_REQUESTS, 400), **too_much}
    assert_serves(story, running)


def test_alerts_that_cannot_be_read_cost_their_neighbours_nothing(story: Story, running: Receiver) -> None:
    """They are left out, and counted by their reason, as are those that no rule matches."""
    good, broken = story.firing(), [1, "x", {**story.firing(), "labels": {"a": 1}}]
    other = alert("Other", {"namespace": story.namespace, "deployment": "web"})
    message: dict[str, Any] = {**payload(good, other), "alerts": [*broken, good, other]}
    status, answer = running.post(message)
    assert (status, answer["accepted"], answer["ignored"]) == (202, 1, 4)
    assert metric(running, 'alerts_ignored_total{reason="malformed"}') == 3
    assert metric(running, 'alerts_ignored_total{reason="no_rule_in_force"}') == 1
    story.wait("Verifying")
    assert len(story.patches()) == 1


def test_ten_thousand_alerts_are_one_rollback(story: Story, running: Receiver) -> None:
    """A record lists a hundred of them and counts the others; what nobody asked for is ignored."""
    asked = [story.firing(instance=str(number)) for number in range(5_000)]
    other = [alert("Other", {"instance": str(number)}) for number in range(5_000)]
    status, answer = running.post(payload(*asked, *other))
    assert (status, answer["accepted"], answer["ignored"]) == (202, 5_000, 5_000)
    record = story.wait("Verifying")
    assert len(record["status"]["alerts"]) == 100
    assert record["status"]["alertsNotListed"] == 4_900
    assert record["status"]["occurrences"] == 5_000
    assert len(story.patches()) == 1


def test_hostile_labels_of_an_alert_with_a_target_are_only_words(story: Story, running: Receiver) -> None:
    """They stand in the record, cut, and nowhere else; the rollback is made all the same."""
    hostile = {f"label_{number}": value for number, value in enumerate(HOSTILE.values())}
    bad = {**story.firing(**hostile), "annotations": hostile, "generatorURL": HOSTILE["lines"]}
    message = {**payload(bad), "groupKey": HOSTILE["terminal"], "externalURL": HOSTILE["html"]}
    status, answer = running.post({**message, "receiver": HOSTILE["lines"]})
    assert (status, answer["accepted"]) == (202, 1)
    record = story.wait("Verifying")
    assert len(json.dumps(record)) < 100_000
    assert len(story.patches()) == 1
    assert_log_is_sound(running)


def test_half_sent_requests_leave_a_good_alert_served(story: Story, running: Receiver) -> None:
    """Twenty connections that fall silent in the middle of a request hold nobody up."""
    with ExitStack() as stack:
        for number in range(20):
            connection = socket.create_connection(("127.0.0.1", running.port))
            stack.enter_context(closing(connection))
            head = HEAD if number % 2 else f"{HEAD}Content-Length: {len(SOUND)}\r\n\r\n"
            connection.sendall(head.encode() + (b"" if number % 2 else SOUND[:100]))
        assert_serves(story, running)


def test_a_path_of_the_api_reaches_no_other_path_of_kubernetes(story: Story, receiver: Start) -> None:
    """A name that is none is not asked for."""
    running = receiver(scenes.rules())
    names = ("..%2fconfigmaps", "%2e%2e", "web%00", "WEB", "a" * 300, "web%3FdryRun=All")
    assert {running.get(f"/api/v1/rollbacks/{name}")[0] for name in names} == {404}
    assert running.get("/api/v1/rollbacks?target=Deployment/../x")[0] == 400
    assert running.get("/api/v1/rollbacks?continue=%00")[0] == 400
    assert_log_is_sound(running)
