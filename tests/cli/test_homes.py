"""Where a command looks for records, and keeps the kill switch, when nobody says where they are."""

from typing import Any

import click
import pytest

from receiver.app import Cluster
from receiver.cli.homes import _home
from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, Forbidden, Unavailable
from tests.kubernetes.fake import FakeApi

RECORDS = "/apis/rollback-receiver.dev/v1alpha1/rollbacks"
LEDGERS = "/api/v1/configmaps"


class Homes(FakeApi):
    """A cluster with records and ledgers in these namespaces."""

    def __init__(self, records: list[str] | ClusterError, ledgers: list[str]) -> None:
        super().__init__()
        self.found = {RECORDS: records, LEDGERS: ledgers}

    def call(self, method: str, url_path: str, **_: Any) -> Object:
        assert method == "GET"
        namespaces = self.found[url_path]
        if isinstance(namespaces, ClusterError):
            raise namespaces
        return {"items": [{"metadata": {"namespace": name}} for name in namespaces], "metadata": {}}


def home(records: list[str] | ClusterError, ledgers: list[str]) -> str:
    return _home(Cluster(Homes(records, ledgers), "default"), "--namespace")


@pytest.mark.parametrize(
    ("records", "ledgers", "found"),
    [
        pytest.param([], [], "default", id="nowhere yet, so as every command"),
        pytest.param(["rollbacks"], [], "rollbacks", id="where the records are"),
        pytest.param([], ["rollbacks"], "rollbacks", id="where only the kill switch is"),
        pytest.param(["default"], ["default"], "default", id="the context's own"),
        pytest.param(Forbidden("no"), ["rollbacks"], "rollbacks", id="as far as one may look"),
    ],
)
def test_the_only_namespace_with_records_is_found(
    records: list[str] | ClusterError, ledgers: list[str], found: str
) -> None:
    """A kill switch in another namespace must not be missed, nor set where nobody looks."""
    assert home(records, ledgers) == found


@pytest.mark.parametrize(
    ("records", "ledgers", "known"),
    [
        pytest.param(["b", "a"], [], "a, b", id="elsewhere"),
        pytest.param(["rollbacks"], ["default"], "default, rollbacks", id="the context's own among them"),
    ],
)
def test_several_have_to_be_chosen_from(
    records: list[str], ledgers: list[str], known: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The context's own is no better: a pause that was once set there by mistake leaves a ledger behind."""
    with pytest.raises(click.exceptions.Exit) as ended:
        home(records, ledgers)
    assert ended.value.exit_code == 2
    assert f"({known}): choose with --namespace" in capsys.readouterr().err


def test_an_api_server_that_does_not_answer_is_no_home() -> None:
    with pytest.raises(Unavailable):
        home(Unavailable("no answer"), [])
