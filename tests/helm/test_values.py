"""Values that cannot be meant: the installation fails, with a sentence that says what to do."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from receiver.notifications import ByUrl, NotificationReceiver, Notifications, Webhook
from receiver.policy.rules import Budget, GuardSettings, Preflight
from receiver.policy.timeintervals import Schedule, TimeInterval, TimeRange
from receiver.settings import load_settings
from tests.helm.charts import CHART, NAMESPACE, RULE, only, refusal, render
from tests.helm.matrix import TOKENS

README = CHART / "README.md"
HEADER = "| value | default | what it is |\n|---|---|---|\n"
SENSELESS: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "auto without a rule": (
        {"config": {"mode": "auto"}},
        "config.mode is auto and there is no rule: set rules or existingRulesConfigMap",
    ),
    "rules twice": (
        {"rules": {"http.yaml": RULE}, "existingRulesConfigMap": "ours"},
        "rules and existingRulesConfigMap are both set: leave one of them out",
    ),
    "no namespace": (
        {"scope": "namespaces"},
        "scope is namespaces and none is named: list them in namespaces",
    ),
    "namespaces of a cluster": (
        {"namespaces": ["shop"]},
        "namespaces are named and scope is cluster: set scope to namespaces",
    ),
    "its own namespace": (
        {"scope": "namespaces", "namespaces": ["shop", NAMESPACE]},
        f"namespaces has the receiver's own, {NAMESPACE}, in which nothing is ever rolled back: take it out",
    ),
    "services of some kinds": (
        {"targets": {"services": True}, "kinds": ["Deployment", "StatefulSet"]},
        "kinds lacks DaemonSet: add it, or switch targets.services off",
    ),
    "an open page, by Ingress": (
        {"ingress": {"enabled": True, "host": "rollbacks.example"}},
        "ingress.enabled shows the page to everybody who finds it: make a Secret with a token",
    ),
    "an open page, by HTTPRoute": (
        {"httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]}},
        "httpRoute.enabled shows the page to everybody who finds it: make a Secret with a token",
    ),
    "an open Service, by a load balancer": (
        {"service": {"type": "LoadBalancer"}, "webhookToken": TOKENS["webhookToken"]},
        "service.type LoadBalancer shows the page to everybody who finds it, and takes alerts from them",
    ),
    "an open Service, on the nodes": (
        {"service": {"type": "NodePort"}, "reviewToken": TOKENS["reviewToken"]},
        "set reviewToken.existingSecret and webhookToken.existingSecret to their names",
    ),
    "a label of the chart's": (
        {"podLabels": {"app.kubernetes.io/name": "web"}},
        "podLabels has app.kubernetes.io/name, which the chart sets itself: take it out",
    ),
    "an annotation of the chart's": (
        {"podAnnotations": {"checksum/config": "0"}},
        "podAnnotations has checksum/config, which the chart sets itself",
    ),
    "no host": (
        {"ingress": {"enabled": True}, **TOKENS},
        "ingress.enabled needs a host name: set ingress.host",
    ),
    "no gateway": (
        {"httpRoute": {"enabled": True}, **TOKENS},
        "httpRoute.enabled needs a Gateway: set httpRoute.parentRefs",
    ),
    "nobody let in": (
        {"networkPolicy": {"enabled": True}},
        "name Alertmanager's and Prometheus' pods in networkPolicy.from",
    ),
    "no account": ({"serviceAccount": {"create": False}}, "set serviceAccount.name to yours"),
    "a header from anybody": (
        {"config": {"trusted_user_header": "X-User"}},
        "config.trusted_user_header needs config.trusted_proxies",
    ),
    "CAs of no certificate": (
        {"tls": {"clientCAKey": "ca.crt"}},
        "is a key of tls.existingSecret: set that too",
    ),
    "a silence nowhere": (
        {"config": {"silence_alerts": True}},
        "config.silence_alerts needs config.alertmanager_url",
    ),
}
UNKNOWN: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "key": ({"replicaCount": 3}, "Additional property replicaCount is not allowed"),
    "key in an object": ({"image": {"name": "x"}}, "Additional property name is not allowed"),
    "setting": (
        {"config": {"alertmanagerUrl": "http://a"}},
        "Additional property alertmanagerUrl is not allowed",
    ),
    "guard's setting": ({"config": {"defaults": {"cooldwn": "1h"}}}, "Additional property cooldwn is not"),
    "bound": ({"config": {"defaults": {"budget": {"most": 3}}}}, "Additional property most is not allowed"),
    "time": (
        {"config": {"defaults": {"schedule": {"mute": [{"weekday": ["friday"]}]}}}},
        "config.defaults.schedule.mute.0: Additional property weekday is not allowed",
    ),
    "kind of notification": (
        {"config": {"notifications": {"receivers": [{"name": "a", "slak": {"url_file": "b"}}]}}},
        "config.notifications.receivers.0: Additional property slak is not allowed",
    ),
    "size": ({"config": {"max_body_bytes": "lots"}}, "config.max_body_bytes: Does not match pattern"),
    "address": ({"config": {"alertmanager_url": ""}}, "config.alertmanager_url: Does not match pattern"),
    "setting of the chart's": ({"config": {"listen": "[::]:1"}}, "Additional property listen is not allowed"),
    "mode": ({"config": {"mode": "automatic"}}, "config.mode must be one of"),
    "kind": ({"kinds": ["CronJob"]}, "kinds.0 must be one of"),
    "rules that are no text": ({"rules": {"http.yaml": {"rules": []}}}, "rules.http.yaml: Invalid type"),
    "file that is no rule file": ({"rules": {"http.txt": RULE}}, "rules: Property name of"),
    "namespace": ({"scope": "namespaces", "namespaces": ["Shop"]}, "namespaces.0: Does not match pattern"),
    "digest": ({"image": {"digest": "latest"}}, "image.digest: Does not match pattern"),
}


@pytest.mark.parametrize("fault", SENSELESS)
def test_values_that_make_no_sense_together_are_refused(fault: str) -> None:
    values, said = SENSELESS[fault]
    assert said in refusal(values)


def test_all_faults_are_told_at_once() -> None:
    said = refusal({"config": {"mode": "auto"}, "ingress": {"enabled": True}})
    assert said.count("\n  - ") == 3


@pytest.mark.parametrize("fault", UNKNOWN)
def test_values_that_are_unknown_are_refused(fault: str) -> None:
    values, said = UNKNOWN[fault]
    assert said in refusal(values)


def objects_of(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give every object of a schema that has keys of its own, by its path; a list's stand at its own."""
    yield path, schema
    for name, inner in schema["properties"].items():
        found = inner.get("items", inner)
        if "properties" in found:
            yield from objects_of(found, f"{path}.{name}".lstrip("."))


