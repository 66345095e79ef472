"""The example of a route for the Prometheus operator leads to what the chart makes, and tells it all."""

import re

import yaml

from receiver.policy.alertroute import judge_route
from tests.helm.charts import CHART, only, render

EXAMPLE = CHART / "examples" / "alertmanagerconfig.yaml"


def snake(value: object) -> object:
    """Name keys as Alertmanager's own file does: sendResolved is its send_resolved."""
    if isinstance(value, dict):
        return {
            re.sub("[A-Z]", lambda big: f"_{big[0].lower()}", key): snake(one) for key, one in value.items()
        }
    return [snake(one) for one in value] if isinstance(value, list) else value


def test_example_leads_to_the_service() -> None:
    """Of a release that is called like the chart, in the namespace of that name."""
    (webhook,) = yaml.safe_load(EXAMPLE.read_text())["spec"]["receivers"][0]["webhookConfigs"]
    service = only(render({"fullnameOverride": "rollback-receiver"}), "Service")
    (port,) = service["spec"]["ports"]
    name = service["metadata"]["name"]
    assert webhook["url"] == f"http://{name}.rollback-receiver.svc:{port['port']}/alerts"


def test_doctor_would_find_nothing_wrong_with_it() -> None:
    """Resolved alerts are sent, and none is left out."""
    example = snake(yaml.safe_load(EXAMPLE.read_text())["spec"])
    assert isinstance(example, dict)
    found = judge_route(example)
    assert found.good, found.said
