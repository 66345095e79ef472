"""The alerts of a webhook message: genuine ones whole, hostile ones as they are, annotations bounded."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.policy.alerts import Alert, Payload, Status, bounded, cut, fingerprint_of, parse_payload
from tests.policy.messages import alert_with, message

PAYLOADS = sorted((Path(__file__).parent.parent / "payloads").glob("*.json"))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def only(body: bytes) -> Alert:
    (alert,) = parse_payload(body).alerts
    return alert


def read_recorded(name: str) -> Payload:
    recorded = json.loads((PAYLOADS[0].parent / f"{name}.json").read_text())
    return parse_payload(recorded["raw"].encode())


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_genuine_payload_is_read_whole(path: Path) -> None:
    """Every recorded message of Alertmanager and Grafana is read, none of its alerts is left out."""
    recorded = json.loads(path.read_text())
    body = recorded["body"]
    payload = parse_payload(recorded.get("raw", json.dumps(body)).encode())
    assert payload.malformed_alerts == 0
    assert payload.first_fault is None
    assert [dict(alert.labels) for alert in payload.alerts] == [raw["labels"] for raw in body["alerts"]]
    assert [dict(alert.annotations) for alert in payload.alerts] == [
        raw["annotations"] for raw in body["alerts"]
    ]
    assert [alert.status.value for alert in payload.alerts] == [raw["status"] for raw in body["alerts"]]
    assert [alert.fingerprint for alert in payload.alerts] == [raw["fingerprint"] for raw in body["alerts"]]
    assert [alert.generator_url for alert in payload.alerts] == [
        raw["generatorURL"] for raw in body["alerts"]
    ]
    assert all((alert.ends_at is None) == alert.firing for alert in payload.alerts)
    assert payload.version == body["version"]
    assert payload.group_key == body["groupKey"]
    assert payload.receiver == body["receiver"]
    assert payload.external_url == body["externalURL"]
    assert payload.truncated_alerts == body["truncatedAlerts"]


def test_mixed_group_keeps_each_alerts_own_status() -> None:
    """A group that fires may hold resolved alerts."""
    payload = read_recorded("am033_mixed_firing_resolved")
    assert {alert.status for alert in payload.alerts} == {Status.FIRING, Status.RESOLVED}


def test_truncated_alerts_are_told() -> None:
    """What max_alerts cut off is known by number."""
    assert read_recorded("am028_truncated_max_alerts").truncated_alerts == 3


def test_alertname_is_not_guaranteed() -> None:
    """An alert without alertname is an alert, its name is empty."""
    (alert,) = read_recorded("am033_no_alertname").alerts
    assert alert.name == ""
    assert read_recorded("am033_single_firing").alerts[0].name == "HighErrorRate"


def test_refired_alert_has_the_same_key() -> None:
    """Fingerprint and startsAt tell a re-delivery; after a resolved, both may come back unchanged."""
    first = read_recorded("am033_ha_pair_2_resolved").alerts[0]
    again = read_recorded("am033_ha_pair_3_refired_same_startsAt").alerts[0]
    assert first.key == again.key == (first.fingerprint, first.starts_at)


def test_flapping_alert_has_another_key() -> None:
    """An alert that fires anew is another one."""
    first = read_recorded("am033_flap_first").alerts[0]
    again = read_recorded("am033_flap_repeat_new_startsAt").alerts[0]
    assert first.fingerprint == again.fingerprint
    assert first.key != again.key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-05-01T12:00:00Z", NOON, id="utc"),
        pytest.param("2026-05-01t12:00:00z", NOON, id="lower case"),
        pytest.param("2026-05-01T14:00:00+02:00", NOON, id="offset"),
        pytest.param("2026-05-01T00:00:00-12:00", NOON, id="negative offset"),
        pytest.param("2026-05-01T12:00:00.5Z", NOON + timedelta(milliseconds=500), id="tenths"),
        pytest.param(
            "2026-05-01T12:00:00.123456789Z", NOON + timedelta(microseconds=123456), id="nanoseconds are cut"
        ),
        pytest.param("0001-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC), id="zero time"),
        pytest.param("0001-01-01T00:00:00+02:00", datetime(1970, 1, 1, tzinfo=UTC), id="before year 1"),
        pytest.param("0000-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC), id="year 0"),
        pytest.param("1969-12-31T23:59:59Z", datetime(1970, 1, 1, tzinfo=UTC), id="before 1970"),
        pytest.param("9999-12-31T23:59:59-02:00", datetime(9998, 12, 31, tzinfo=UTC), id="after year 9999"),
        pytest.param("9999-01-01T00:00:00Z", datetime(9998, 12, 31, tzinfo=UTC), id="after 9998"),
    ],
)
def test_start_is_read_in_utc(text: str, expected: datetime) -> None:
    """Any offset and precision is read; no year is a crash, now or in later arithmetic."""
    starts_at = only(message(alert_with(startsAt=text))).starts_at
    assert starts_at == expected
    assert starts_at.tzinfo is UTC
    assert starts_at - timedelta(days=365) < starts_at < starts_at + timedelta(days=364)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"endsAt": "2026-05-01T12:00:00Z"}, None, id="firing"),
        pytest.param({"status": "resolved", "endsAt": "2026-05-01T12:00:00Z"}, NOON, id="resolved"),
        pytest.param({"status": "resolved", "endsAt": "0001-01-01T00:00:00Z"}, None, id="zero time"),
        pytest.param({"status": "resolved"}, None, id="left out"),
    ],
)
def test_end_is_known_only_of_what_ended(fields: dict[str, str], expected: datetime | None) -> None:
    """endsAt of a firing alert says nothing."""
    assert only(message(alert_with(**fields))).ends_at == expected


@pytest.mark.parametrize(
    "value",
    [
        "../../secrets",
        "a\nb",
        "\x1b[31m",
        "<script>alert(1)</script>",
        "\x00",
        "NaN",
        "Infinity",
        "x" * 10**6,
    ],
)
def test_hostile_label_value_is_kept_as_it_is(value: str) -> None:
    """A well-formed value is no reason to refuse: what it names is found not to exist later."""
    assert only(message(alert_with(labels={"deployment": value}))).labels == {"deployment": value}


def test_null_maps_are_empty() -> None:
    """Go writes an empty map as null."""
    alert = only(message(alert_with(labels=None, annotations=None, generatorURL=None, fingerprint=None)))
    assert (dict(alert.labels), dict(alert.annotations), alert.generator_url) == ({}, {}, "")


def test_alert_cannot_be_changed() -> None:
    """Labels are read-only, and not the caller's own dict."""
    labels = {"a": "b"}
    alert = Alert(Status.FIRING, labels, NOON)
    labels["a"] = "changed"
    assert alert.labels == {"a": "b"}
    with pytest.raises(TypeError):
        alert.labels["a"] = "c"  # type: ignore[index]
    with pytest.raises(TypeError):
        alert.annotations["a"] = "c"  # type: ignore[index]


