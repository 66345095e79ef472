"""GET /api/v1/rollbacks: what may be asked, and how it is refused."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from receiver import metrics
from receiver.policy.intake import PageGone, RollbackQuery, Unavailable
from receiver.policy.record import Phase
from receiver.policy.workload import WorkloadRef
from tests.web.conftest import Notebook

LIST = "/api/v1/rollbacks"


def test_records_are_listed(client: FlaskClient, notebook: Notebook) -> None:
    """Without conditions, a hundred at a time."""
    answer = client.get(LIST)
    assert (answer.status_code, answer.get_json()) == (200, {"items": [], "continue": "abc"})
    assert notebook.queries == [RollbackQuery()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("phase=Pending", RollbackQuery(phase=Phase.PENDING)),
        (
            "target=Deployment/shop/checkout",
            RollbackQuery(target=WorkloadRef("Deployment", "shop", "checkout")),
        ),
        ("limit=500", RollbackQuery(limit=500)),
        ("continue=eyJ2Ijo.x_-%3D", RollbackQuery(continue_token="eyJ2Ijo.x_-=")),
        ("since=2026-05-01T14:00:00%2B02:00", RollbackQuery(since=datetime(2026, 5, 1, 12, tzinfo=UTC))),
        ("phase=DryRun&limit=1", RollbackQuery(phase=Phase.DRY_RUN, limit=1)),
    ],
)
def test_query_narrows(client: FlaskClient, notebook: Notebook, query: str, expected: RollbackQuery) -> None:
    """Each parameter is read once, into what the engine understands."""
    assert client.get(f"{LIST}?{query}").status_code == 200
    assert notebook.queries == [expected]


def test_since_may_be_a_duration(client: FlaskClient, notebook: Notebook) -> None:
    """Back from now, as the command line has it."""
    client.get(f"{LIST}?since=1h30m")
    since = notebook.queries[0].since
    assert since is not None
    assert abs(datetime.now(UTC) - timedelta(minutes=90) - since) < timedelta(seconds=60)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("phase=pending", "phase: 'pending' is no phase: known are Refused, DryRun, "),
        ("phase=", "phase: '' is no phase"),
        ("phase=%1b[2J%0a", r"phase: '\x1b[2J\n' is no phase"),
        (
            "target=checkout",
            "target: 'checkout' is no KIND/NAMESPACE/NAME: write it like Deployment/shop/checkout",
        ),
        ("target=Deployment/shop", "target: "),
        ("target=Deployment/../secrets", "target: "),
        ("target=deployment/shop/checkout", "target: "),
        ("target=Deployment/shop/a/b", "target: "),
        ("target=Deployment/shop/Checkout", "target: "),
        (
            "since=yesterday",
            "since: 'yesterday' is neither a duration nor a time: write it like 24h or 2026-",
        ),
        ("since=2026-05-01T12:00:00", "since: "),
        ("since=-1h", "since: "),
        ("since=999y", "since: "),
        ("since=" + "9" * 5000 + "h", "since: "),
        ("limit=0", "limit: '0' is no number from 1 to 500"),
        ("limit=501", "limit: "),
        ("limit=-1", "limit: "),
        ("limit=1e3", "limit: "),
        ("limit=" + "9" * 5000, "limit: "),
        ("limit=%D9%A3", "limit: "),
        ("continue=a%20b", "continue: pass on what the last answer gave, unchanged"),
        ("continue=", "continue: "),
        ("continue=" + "a" * 4097, "continue: "),
        ("limit=1&limit=2", "limit is given 2 times: give it once"),
        ("labelSelector=a%0ab", r"unknown parameter 'labelSelector': known are phase, target, since, limit"),
        ("%ff=1", "unknown parameter "),
    ],
    ids=lambda value: value[:40],
)
def test_bad_query_is_a_400(client: FlaskClient, notebook: Notebook, query: str, error: str) -> None:
    """Which parameter, what is wrong, what would be right; in one printable line."""
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 400
    text = answer.get_json()["error"]
    assert text.startswith(error)
    assert text.isprintable()
    assert len(text) < 300
    assert notebook.queries == []


def test_one_record_is_shown(client: FlaskClient, notebook: Notebook) -> None:
    """By its name."""
    answer = client.get(f"{LIST}/checkout-7d4b9c-3fa9c1d20e")
    assert (answer.status_code, answer.get_json()) == (200, {"kind": "Rollback"})
    assert notebook.names == ["checkout-7d4b9c-3fa9c1d20e"]


def test_unknown_record_is_a_404(client: FlaskClient, notebook: Notebook) -> None:
    """It says which."""
    notebook.record = None
    answer = client.get(f"{LIST}/gone")
    assert (answer.status_code, answer.get_json()) == (404, {"error": "there is no record 'gone'"})


@pytest.mark.parametrize(
    "name", ["..", "A", "a%0ab", "%1b[2J", "a%00", "%2e%2e%2fsecrets", "a" * 300, "%ff", "a/b"]
)
def test_hostile_name_is_asked_of_nobody(client: FlaskClient, notebook: Notebook, name: str) -> None:
    """What cannot be a name never gets near an API path."""
    answer = client.get(f"{LIST}/{name}")
    assert answer.status_code == 404
    assert answer.get_json()["error"].isprintable()
    assert notebook.names == []


@pytest.mark.parametrize("path", [LIST, f"{LIST}/r-1"])
def test_cluster_that_does_not_answer_is_a_503(client: FlaskClient, notebook: Notebook, path: str) -> None:
    """Ask again later."""
    notebook.failure = Unavailable("GET rollbacks: no answer within 4.0 s", 3)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert answer.get_json() == {"error": "GET rollbacks: no answer within 4.0 s"}


def test_page_that_is_gone_is_a_400(client: FlaskClient, notebook: Notebook) -> None:
    """Who asked again later, as after a 503, would ask for ever."""
    notebook.failure = PageGone("GET rollbacks: the continue parameter is too old (410)")
    answer = client.get(f"{LIST}?continue=abc")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (400, None)
    said = "continue: begin again without it: GET rollbacks: the continue parameter is too old (410)"
    assert answer.get_json() == {"error": said}


@pytest.mark.parametrize(
    "path", ["/rollbacks", "/nothing", "/api//v1/rollbacks", "/alerts/", "/api/v1", "/static/x", "/\x1b[2J"]
)
def test_nothing_there_is_a_404_in_json(client: FlaskClient, path: str) -> None:
    """No redirect, which Alertmanager would take for an end."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert set(answer.get_json()) == {"error"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_requests_are_counted_without_what_senders_choose(client: FlaskClient) -> None:
    """Endpoint, a known method, status: no path, no invented method."""
    client.get("/nothing-of-the-kind")
    client.open("/alerts", method="INVENTED")
    text = metrics.render().decode()
    assert 'rollback_receiver_http_requests_total{code="404",endpoint="unknown",method="GET"}' in text
    assert 'rollback_receiver_http_requests_total{code="405",endpoint="unknown",method="other"}' in text
    assert "of-the-kind" not in text
    assert "INVENTED" not in text
