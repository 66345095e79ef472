"""What the pages give to Alertmanager is given to its own tools; and the parts of a page fit together."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pages import DOCS, ROOT, MarkdownPage
from tests.testbed.build import build

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]  # The programs are built on first use.
CHART = ROOT / "helm" / "rollback-receiver"
URL = "http://rollback-receiver.rollback-receiver.svc:8080/alerts"


def page(name: str) -> MarkdownPage:
    return MarkdownPage(DOCS / name)


def run(module: str, tool: str, *words: str | Path, folder: Path = ROOT) -> str:
    """Run a program of the testbed, and return what it prints; its exit code must be 0."""
    (tools,) = build(module)
    command = [str(tools / tool), *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def values() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values that getting started has one write down, for the stack and for the receiver."""
    monitoring, receiver = map(yaml.safe_load, page("getting-started.md").blocks("yaml"))
    return monitoring, receiver


def alertmanager_configs() -> dict[str, dict[str, Any]]:
    (route,) = page("alertmanager.md").blocks("yaml")
    (local,) = page("from-your-machine.md").blocks("yaml")
    return {
        "alertmanager.md": yaml.safe_load(route),
        "from-your-machine.md": yaml.safe_load(local),
        "getting-started.md": values()[0]["alertmanager"]["config"],
    }


@pytest.mark.parametrize("name", ["alertmanager.md", "from-your-machine.md", "getting-started.md"])
def test_alertmanager_takes_the_routes_and_sends_what_they_say(tmp_path: Path, name: str) -> None:
    """By the commands of the page about the route."""
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(alertmanager_configs()[name]))
    check, routes = page("alertmanager.md").blocks("sh")[0].strip().splitlines()
    run("alertmanager", *check.split(), folder=tmp_path)
    said = run("alertmanager", *routes.split(), folder=tmp_path)
    assert said.strip() == "rollback-receiver"


def test_the_routes_of_all_pages_are_one_but_for_their_addresses() -> None:
    routes = [config["route"]["routes"][0] for config in alertmanager_configs().values()]
    assert routes == [routes[0]] * 3
    hooks = [config["receivers"][1]["webhook_configs"][0] for config in alertmanager_configs().values()]
    assert [hook["url"] for hook in hooks] == [URL, "http://127.0.0.1:8080/alerts", URL]
    assert [{**hook, "url": "", "http_config": ""} for hook in hooks] == [
        {"url": "", "send_resolved": True, "max_alerts": 0, "http_config": ""}
    ] * 3


def test_the_image_that_is_built_is_the_one_that_the_chart_runs() -> None:
    chart, own = (yaml.safe_load((CHART / name).read_text()) for name in ("Chart.yaml", "values.yaml"))
    image = f"{own['image']['repository']}:{chart['appVersion']}"
    build_it, *_ = page("getting-started.md").blocks("sh")
    assert f'docker build --build-arg PYTHON_IMAGE="$image" -t {image} .' in build_it
    assert f"kind load docker-image {image}" in build_it
    assert "ARG PYTHON_IMAGE" in (ROOT / "Dockerfile").read_text()


def test_both_sides_are_given_one_token() -> None:
    """Alertmanager's Secret is mounted by its name; the receiver's is named in the values."""
    monitoring, receiver = values()
    (secret,) = monitoring["alertmanager"]["alertmanagerSpec"]["secrets"]
    hook = monitoring["alertmanager"]["config"]["receivers"][1]["webhook_configs"][0]
    file = hook["http_config"]["authorization"]["credentials_file"]
    assert file == f"/etc/alertmanager/secrets/{secret}/token"
    scripts = "\n".join(page("getting-started.md").blocks("sh"))
    assert f"create secret generic {secret} -n monitoring --from-literal=token=" in scripts
    own = receiver["webhookToken"]["existingSecret"]
    assert f"create secret generic {own} -n rollback-receiver --from-literal=token=" in scripts
