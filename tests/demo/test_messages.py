"""What the demo sends is what Alertmanager sends; tests/cluster/test_demo.py asks the real one."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from receiver.demo import messages

RECORDED = sorted((Path(__file__).parents[1] / "payloads").glob("am0*.json"))


def alerts_of(file: Path) -> list[dict[str, Any]]:
    alerts: list[dict[str, Any]] = json.loads(file.read_text())["body"]["alerts"]
    return alerts


def test_an_alert_has_the_fields_of_a_recorded_one() -> None:
    (recorded,) = alerts_of(RECORDED[0].with_name("am033_single_firing.json"))
    made = messages.alert(
        recorded["labels"],
        recorded["annotations"],
        starts_at=datetime.fromisoformat(recorded["startsAt"]),
        generator_url=recorded["generatorURL"],
    )
    assert made == recorded


def test_an_alert_that_has_ended_is_resolved() -> None:
    start = datetime(2026, 5, 1, 12, tzinfo=UTC)
    made = messages.alert({}, {}, starts_at=start, ends_at=start + timedelta(minutes=5), generator_url="")
    assert (made["status"], made["endsAt"]) == ("resolved", "2026-05-01T12:05:00Z")
    assert messages.message(made, receiver="r", external_url="")["status"] == "resolved"


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 5, 1, 12, tzinfo=UTC), "2026-05-01T12:00:00Z"),
        (datetime(2026, 5, 1, 12, 0, 0, 120000, tzinfo=UTC), "2026-05-01T12:00:00.12Z"),
        (datetime(2026, 5, 1, 14, tzinfo=timezone(timedelta(hours=2))), "2026-05-01T12:00:00Z"),
    ],
)
def test_a_time_is_written_as_go_does(at: datetime, written: str) -> None:
    assert messages.timestamp(at) == written