@pytest.mark.parametrize("fingerprint", [None, "", "../x", "a" * 65, "a\n"], ids=ascii)
def test_unfit_fingerprint_is_computed_from_the_labels(fingerprint: str | None) -> None:
    """What is missing, or could not stand on a record, is replaced by a hash that order does not change."""
    labels = {"a": "1", "b": "2"}
    turned = dict(reversed(labels.items()))
    one = only(message(alert_with(fingerprint=fingerprint, labels=labels)))
    two = only(message(alert_with(labels=turned)))
    assert one.fingerprint == two.fingerprint == fingerprint_of(labels)
    assert len(one.fingerprint) == 16


RECORDED = [path for path in PAYLOADS if path.name.startswith("am0")]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_computed_fingerprint_is_alertmanagers_own(path: Path) -> None:
    """So that rule tests break ties as the receiver does in a cluster."""
    for raw in json.loads(path.read_text())["body"]["alerts"]:
        assert fingerprint_of(raw["labels"]) == raw["fingerprint"]


def test_fingerprint_of_no_labels_is_alertmanagers_own() -> None:
    """It is where FNV-1a begins: nothing is hashed."""
    assert fingerprint_of({}) == "cbf29ce484222325"


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_fingerprint_tells_label_sets_apart(one: dict[str, str], two: dict[str, str]) -> None:
    """Equal label sets have equal fingerprints, others do not."""
    assert (fingerprint_of(one) == fingerprint_of(two)) == (one == two)


def size(texts: dict[str, str]) -> int:
    return sum(len(name.encode()) + len(text.encode()) for name, text in texts.items())


def test_small_annotations_are_stored_whole() -> None:
    """What fits is not touched."""
    assert bounded({"b": "1", "a": "2"}) == {"b": "1", "a": "2"}


def test_longest_annotation_is_cut_first_and_marked() -> None:
    """The summary survives a megabyte of description."""
    stored = bounded({"description": "ü" * 10**6, "summary": "errors"})
    assert stored["summary"] == "errors"
    assert stored["description"].endswith("… [cut: 2000000 bytes]")
    assert list(stored) == ["description", "summary"]
    assert 3900 < size(stored) <= 4096


def test_annotations_beyond_the_room_are_counted() -> None:
    """Ten thousand annotations, or a name of a megabyte, leave a note."""
    many = bounded({f"a{number:05}": "x" * 100 for number in range(10_000)})
    assert many["…"] == "9968 more left out"
    assert size(many) <= 4096
    assert bounded({"n" * 10**6: "x", "summary": "errors"}) == {"summary": "errors", "…": "1 more left out"}


@given(st.dictionaries(st.text(max_size=80), st.text(max_size=400), max_size=60), st.integers(100, 4096))
def test_stored_annotations_never_exceed_their_limit(texts: dict[str, str], limit: int) -> None:
    """Whatever stands in the annotations, the record's part of them is bounded."""
    stored = bounded(texts, limit_bytes=limit)
    assert size(stored) <= limit
    assert all(
        stored[name] == text or stored[name].endswith(" bytes]")
        for name, text in texts.items()
        if name in stored and name != "…"
    )


@given(st.text(max_size=300), st.integers(48, 200))
def test_cut_text_fits(text: str, limit: int) -> None:
    """A text that is cut never exceeds its limit, and begins as it did."""
    short = cut(text, limit_bytes=limit)
    assert len(short.encode()) <= limit
    assert short == text or text.startswith(short.partition("… [cut: ")[0])
