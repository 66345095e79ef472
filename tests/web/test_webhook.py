"""POST /alerts: what is taken, what is refused and how. Nothing is ever a 500 that a sender could cause."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receiver import metrics
from receiver.policy.intake import Accepted, NotPersisted
from tests.policy.messages import ALERT, message
from tests.web.conftest import Notebook


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"rollback_receiver_{name}", labels) or 0


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_message_is_handed_on_and_its_outcome_told(
    client: FlaskClient, notebook: Notebook, method: str
) -> None:
    """Alertmanager posts, Grafana may put; 202 tells what came of it."""
    notebook.outcome = Accepted(accepted=2, ignored=1, records=("a", "b"))
    answer = client.open("/alerts", method=method, data=message(ALERT, ALERT, ALERT, groupKey="g"))
    assert answer.status_code == 202
    assert answer.json == {"accepted": 2, "ignored": 1, "records": ["a", "b"]}
    assert notebook.payloads[0].group_key == "g"
    assert datetime.now(UTC) - notebook.received_at[0] < timedelta(seconds=60)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "nonsense",
        "",
    ],
)
def test_content_type_says_nothing(client: FlaskClient, content_type: str) -> None:
    """The body is read as what it is."""
    assert client.post("/alerts", data=message(ALERT), content_type=content_type).status_code == 202


BAD_BODIES = [
    pytest.param(b"hello", id="text"),
    pytest.param(message(ALERT)[:-3], id="truncated"),
    pytest.param(b"[]", id="list"),
    pytest.param(b"null", id="null"),
    pytest.param(b"{}", id="no alerts"),
    pytest.param(b'{"alerts": "x"}', id="alerts of text"),
    pytest.param(message(5), id="alert of a number"),
    pytest.param(message({**ALERT, "labels": {"a": 1}}), id="label of a number"),
    pytest.param(message({**ALERT, "startsAt": "yesterday"}), id="no time"),
    pytest.param(message(ALERT, version=4), id="version of a number"),
    pytest.param(message(ALERT, truncatedAlerts=-1), id="negative count"),
    pytest.param(b'{"alerts": [], "x": NaN}', id="NaN"),
    pytest.param(b'{"alerts":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested"),
    pytest.param(b'{"alerts": [], "x": ' + b"9" * 10_000 + b"}", id="huge number"),
    pytest.param(b'{"alerts": [], "x": "\\ud800"}', id="lone surrogate"),
    pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
    pytest.param(b"\x1f\x8b\x08" + bytes(50), id="gzip"),
    pytest.param(b"<xml/>", id="xml"),
    pytest.param(b"\x00" * 1000, id="zeros"),
]


@pytest.mark.parametrize("body", BAD_BODIES)
def test_what_is_no_message_is_a_400_with_a_reason(
    client: FlaskClient, notebook: Notebook, body: bytes
) -> None:
    """The sender learns what is wrong; the engine hears nothing of it."""
    answer = client.post("/alerts", data=body)
    assert answer.status_code == 400
    error: str = answer.get_json()["error"]
    assert error.startswith("not an Alertmanager webhook message: ")
    assert error.isprintable()
    assert notebook.payloads == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(min_size=1),
    headers=st.dictionaries(st.sampled_from(["Content-Type", "X-A"]), st.just("x")),
)
def test_no_body_is_ever_a_500(client: FlaskClient, body: bytes, headers: dict[str, str]) -> None:
    """Any bytes are a message or a 400."""
    assert client.post("/alerts", data=body, headers=headers).status_code in {202, 400}


@pytest.mark.parametrize(
    "value",
    [
        "../../../etc/passwd",
        "a\nb",
        "\x1b[31m",
        "<script>",
        "'; DROP",
        "\u202e",
        "x" * 10**6,
        "{{ 7*7 }}",
        "\x00",
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_hostile_label_costs_its_neighbours_nothing(
    client: FlaskClient, notebook: Notebook, value: str
) -> None:
    """A well-formed message is taken, whatever its labels say."""
    hostile = {**ALERT, "labels": {"alertname": value, "namespace": value}}
    assert client.post("/alerts", data=message(hostile, ALERT)).status_code == 202
    assert len(notebook.payloads[0].alerts) == 2


def test_malformed_alert_is_ignored_and_counted(client: FlaskClient, notebook: Notebook) -> None:
    """Its neighbours are handed on; the answer and a metric tell of it."""
    before = counted("alerts_ignored_total", reason="malformed")
    answer = client.post("/alerts", data=message(ALERT, {"status": "firing"}, 5))
    assert answer.get_json() == {"accepted": 1, "ignored": 2, "records": ["r-1"]}
    assert len(notebook.payloads[0].alerts) == 1
    assert counted("alerts_ignored_total", reason="malformed") == before + 2


def test_what_cannot_be_stored_is_a_503(client: FlaskClient, notebook: Notebook) -> None:
    """Alertmanager sends it again; Retry-After tells others when."""
    notebook.failure = NotPersisted("1 of 2 records stored: the API server does not answer", 7)
    answer = client.post("/alerts", data=message(ALERT))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert answer.get_json() == {"error": "1 of 2 records stored: the API server does not answer"}


def test_mistake_of_ours_is_a_500_that_tells_nothing(
    client: FlaskClient, notebook: Notebook, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the exception, the sender does not; and 500 makes Alertmanager try again."""
    notebook.failure = KeyError("inner secret")
    answer = client.post("/alerts", data=message(ALERT))
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "error" in answer.get_json()
    assert "inner secret" in caplog.text


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_a_405(client: FlaskClient, method: str) -> None:
    """In JSON, with what is allowed."""
    answer = client.open("/alerts", method=method, data=message(ALERT))
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "PUT"}
    assert "error" in answer.get_json()


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent.parent / "payloads").glob("*.json")), ids=lambda path: path.stem
)
def test_genuine_payload_is_taken(client: FlaskClient, notebook: Notebook, path: Path) -> None:
    """Every recorded message, as its bytes came over the wire."""
    recorded = json.loads(path.read_text())
    body = recorded.get("raw") or json.dumps(recorded["body"])
    assert client.post("/alerts", data=body.encode()).status_code == 202
    assert len(notebook.payloads[0].alerts) == len(recorded["body"]["alerts"])
