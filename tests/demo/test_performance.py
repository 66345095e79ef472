"""The demo on the embedded cluster, played as a newcomer plays it."""

import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest

from receiver.cluster.access import connect
from receiver.cluster.api import Api
from receiver.cluster.errors import NotFound
from receiver.cluster.records import Records
from receiver.demo.shop import Shop
from receiver.sandbox.server import Sandbox
from tests.demo.playing import Play, playing
from tests.testbed.processes import wait_until

STORY = (
    "1. A shop that runs",
    "Deployment shop/checkout: revision 2, registry.example/checkout:1.2, 3/3 ready",
    "2. A bad release",
    "Deployment shop/checkout: revision 3, registry.example/checkout:1.3, 3/3 ready",
    "3. The alert, in dry-run",
    "Phase:      DryRun",
    "-  - image: registry.example/checkout:1.3",
    "+  - image: registry.example/checkout:1.2",
    "4. The rule is turned to auto",
    "Deployment shop/checkout: revision 4, registry.example/checkout:1.2, 3/3 ready",
    "Deployment's generation went from 3 to 4",
    "5. The alert fires once more: refused",
    "flip_flop: revision 4 is what record checkout-",
    "6. Somebody releases the bad image again: refused",
    "settled: revision 5 was dealt with before",
    "7. A colleague releases while a rollback is under way: superseded",
    "Deployment shop/cart: revision 5, registry.example/cart:1.4, 3/3 ready",
    "8. What is on the record",
)


WORDS = ("list --kubeconfig", "show checkout-")


def run(command: str) -> str:
    return subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout


def is_there(api: Api, namespace: str) -> bool:
    try:
        api.call("GET", f"/api/v1/namespaces/{namespace}")
    except NotFound:
        return False
    return True


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Play:
    """The whole story, ended by itself."""
    with playing(tmp_path_factory.mktemp("demo"), "--once", "--fast") as play:
        assert play.end() == 0, play.text
    return play


def test_the_story_is_told_in_order(told: Play) -> None:
    places = [told.text.find(words) for words in STORY]
    assert -1 not in places, STORY[places.index(-1)]
    assert places == sorted(places)


def test_it_ends_by_itself_and_leaves_nothing_behind(told: Play) -> None:
    assert told.text.endswith("That was all. Nothing is left behind: no process, no file.\n\n")
    assert told.left_behind() == []


def test_the_blame_is_read_off_releases_of_days_ago(told: Play) -> None:
    (history,) = {line.strip() for line in told.text.splitlines() if line.strip().startswith("history ")}
    assert re.search(r"revision 2 \(1d\w* in service\)$", history)


def test_what_it_says_is_so_and_what_it_offers_works(tmp_path: Path) -> None:
    with playing(tmp_path, "--fast") as play:
        offer = play.wait_for("records     http").partition("9. Your turn")[2]
        lines = [line.strip() for line in offer.splitlines()]
        kubeconfig = next(
            line.removeprefix("kubeconfig  ") for line in lines if line.startswith("kubeconfig  ")
        )
        url = next(line.removeprefix("records     ") for line in lines if line.startswith("records     "))
        api = Api(connect(Path(kubeconfig)))
        shop = Shop(api, "shop")
        assert (shop.image("checkout"), shop.generation("checkout")) == ("registry.example/checkout:1.3", 5)
        assert (shop.image("cart"), shop.generation("cart")) == ("registry.example/cart:1.4", 5)
        records = Records(api, "rollback-receiver").page(field_selector="", limit=10, continue_=None)["items"]
        phases = sorted((raw["spec"]["target"]["name"], raw["status"]["phase"]) for raw in records)
        assert phases == [("cart", "Superseded"), ("checkout", "Refused"), ("checkout", "Succeeded")]
        with urlopen(url) as answer:
            assert len(json.load(answer)["items"]) == 3
        page = next(line.removeprefix("page        ") for line in lines if line.startswith("page        "))
        with urlopen(page) as answer:
            assert b"shop/checkout" in answer.read()
        listed, shown = (run(next(line for line in lines if f"receiver {word}" in line)) for word in WORDS)
        assert "Phase:      Succeeded" in shown
        assert [line.split()[3] for line in listed.splitlines()[1:]] == ["Superseded", "Refused", "Succeeded"]
        assert play.interrupt(signal.SIGINT) == 0
        assert play.text.rstrip().endswith("Everything is taken down.")
        assert play.left_behind() == []


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGHUP,), (signal.SIGINT, signal.SIGINT)],
    ids=["Ctrl-C", "SIGTERM", "closed terminal", "Ctrl-C twice"],
)
def test_an_interrupted_story_leaves_nothing_behind(tmp_path: Path, signals: tuple[signal.Signals]) -> None:
    with playing(tmp_path, "--fast") as play:
        play.wait_for("1. A shop that runs")
        assert play.interrupt(*signals) == 130
        assert "Interrupted; everything is taken down." in play.text
        assert play.left_behind() == []


def test_the_users_proxy_and_the_settings_of_a_receiver_have_no_part_in_it(tmp_path: Path) -> None:
    proxies = {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
    settings = {
        "CONTEXT": "prod",
        "NAMESPACES": "theirs",
        "WEBHOOK_TOKEN_FILE": "/theirs",
        "CONFIG": "/theirs",
    }
    extra = {**proxies, **{f"ROLLBACK_RECEIVER_{name}": value for name, value in settings.items()}}
    with playing(tmp_path, "--once", "--fast", extra=extra) as play:
        assert play.end() == 0, play.text


def test_interrupted_on_a_cluster_that_is_slow_to_delete_it_names_what_is_left(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    with Sandbox() as sandbox:
        file.write_text(sandbox.kubeconfig())
        with playing(tmp_path, "--fast", "--kubeconfig", str(file), answer="y\n") as play:
            found = re.search(r"rollback-demo-\w+", play.wait_for("1. A shop that runs"))
            assert found
            held = {"metadata": {"name": "held", "finalizers": ["example.com/held"]}}
            api = Api(connect(file))
            api.call("POST", f"/api/v1/namespaces/{found[0]}/configmaps", body=held)
            os.kill(play.process.pid, signal.SIGINT)
            play.wait_for("gives up waiting")
            wait_until(
                "the other namespace to go", lambda: not is_there(api, f"{found[0]}-receiver"), seconds=30
            )
            assert play.interrupt(signal.SIGINT) == 130
            assert play.text.endswith(f"kubectl --kubeconfig {file} delete namespace/{found[0]}\n")
            assert "Interrupted. Still in the cluster at http" in play.text
            assert play.left_behind() == []


def test_an_alertmanager_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "alertmanager"
    binary.write_text("not a program")
    with playing(tmp_path, "--once", "--fast", "--alertmanager", str(binary)) as play:
        assert play.end() == 1
        assert "the demo ended early: cannot start Alertmanager: " in play.text
        assert play.left_behind() == []


def test_a_cluster_that_is_not_there_is_named(tmp_path: Path) -> None:
    cluster = {"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}]}
    context = {"contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "current-context": "c"}
    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps({**cluster, **context, "users": [{"name": "u", "user": {}}]}))
    with playing(tmp_path, "--once", "--kubeconfig", str(file), answer="y\n") as play:
        assert play.end() == 3
        assert "cannot reach the cluster: " in play.text