def test_every_value_is_in_the_schema_and_no_object_takes_others() -> None:
    """And the other way round; `global` is Helm's own."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for path, known in objects_of(schema):
        assert known["additionalProperties"] is False, path
        if path.partition(".")[0] != "config":
            found = values
            for name in filter(None, path.split(".")):
                found = found[name]
            assert known["properties"].keys() - {"global"} == found.keys(), path


SETTINGS: Mapping[str, type[BaseModel]] = {
    "defaults": GuardSettings,
    "defaults.budget": Budget,
    "defaults.schedule": Schedule,
    "defaults.schedule.active": TimeInterval,
    "defaults.schedule.active.times": TimeRange,
    "defaults.schedule.mute": TimeInterval,
    "defaults.schedule.mute.times": TimeRange,
    "defaults.preflight": Preflight,
    "notifications": Notifications,
    "notifications.receivers": NotificationReceiver,
    "notifications.receivers.slack": ByUrl,
    "notifications.receivers.teams": ByUrl,
    "notifications.receivers.webhook": Webhook,
    "notifications.receivers.apprise": ByUrl,
}
"""By the place in `config` where the receiver reads them."""


def test_every_key_of_a_setting_is_in_the_schema() -> None:
    """What the schema lets pass and the receiver does not know would leave pods that never start."""
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]["config"]
    known = {path: found["properties"].keys() for path, found in objects_of(schema) if path}
    assert known == {path: model.model_fields.keys() for path, model in SETTINGS.items()}


@pytest.mark.parametrize(
    "defaults",
    [
        pytest.param({"cooldown": 0, "deployed_within": "1h30m"}, id="durations"),
        pytest.param({"budget": {"max": 1, "per": "1h", "over": "rule"}, "systemic": 7}, id="bounds"),
        pytest.param({"budget": "off", "systemic": False}, id="off"),
        pytest.param({"schedule": {"mute": [{"weekdays": ["friday"], "days_of_month": [-1]}]}}, id="freeze"),
        pytest.param({"gitops": "pause", "preflight": {"secrets": True}}, id="others"),
    ],
)
def test_settings_that_the_receiver_takes_pass(tmp_path: Path, defaults: Mapping[str, Any]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        only(render({"config": {"defaults": defaults}}), "ConfigMap", "-config")["data"]["config.yaml"]
    )
    assert load_settings(config, {}, {}).defaults != GuardSettings()


def test_chart_inside_another_takes_its_global_values() -> None:
    assert render({"global": {"team": "sre"}})


def described() -> Iterator[str]:
    """Give a row of the README's table for each value that values.yaml describes with `# --`."""
    words: list[str] = []
    parent = ""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for line in (CHART / "values.yaml").read_text().splitlines():
        content = line.strip()
        if content.startswith("# --"):
            words = [content.removeprefix("# --").strip()]
        elif content.startswith("#"):
            words += [content.removeprefix("#").strip()] if words else []
        elif ":" in content:
            name = content.partition(":")[0]
            parent = parent if line.startswith(" ") else name
            if words:
                found = values[parent][name] if line.startswith(" ") else values[name]
                path = f"{parent}.{name}" if line.startswith(" ") else name
                yield f"| `{path}` | `{json.dumps(found)}` | {' '.join(words)} |\n"
            words = []


def test_readme_has_every_value() -> None:
    """The table is made of the comments in values.yaml: what this prints goes there."""
    wanted = HEADER + "".join(described())
    print(wanted)  # noqa: T201
    assert wanted in README.read_text()


def test_every_value_is_described() -> None:
    """Those inside of an object that is described as a whole are with it."""
    rows = [row.split("`")[1] for row in described()]
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for name, found in values.items():
        inner = isinstance(found, dict) and name not in rows
        assert {f"{name}.{key}" for key in found} <= set(rows) if inner else name in rows, name
