"""Values that cannot be meant: the installation fails, with a sentence that says what to do."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from tests.helm.charts import CHART, NAMESPACE, RULE, refusal, render
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
    """Give every object of a schema that has keys of its own, by its path."""
    yield path, schema
    for name, inner in schema["properties"].items():
        if "properties" in inner:
            yield from objects_of(inner, f"{path}.{name}".lstrip("."))


def test_every_value_is_in_the_schema_and_no_object_takes_others() -> None:
    """And the other way round; `global` is Helm's own."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for path, known in objects_of(schema):
        assert known["additionalProperties"] is False, path
        found = values
        for name in filter(None, path.split(".")):
            found = found[name]
        if path != "config":
            assert known["properties"].keys() - {"global"} == found.keys(), path


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
