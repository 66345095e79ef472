"""The chart, rendered by Helm as its users have it: values in, objects out."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.testbed.build import build

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "rollback-receiver"
RELEASE, NAMESPACE = "receiver", "rollbacks"
RULE = "rules:\n  - name: bad-release\n    matchers: ['alertname=\"HighErrorRate\"']\n    for: 5m\n"
PACKAGED = Path(sys.executable).with_name("helm")
HELM3 = PACKAGED if PACKAGED.exists() else Path(shutil.which("helm") or PACKAGED)
Object = dict[str, Any]
Values = Mapping[str, Any]


@cache
def helm4() -> Path:
    """Return Helm 4, which is built on first use."""
    (tools,) = build("helm")
    return tools / "helm"


def run(helm: Path, *words: str | Path, values: Values | None = None) -> subprocess.CompletedProcess[str]:
    """Run Helm with these values on top of the chart's, and return what it said."""
    if not helm.exists():
        pytest.skip("no package brings Helm 3 to this machine: put one on PATH")
    given = ["--values=-"] if values is not None else []
    command = [str(helm), *map(str, words), *given]
    return subprocess.run(
        command,
        input=None if values is None else json.dumps(values),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def render(values: Values, *words: str, helm: Path = HELM3) -> list[Object]:
    """Return the objects that the chart makes of values; Helm must take them."""
    done = run(helm, "template", RELEASE, CHART, f"--namespace={NAMESPACE}", *words, values=values)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def refusal(values: Values, helm: Path = HELM3) -> str:
    """Return what Helm says of values that it must not take."""
    done = run(helm, "template", RELEASE, CHART, f"--namespace={NAMESPACE}", values=values)
    assert done.returncode != 0, done.stdout
    return done.stderr


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    """Return the objects of some kinds."""
    return [found for found in objects if found["kind"] in kinds]


def only(objects: list[Object], kind: str, suffix: str = "") -> Object:
    """Return the only object of a kind whose name ends so."""
    (found,) = (one for one in of_kind(objects, kind) if one["metadata"]["name"].endswith(suffix))
    return found


def receiver_pod(objects: list[Object]) -> Object:
    """Return the receivers' pod template."""
    found: Object = only(objects, "Deployment")["spec"]["template"]
    return found


def granted(objects: list[Object]) -> set[tuple[str, str, str, str, str]]:
    """Return what the Roles grant: namespace (empty: all), API group, resource, verb, name (empty: all)."""
    return {
        (role["metadata"].get("namespace", home(role)), group, resource, verb, name)
        for role in of_kind(objects, "Role", "ClusterRole")
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    }


def home(role: Object) -> str:
    """Return where a role counts that names no namespace: a Role in the release's."""
    return NAMESPACE if role["kind"] == "Role" else ""
