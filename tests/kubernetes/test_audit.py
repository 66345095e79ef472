"""The audit trail is written where a status is stored: what was stored is told, and nothing else."""

import logging
from typing import Any

import pytest

from receiver.cluster.errors import ClusterError, Unavailable
from receiver.cluster.records import Records
from tests.engine.builders import FOLDER, record
from tests.kubernetes.fake import FakeApi


@pytest.fixture
def pending(fake: FakeApi) -> dict[str, Any]:
    return fake.put(f"{FOLDER}/a", **record(phase="Pending"))


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    said = [vars(entry) for entry in caplog.records if entry.name == "receiver.audit"]
    return [(line["was"], line["now"], line["by"]) for line in said]


def test_somebody_elses_change_in_between_is_not_told_as_ours(
    fake: FakeApi, pending: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """After a conflict it is the status that stood there which was changed."""
    caplog.set_level(logging.INFO)
    fake.put(f"{FOLDER}/a", **record(phase="Verifying"))
    mine = Records(fake, "rollbacks", writer="host:1/run")
    mine.update_status(pending, lambda old: {**old, "phase": "Succeeded"})
    assert told(caplog) == [("Verifying", "Succeeded", "host:1/run")]


def test_what_was_not_stored_is_not_told(
    fake: FakeApi, pending: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def before(method: str, _path: str) -> None:
        if method == "PUT":
            raise Unavailable("no answer")

    fake.before = before
    records = Records(fake, "rollbacks")
    with pytest.raises(ClusterError):
        records.update_status(pending, lambda old: {**old, "phase": "Failed"})
    assert records.update_status(pending, lambda _: None) == pending
    assert told(caplog) == []
