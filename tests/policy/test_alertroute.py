"""What of an Alertmanager's configuration keeps alerts, or their end, from us."""

from typing import Any

import pytest

from receiver.policy.alertroute import judge_route


def config(*receivers: dict[str, Any], **route: Any) -> dict[str, Any]:
    first = receivers[0]["name"] if receivers else "nobody"
    return {"route": {"receiver": first, **route}, "receivers": [{"name": "nobody"}, *receivers]}


def hook(name: str = "rollback-receiver", url: str = "http://rr:8080/alerts", **more: Any) -> dict[str, Any]:
    return {"name": name, "webhook_configs": [{"url": url, "send_resolved": True, **more}]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            config(hook()), "to receiver rollback-receiver, resolved alerts too", id="as it should be"
        ),
        pytest.param(
            config(hook("pager", "http://p/x"), hook(), routes=[{"receiver": "rollback-receiver"}]),
            "to receiver rollback-receiver, resolved alerts too",
            id="a route further down, another webhook beside it",
        ),
        pytest.param(
            config(hook(url="<secret>")),
            "to receiver rollback-receiver, resolved alerts too; whether it is this one, its hidden url does"
            " not tell",
            id="the url is hidden",
        ),
        pytest.param(
            config(hook("hooks", url="", url_file="/etc/url")),
            "to receiver hooks, resolved alerts too; whether it is this one, its hidden url does not tell",
            id="the url is in a file, and no name is ours",
        ),
        pytest.param(
            config(hook(max_alerts=5), hook("other"), routes=[{"receiver": "other"}]),
            "to receiver other, resolved alerts too",
            id="one of two is enough",
        ),
    ],
)
def test_alerts_find_their_way(given: dict[str, Any], said: str) -> None:
    found = judge_route(given)
    assert (found.good, found.said) == (True, said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({}, "no webhook has a url that ends in /alerts", id="nothing at all"),
        pytest.param(
            config(hook(url="http://x/hook")), "no webhook has a url that ends", id="another's webhook"
        ),
        pytest.param(
            config(
                hook("p", "<secret>"), hook(send_resolved=False, url="<secret>"), routes=[{"receiver": "p"}]
            ),
            "no route leads to receiver rollback-receiver",
            id="no route to the one of our name",
        ),
        pytest.param(config(hook(send_resolved=False)), "has send_resolved: false", id="no resolved alerts"),
        pytest.param(config(hook(max_alerts=10)), "has max_alerts: ", id="some alerts are cut off"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(given: dict[str, Any], said: str) -> None:
    found = judge_route(given)
    assert found.good is False
    assert said in found.said
    assert ": " in found.said
