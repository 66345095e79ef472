"""The webhook message on the wire: every fault is one clear line, and no bytes do anything else."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.policy.alerts import Payload, PayloadError, parse_payload
from tests.policy.messages import ALERT, alert_with, message

FAULTS = [
    pytest.param(b"", "the body is not JSON: ", id="empty"),
    pytest.param(b"hello", "the body is not JSON: ", id="text"),
    pytest.param(b"\xff\xfe{}", "the body is not JSON: ", id="not UTF-8"),
    pytest.param('{"alerts": []}'.encode("utf-16"), "the body is not JSON: ", id="UTF-16"),
    pytest.param(b'{"alerts": [], "x": "\xc3\x28"}', "the body is not JSON: ", id="broken UTF-8"),
    pytest.param(message(ALERT)[:-20], "the body is not JSON: ", id="truncated"),
    pytest.param(message(ALERT) + b"{}", "the body is not JSON: ", id="two documents"),
    pytest.param(b'{"alerts":' + b"[" * 100_000, "the body is not JSON: ", id="nested without end"),
    pytest.param(
        b'{"alerts":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "the body is not JSON: ", id="nested"
    ),
    pytest.param(b'{"x":' * 100_000, "the body is not JSON: ", id="nested objects"),
    pytest.param(b'{"alerts": [], "x": NaN}', "the body is not JSON: ", id="NaN"),
    pytest.param(b'{"alerts": [], "x": [-Infinity]}', "the body is not JSON: ", id="Infinity"),
    pytest.param(b'{"alerts": [], "x": "\\ud800"}', "the body is not JSON: ", id="lone surrogate"),
    pytest.param(b'{"alerts": [], "x": "\\udc00y"}', "the body is not JSON: ", id="low surrogate"),
    pytest.param(
        b'{"alerts": [], "x": ' + b"9" * 5000 + b"}", "the body is not JSON: ", id="number of 5000 digits"
    ),
    pytest.param(b'{"alerts": [], "x": "a\nb"}', "the body is not JSON: ", id="newline in a string"),
    pytest.param(b"null", "the message must be an object, not null", id="null"),
    pytest.param(b"[]", "the message must be an object, not a list", id="list"),
    pytest.param(b'"x"', "the message must be an object, not 'x'", id="string"),
    pytest.param(b"5", "the message must be an object, not 5", id="number"),
    pytest.param(b"{}", "alerts must be a list of at most 100000 alerts", id="no alerts"),
    pytest.param(b'{"alerts": null}', "alerts must be a list of at most 100000 alerts", id="null alerts"),
    pytest.param(b'{"alerts": {}}', "alerts must be a list of at most 100000 alerts", id="object of alerts"),
    pytest.param(
        b'{"alerts": [' + b"1," * 100_000 + b"1]}",
        "alerts must be a list of at most 100000 alerts",
        id="too many alerts",
    ),
    pytest.param(message(ALERT, version=4), "version must be a string, not 4", id="version"),
    pytest.param(message(ALERT, version=None), "version must be a string, not null", id="null version"),
    pytest.param(message(ALERT, groupKey=["x"]), "groupKey must be a string, not a list", id="groupKey"),
    pytest.param(message(ALERT, receiver={}), "receiver must be a string", id="receiver"),
    pytest.param(
        message(ALERT, externalURL=True), "externalURL must be a string, not true", id="externalURL"
    ),
    pytest.param(
        message(ALERT, truncatedAlerts="3"),
        "truncatedAlerts must be a whole number, not '3'",
        id="text number",
    ),
    pytest.param(
        message(ALERT, truncatedAlerts=1.5), "truncatedAlerts must be a whole number, not 1.5", id="fraction"
    ),
    pytest.param(
        message(ALERT, truncatedAlerts=-1), "truncatedAlerts must be 0 or more, not -1", id="below zero"
    ),
    pytest.param(
        message(ALERT, truncatedAlerts=2**64), "truncatedAlerts must be less than 2^64, not", id="huge number"
    ),
    pytest.param(
        b'{"alerts": [], "truncatedAlerts": ' + b"9" * 400 + b"}",
        "truncatedAlerts must be less than 2^64, not 999",
        id="400 digits",
    ),
]


@pytest.mark.parametrize(("body", "expected"), FAULTS)
def test_faulty_message_is_refused_in_one_line(body: bytes, expected: str) -> None:
    """A refusal says where, what, and what would be right; short and printable, whatever the body."""
    with pytest.raises(PayloadError) as refusal:
        parse_payload(body)
    text = str(refusal.value)
    assert text.startswith(expected)
    assert len(text) < 250
    assert text.isprintable()


MALFORMED = [
    pytest.param(None, "must be an object, not null", id="null"),
    pytest.param(7, "must be an object, not 7", id="number"),
    pytest.param([], "must be an object, not a list", id="list"),
    pytest.param("x" * 10**6, "must be an object, not 'xxx", id="megabyte of text"),
    pytest.param({"status": "firing"}, ".labels is missing", id="no labels"),
    pytest.param({"status": "firing", "labels": {}}, ".startsAt is missing", id="no start"),
    pytest.param({"labels": {}, "startsAt": ALERT["startsAt"]}, ".status is missing", id="no status"),
    pytest.param(alert_with(status="on"), ".status must be 'firing' or 'resolved', not 'on'", id="status"),
    pytest.param(
        alert_with(status=["x"]), ".status must be 'firing' or 'resolved', not a list", id="list status"
    ),
    pytest.param(
        alert_with(labels=["x"]), ".labels must be an object of strings, not a list", id="list labels"
    ),
    pytest.param(
        alert_with(labels={"a": "b", "c\n\x1b[2J": 5}),
        r".labels must be an object of strings, and 'c\n\x1b[2J' holds none",
        id="label of a number",
    ),
    pytest.param(
        alert_with(annotations={"a": {"b": "c"}}),
        ".annotations must be an object of strings, and 'a' holds none",
        id="nested annotation",
    ),
    pytest.param(
        alert_with(startsAt=1714564800), ".startsAt must be a time as in RFC 3339, such as", id="unix time"
    ),
    pytest.param(
        alert_with(startsAt=""), ".startsAt must be a time as in RFC 3339, such as", id="empty time"
    ),
    pytest.param(
        alert_with(startsAt="2026-05-01T12:00:00"), ".startsAt must be a time as in RFC 3339", id="no offset"
    ),
    pytest.param(
        alert_with(startsAt="2026-02-30T12:00:00Z"),
        ".startsAt must be a time as in RFC 3339",
        id="no such day",
    ),
    pytest.param(
        alert_with(startsAt="2026-05-01T12:00:00+24:00"), ".startsAt must be a time", id="no such offset"
    ),
    pytest.param(
        alert_with(startsAt="٢٠٢٦-٠٥-٠١T١٢:٠٠:٠٠Z"),
        ".startsAt must be a time",
        id="digits that are not ASCII",
    ),
    pytest.param(alert_with(endsAt="soon"), ".endsAt must be a time as in RFC 3339", id="end"),
    pytest.param(alert_with(fingerprint=5), ".fingerprint must be a string, not 5", id="fingerprint"),
    pytest.param(alert_with(generatorURL={}), ".generatorURL must be a string", id="generatorURL"),
]


@pytest.mark.parametrize(("alert", "expected"), MALFORMED)
def test_malformed_alert_does_not_cost_its_neighbours(alert: object, expected: str) -> None:
    """Alerts that can be read are kept, the others counted, and the first fault is told in one line."""
    payload = parse_payload(message(ALERT, alert, ALERT, None))
    assert len(payload.alerts) == 2
    assert payload.malformed_alerts == 2
    assert payload.first_fault is not None
    assert payload.first_fault.startswith(f"alerts[1]{'' if expected.startswith('.') else ' '}{expected}")
    assert payload.first_fault.isprintable()
    assert len(payload.first_fault) < 250


@pytest.mark.parametrize(("alert", "expected"), MALFORMED)
def test_message_of_malformed_alerts_alone_is_refused(alert: object, expected: str) -> None:
    """Nothing is lost by a 400 when not one alert can be read, and the sender learns of it."""
    with pytest.raises(PayloadError, match=r"^alerts\[0\]"):
        parse_payload(message(alert, alert))


def test_message_without_alerts_is_no_fault() -> None:
    """An empty list asks for nothing."""
    assert parse_payload(message()) == Payload("", "", "", "", 0, ())


def outcome_of(body: bytes) -> Payload | str:
    try:
        return parse_payload(body)
    except PayloadError as refusal:
        return str(refusal)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["firing", "resolved"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = ["status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"]
FRAME = ["version", "groupKey", "receiver", "externalURL", "truncatedAlerts", "status"]
TIMES = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))])
)
FIELDS = JSON | st.dictionaries(st.text(), st.text(), max_size=3) | TIMES.map(datetime.isoformat)
ALERTS = JSON | st.dictionaries(st.sampled_from(KEYS), FIELDS)
MESSAGES = st.builds(
    lambda frame, alerts: {**frame, "alerts": alerts},
    st.dictionaries(st.sampled_from(FRAME), JSON),
    st.lists(ALERTS, max_size=4) | JSON,
)


@given(st.binary() | JSON.map(json.dumps).map(str.encode) | MESSAGES.map(json.dumps).map(str.encode))
def test_no_bytes_raise_anything_but_a_payload_error(body: bytes) -> None:
    """A body is a payload or a refusal; nothing else ever comes of it."""
    outcome = outcome_of(body)
    if isinstance(outcome, Payload):
        assert all(alert.starts_at.tzinfo is UTC for alert in outcome.alerts)
    else:
        assert outcome.isprintable()


@given(st.binary(min_size=1, max_size=3), st.integers(0, 400))
def test_genuine_payload_with_bytes_overwritten_never_crashes(noise: bytes, at: int) -> None:
    """A message damaged under way is a payload or a refusal too."""
    body = bytearray(message(alert_with(annotations={"a": "b"}, endsAt="0001-01-01T00:00:00Z"), version="4"))
    body[at : at + len(noise)] = noise
    outcome = outcome_of(bytes(body))
    assert isinstance(outcome, Payload) or outcome.isprintable()
