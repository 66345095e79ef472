"""The dashboard, and the alerts about the receiver, read what it exports, by promtool and its own registry.

No list of names stands here: what exists is what the receiver's metrics say of themselves.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from receiver import metrics
from tests.monitoring.promql import Reads, reads
from tests.testbed.build import build

HERE = Path(__file__).parent
FILES = HERE.parent.parent / "helm" / "rollback-receiver" / "files"
ALERTS, TESTS = FILES / "alerts.yaml", HERE / "alerts.yaml"
BOARD: dict[str, Any] = json.loads((FILES / "dashboard.json").read_text("utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
VARIABLES = {"job": ".*", "__rate_interval": "5m"}
OF_PROMETHEUS = {"job", "instance", "namespace"}
"""The labels that a scrape adds; the receiver's own metrics have none of them."""
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
EVERY_SERIES = """
from receiver import metrics
for collector in list(vars(metrics).values()):
    if names := getattr(collector, "_labelnames", ()):
        collector.labels(*names)
print(metrics.render().decode(), end="")
"""
needs_promtool = [pytest.mark.cluster, pytest.mark.timeout(900)]  # It is built on first use.


def promtool(*arguments: str | Path, stdin: str | None = None) -> str:
    """Run promtool, and return what it prints; its exit code must be 0."""
    (tools,) = build("prometheus")
    command = [str(tools / "promtool"), *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def asked(panel: dict[str, Any]) -> Iterator[str]:
    """Give the expressions of a panel, with values in the places of the variables."""
    for target in panel["targets"]:
        expression = target["expr"]
        for name, value in VARIABLES.items():
            expression = expression.replace(f"${name}", value)
        assert "$" not in expression, "a variable that nobody defines"
        yield expression


def expressions() -> dict[str, str]:
    """Return all that alerts and dashboard ask Prometheus, by who asks."""
    found = {name: rule["expr"] for name, rule in rules().items()}
    for panel in PANELS:
        found |= {f"{panel['title']} {n}": expression for n, expression in enumerate(asked(panel))}
    return found


def exported() -> dict[str, frozenset[str]]:
    """Return the names of all series that the receiver can export, with the labels that each can have."""
    labels = {
        name: frozenset(collector._labelnames)
        for collector in vars(metrics).values()
        if hasattr(collector, "_labelnames")
        for name in [next(iter(collector.describe())).name]
    }
    found: dict[str, frozenset[str]] = {}
    for family in metrics.REGISTRY.collect():
        for suffix in SUFFIXES[family.type]:
            own = labels.get(family.name, frozenset())
            found[family.name + suffix] = own | {"le"} if suffix == "_bucket" else own
    return found


@pytest.mark.parametrize("expression", expressions().values(), ids=expressions())
def test_everything_that_is_read_is_exported_with_those_labels(expression: str) -> None:
    found, known = reads(expression), exported()
    names = {name for name, _ in found.selectors}
    assert names, "it reads nothing"
    assert names <= known.keys(), f"nobody exports {names - known.keys()}"
    for name, labels in found.selectors:
        assert labels <= known[name] | OF_PROMETHEUS, f"{name} has no {labels - known[name]}"
    assert found.grouping <= frozenset.union(*(known[name] for name in names)) | OF_PROMETHEUS


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("up", Reads((("up", frozenset()),), frozenset())),
        ('a{b="c{d}",e=~"f"}[5m] offset 1h', Reads((("a", frozenset({"b", "e"})),), frozenset())),
        ("sum by (x) (rate(a[1d])) / 3e2", Reads((("a", frozenset()),), frozenset({"x"}))),
        (
            "a > bool 1 unless on (y) b{} and c",
            Reads((("a", frozenset()), ("b", frozenset()), ("c", frozenset())), frozenset({"y"})),
        ),
    ],
    ids=["name", "matchers", "grouping", "operators"],
)
def test_expressions_are_taken_apart(expression: str, found: Reads) -> None:
    assert reads(expression) == found


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=needs_promtool, id=case) for case in ("check", "test", "dashboard")]
)
def test_promtool_accepts_alerts_and_dashboard(case: str, tmp_path: Path) -> None:
    """The alerts fire, and are quiet, as their unit tests say; every panel's expression is valid."""
    if case == "check":
        promtool("check", "rules", "--lint-fatal", ALERTS)
    elif case == "test":
        promtool("test", "rules", TESTS)
    else:
        recorded = [{"record": f"r{n}", "expr": each} for n, each in enumerate(expressions().values())]
        file = tmp_path / "rules.yaml"
        file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))
        promtool("check", "rules", file)


@pytest.mark.parametrize("case", [pytest.param("check metrics", marks=needs_promtool)])
def test_promtool_finds_no_fault_with_the_metrics(case: str) -> None:
    """Names, units, help texts and types, with series of every metric there."""
    promtool(*case.split(), stdin=with_every_series())


def with_every_series() -> str:
    """Return the text of /metrics once everything has happened, of a process that nobody else looks at."""
    done = subprocess.run([sys.executable, "-c", EVERY_SERIES], capture_output=True, text=True, check=True)
    return done.stdout


def test_each_alert_is_seen_firing_and_not_firing() -> None:
    fired, silent = set[str](), set[str]()
    for test in yaml.safe_load(TESTS.read_text("utf-8"))["tests"]:
        for case in test["alert_rule_test"]:
            (fired if case["exp_alerts"] else silent).add(case["alertname"])
    assert fired == silent == rules().keys()


@pytest.mark.parametrize("name", rules())
def test_each_alert_says_what_is_wrong_and_what_to_do(name: str) -> None:
    """At three in the morning nobody looks for a page that may be gone."""
    rule = rules()[name]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert len(rule["annotations"]["runbook"].split()) >= 12


def test_dashboard_stands_by_itself() -> None:
    """It needs no data source of a certain name; what it refers to is there."""
    defined = {variable["name"] for variable in BOARD["templating"]["list"]}
    assert defined == {"datasource", "job"}
    assert "__inputs" not in BOARD
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        assert panel["description"].endswith(".")
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)
        assert all('job=~"$job"' in target["expr"] for target in panel["targets"])


def test_no_panel_lies_on_another() -> None:
    """Nor beyond the right edge, which is at 24."""
    places = [panel["gridPos"] for panel in BOARD["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below
