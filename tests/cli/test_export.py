"""`list --since 30d -o json` is what a review meeting is given: all records of the time, and all of each."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from receiver.cli import records as records_command
from receiver.cli.main import main
from receiver.cluster.records import Records
from tests.engine.builders import FOLDER, record
from tests.kubernetes.fake import FakeApi

PAGES = 3
DAY = timedelta(days=1)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """A namespace of a little more than two pages of records, of which every tenth is 31 days old."""
    fake, now = FakeApi(), datetime.now(UTC)
    for number in range((PAGES - 1) * records_command.LIMIT + 3):
        created = now - (31 * DAY if number % 10 == 0 else number % 29 * DAY)
        raw = record(f"r-{number}", created=created, phase="DryRun", decision={"diff": f"+ {number}"})
        fake.put(f"{FOLDER}/r-{number}", **raw)
    cluster = SimpleNamespace(records=Records(fake, "rollbacks"), namespace="rollbacks")
    monkeypatch.setattr(records_command, "open_cluster", lambda _: cluster)
    return fake


def test_export_goes_through_all_pages_and_leaves_nothing_out(fake: FakeApi) -> None:
    done = CliRunner().invoke(main, ["list", "--since", "30d", "-o", "json"])
    assert (done.exit_code, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["apiVersion"], told["kind"]) == ("v1", "List")
    assert fake.made("GET", "/rollbacks") == PAGES
    expected = [raw for number, raw in enumerate(fake.objects.values()) if number % 10]
    assert len(told["items"]) == len(expected)
    by_name = {item["metadata"]["name"]: item for item in told["items"]}
    assert by_name == {raw["metadata"]["name"]: raw for raw in expected}


@pytest.mark.usefixtures("fake")
def test_export_begins_with_the_newest() -> None:
    told = json.loads(CliRunner().invoke(main, ["list", "--since", "30d", "-o", "json"]).stdout)
    created = [item["metadata"]["creationTimestamp"] for item in told["items"]]
    assert created == sorted(created, reverse=True)
