"""Health, readiness, metrics and reload."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from receiver.policy.intake import RulesRejected
from tests.web.conftest import Notebook, client_of


def test_healthy_whatever_the_cluster_does(client: FlaskClient, notebook: Notebook) -> None:
    """A restart would not help against an API server that is down."""
    notebook.fault = "the API server does not answer"
    answer = client.get("/-/healthy")
    assert (answer.status_code, answer.text) == (200, "healthy\n")


def test_ready_says_why_not(client: FlaskClient, notebook: Notebook) -> None:
    """200 or 503 with a sentence."""
    assert client.get("/-/ready").status_code == 200
    notebook.fault = "the API server does not answer"
    answer = client.get("/-/ready")
    assert (answer.status_code, answer.get_json()) == (503, {"error": "the API server does not answer"})


def test_metrics_are_prometheus_text(client: FlaskClient) -> None:
    """With the media type that Prometheus 3 insists on."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "\nrollback_receiver_build_info{" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_reload_loads(notebook: Notebook, review_token: Path, method: str) -> None:
    """As in Prometheus: POST or PUT, 200."""
    client = client_of(notebook, review=review_token)
    headers = {"Authorization": "Bearer review-secret"}
    assert client.open("/-/reload", method=method, headers=headers).status_code == 200
    assert client.get("/-/reload", headers=headers).status_code == 405
    assert notebook.reloads == 1


def test_rejected_rules_are_named(notebook: Notebook, review_token: Path) -> None:
    """Every problem, and that nothing has changed."""
    notebook.failure = RulesRejected(("rules.yaml:3: rule a: x", "rules.yaml:9: rule b: y"))
    answer = client_of(notebook, review=review_token).post(
        "/-/reload", headers={"Authorization": "Bearer review-secret"}
    )
    assert answer.status_code == 500
    assert answer.get_json() == {
        "error": "the rules have faults; those in force stay in force",
        "problems": ["rules.yaml:3: rule a: x", "rules.yaml:9: rule b: y"],
    }
