"""What values.schema.json lets pass is what the receiver takes, and what the templates can do without."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic import BaseModel

from receiver.policy.durations import DURATION_PATTERN
from receiver.policy.fields import Url
from receiver.policy.rules import Budget, GuardSettings
from receiver.settings import Settings, SettingsError, load_settings
from tests.helm.charts import CHART, helm4, only, refusal, render
from tests.helm.matrix import TOKENS

SCHEMA: Mapping[str, Any] = json.loads((CHART / "values.schema.json").read_text())
VALUES: Mapping[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
EMPTY: tuple[object, ...] = ("", [], {})


@pytest.mark.parametrize("guard", ["budget", "systemic"])
@pytest.mark.parametrize("switched", [True, "on", "none", None], ids=str)
def test_guard_is_off_only_by_that_word(guard: str, switched: object) -> None:
    """YAML reads an unquoted on as true, which must not switch the guard off."""
    said = refusal({"config": {"defaults": {guard: switched}}})
    assert f'config.defaults.{guard} must be one of the following: "off", false' in said


def test_helm_4_refuses_what_is_on_as_well() -> None:
    said = refusal({"config": {"defaults": {"budget": True}}}, helm4())
    assert "at '/config/defaults/budget': value must be one of 'off', false" in said


@pytest.mark.parametrize("guard", ["budget", "systemic"])
def test_guard_stays_on_without_the_schema(guard: str, tmp_path: Path) -> None:
    """The templates turn nothing but false into off: the receiver refuses true."""
    objects = render({"config": {"defaults": {guard: True}}}, "--skip-schema-validation")
    (tmp_path / "config.yaml").write_text(only(objects, "ConfigMap", "-config")["data"]["config.yaml"])
    with pytest.raises(SettingsError, match=guard):
        load_settings(tmp_path / "config.yaml", {}, {})


DURATIONS: Mapping[str, type[BaseModel]] = {
    "": Settings,
    "defaults": GuardSettings,
    "defaults.budget": Budget,
}
"""The settings that have durations, by their place in `config`."""


@pytest.mark.parametrize("place", DURATIONS)
def test_every_duration_is_one_for_the_schema(place: str) -> None:
    found = SCHEMA["properties"]["config"]
    for name in filter(None, place.split(".")):
        found = found["properties"][name]
    known = {name for name, one in found["properties"].items() if one == {"$ref": "#/definitions/duration"}}
    models = DURATIONS[place].model_fields.items()
    assert known == {name for name, field in models if field.annotation is timedelta}


def test_duration_is_the_receivers_own() -> None:
    """Go's regular expressions cannot look ahead: that one is not empty is said beside."""
    known = SCHEMA["definitions"]["duration"]
    assert f"(?=[0-9]){known['pattern'][2:-2]}" == DURATION_PATTERN
    assert (known["minLength"], known["minimum"], known["maximum"]) == (1, 0, 0)


def test_no_duration_is_taken_that_the_receiver_refuses() -> None:
    """The pods would never start."""
    guards = {"cooldown": "5 minutes", "deployed_within": "", "max_alert_age": 5, "budget": {"per": "5m1h"}}
    said = refusal({"config": {"defaults": guards, "aftermath_for": "1", "keep_records_for": "m"}})
    for place in ("cooldown", "deployed_within", "max_alert_age", "budget.per"):
        assert f"config.defaults.{place}: " in said
    assert "config.aftermath_for: " in said
    assert "config.keep_records_for: " in said


def test_address_is_the_receivers_own() -> None:
    """It holds no user: addresses stand in logs."""
    assert SCHEMA["definitions"]["url"]["pattern"] == Url.__metadata__[1].json_schema["pattern"]  # type: ignore[attr-defined]


def test_no_address_is_taken_that_the_receiver_refuses() -> None:
    address = "http://user:word@alertmanager:9093"
    notified = {"page_url": address, "receivers": [{"name": "a", "webhook": {"url": address}}]}
    config = {"alertmanager_url": address, "prometheus_url": address, "notifications": notified}
    said = refusal({"config": {**config, "trusted_proxies": ["proxy", "10.0.0.7"]}})
    for place in ("alertmanager_url", "prometheus_url", "notifications.page_url", "trusted_proxies.0"):
        assert f"config.{place}: Does not match pattern" in said
    assert "config.notifications.receivers.0.webhook.url: Does not match pattern" in said
    assert "trusted_proxies.1" not in said


def test_networks_of_proxies_pass() -> None:
    proxies = ["10.0.0.7", "10.0.0.0/24", "10.0.0.0/255.255.255.0", "::1", "fd00::/8"]
    config = {"trusted_user_header": "X-Forwarded-User", "trusted_proxies": proxies}
    assert render({"config": config, **TOKENS})


OBJECTS = [name for name, known in SCHEMA["properties"].items() if "properties" in known and name != "config"]


@pytest.mark.parametrize("place", ["", *OBJECTS])
def test_value_that_is_not_empty_is_required(place: str) -> None:
    """A null takes it away, and the templates need it: the schema says which one is missing."""
    known, given = (SCHEMA["properties"][place], VALUES[place]) if place else (SCHEMA, VALUES)
    wanted = [name for name in known["properties"] if given.get(name, "") not in EMPTY]
    assert known.get("required", []) == wanted


def test_missing_value_is_named() -> None:
    """A key with everything below it commented out."""
    gone = ["config", "ingress", "crd", "podDisruptionBudget", "targets", "webhookToken"]
    said = refusal({**dict.fromkeys(gone), "rbac": {"create": None}})
    assert [name for name in [*gone, "create"] if f": {name} is required" not in said] == []


def test_value_that_is_empty_may_be_null() -> None:
    """All of them at once, also inside of others."""
    nulls: dict[str, Any] = {name: None for name, value in VALUES.items() if value in EMPTY}
    for name, value in VALUES.items():
        if isinstance(value, dict) and name not in nulls:
            nulls[name] = {key: None for key, inner in value.items() if inner in EMPTY}
    for each in render(nulls):
        if each["kind"] != "CustomResourceDefinition":
            assert kubernetes_validate.validate(each, "1.37.0", strict=True)
