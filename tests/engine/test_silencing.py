"""An alert is silenced while its rollback runs, by one receiver, and not after it, whatever happens."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from receiver.alertmanager import Alertmanager, AlertmanagerError, AlertmanagerRefused
from receiver.cluster.records import Records
from receiver.engine.courier import Later
from receiver.engine.instance import Instance
from receiver.engine.silencing import Silencing
from receiver.policy.times import format_precise
from tests.engine.builders import FOLDER, ME, NOW, record
from tests.kubernetes.fake import FakeApi

UNTIL = NOW + timedelta(minutes=10)
LABELS = {"alertname": "HighErrorRate", "namespace": "shop"}


class Told(Alertmanager):
    """An Alertmanager that notes what it is told."""

    made: list[Any]
    ended: list[str]
    fault: Exception | None

    def __init__(self) -> None:
        super().__init__("http://alertmanager")
        object.__setattr__(self, "made", [])
        object.__setattr__(self, "ended", [])
        object.__setattr__(self, "fault", None)

    def fail(self, fault: Exception | None) -> None:
        object.__setattr__(self, "fault", fault)

    def silence(self, labels: Any, *, starts_at: str, ends_at: str, comment: str) -> str:
        if self.fault:
            raise self.fault
        self.made.append((dict(labels), starts_at, ends_at, comment))
        return f"s{len(self.made)}"

    def end_silence(self, silence: str) -> None:
        if self.fault:
            raise self.fault
        self.ended.append(silence)


class Scene:
    """A record of which an alert is to be silenced."""

    def __init__(self, phase: str = "RollingBack", **silence: str) -> None:
        self.fake, self.told, self.now = FakeApi(), Told(), NOW
        raw = record(phase=phase, message="Rolled it back", untold="yes")
        raw["spec"]["alert"]["labels"] = LABELS
        raw["status"]["silence"] = {"until": format_precise(UNTIL), **silence}
        self.fake.put(f"{FOLDER}/a", **raw)

    def clock(self) -> datetime:
        return self.now

    @property
    def status(self) -> Any:
        return self.fake.objects[f"{FOLDER}/a"]["status"]

    def enter(self, **changes: Any) -> None:
        self.fake.put(
            f"{FOLDER}/a", **{**self.fake.objects[f"{FOLDER}/a"], "status": {**self.status, **changes}}
        )

    def see(self, instance: Instance = ME) -> None:
        records = Records(self.fake, "rollbacks")
        silencing = Silencing(self.told, records=records, instance=instance, now=self.clock)
        for raw in list(records.untold()):
            silencing(raw)


@pytest.mark.parametrize("end", ["Succeeded", "NotCured", "Failed", "Superseded"])
def test_it_is_made_once_noted_and_removed_at_the_end(end: str) -> None:
    scene = Scene()
    scene.see()
    scene.see()
    made = (LABELS, format_precise(NOW), format_precise(UNTIL), "The rollback a runs: Rolled it back")
    assert scene.told.made == [made]
    assert scene.status["silence"] == {"until": format_precise(UNTIL), "id": "s1"}
    scene.enter(phase="Verifying")
    scene.see()
    assert scene.told.ended == []
    scene.enter(phase=end)
    scene.see(Instance("there:1"))
    scene.see()
    assert (scene.told.made, scene.told.ended) == ([made], ["s1"])
    assert scene.status["silence"]["removedAt"] == format_precise(NOW)
    assert "untold" not in scene.status


def test_of_a_rollback_that_has_ended_already_nothing_is_silenced() -> None:
    scene = Scene("Failed")
    scene.see()
    assert (scene.told.made, scene.told.ended) == ([], [])
    assert "untold" not in scene.status


def test_one_that_has_ended_by_itself_is_only_noted() -> None:
    scene = Scene("Verifying", id="s1")
    scene.now = UNTIL
    scene.see()
    assert scene.told.ended == []
    assert "untold" not in scene.status


def test_what_another_receiver_sees_to_is_left_to_it_until_it_is_dead() -> None:
    scene = Scene(holder="there:1/x", renewTime=format_precise(NOW))
    scene.see()
    assert scene.told.made == []
    scene.now += timedelta(seconds=31)
    scene.see()
    assert len(scene.told.made) == 1


@pytest.mark.parametrize("silence", [{}, {"id": "s1"}], ids=["made", "removed"])
def test_while_alertmanager_is_away_it_waits(silence: Any) -> None:
    scene = Scene("Failed" if silence else "RollingBack", **silence)
    scene.told.fail(AlertmanagerError("away"))
    with pytest.raises(Later, match="away"):
        scene.see()
    scene.told.fail(None)
    scene.see()
    assert (len(scene.told.made), scene.told.ended) == ((0, ["s1"]) if silence else (1, []))


def test_what_alertmanager_refuses_is_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    scene.told.fail(AlertmanagerRefused("400"))
    scene.see()
    assert "the alert is not silenced: 400" in caplog.text
    assert "untold" not in scene.status


def test_records_without_a_silence_are_left_alone() -> None:
    scene = Scene()
    scene.enter(silence=None)
    scene.see()
    scene.enter(silence={"until": format_precise(UNTIL), "removedAt": format_precise(NOW)})
    scene.see()
    assert scene.fake.made("PUT", "/status") == 0


def test_a_record_that_was_deleted_is_nobodys() -> None:
    scene = Scene()
    (raw,) = Records(scene.fake, "rollbacks").untold()
    del scene.fake.objects[f"{FOLDER}/a"]
    raw["metadata"]["resourceVersion"] = "0"
    Silencing(scene.told, records=Records(scene.fake, "rollbacks"), instance=ME, now=scene.clock)(raw)
    assert scene.told.made == []
