"""Records that have outlived their use are deleted, as they were seen; what is open or remembers stays."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cluster import scenes
from tests.cluster.oldrecords import OldRecords
from tests.cluster.proxy import Asked, Proxy
from tests.cluster.receivers import Receiver, timestamp
from tests.cluster.scenes import Deploy, Object, Start, bad_release
from tests.cluster.stories import Story, metric
from tests.testbed.processes import wait_until

NOW = datetime.now(UTC)
SOON = timestamp(NOW + timedelta(days=1))
UNTOLD = {
    "id": "1",
    "event": "Refused",
    "at": timestamp(NOW),
    "message": "",
    "deliveries": [{"receiver": "chat"}],
}
REVIEW = {"verdict": "right", "by": "ann", "at": timestamp(NOW)}
STAYING: dict[str, Object] = {
    "in-work": {"phase": "Pending", "holder": "another", "renewTime": SOON},
    "asking": {"phase": "AwaitingApproval", "expiresAt": SOON},
    "untold": {"notifications": [UNTOLD], "untold": "yes"},
    "rolled-back": {"phase": "Succeeded", "patchedAt": timestamp(NOW)},
    "rejected": {"phase": "Rejected"},
    "reviewed": {"phase": "DryRun", "review": REVIEW},
}
Keep = Callable[..., Receiver]


@pytest.fixture
def old(story: Story) -> OldRecords:
    return OldRecords(story.plane, story.home)


@pytest.fixture
def keep(receiver: Start, proxy: Proxy, tmp_path: Path) -> Keep:
    """Start a receiver behind the proxy with these limits, which looks every second."""

    def start(**limits: object) -> Receiver:
        config = tmp_path / "config.yaml"
        lines = {"aftermath_for": "1s", **limits}
        config.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
        return receiver(scenes.rules(), extra=[*proxy.flags, f"--config={config}"])

    return start


def is_delete(asked: Asked) -> bool:
    return asked.method == "DELETE"


def wait_gone(old: OldRecords, *names: str) -> None:
    wait_until(f"{names} are gone", lambda: not old.names() & set(names), seconds=20)


def wait_counted(running: Receiver, reason: str, count: int) -> None:
    """Return when so many are counted: they are gone a moment before the receiver knows it."""
    series = f'records_deleted_total{{reason="{reason}"}}'
    wait_until(f"{series} {count}", lambda: metric(running, series) == count, seconds=20)


def test_what_is_old_goes_and_what_is_open_or_remembers_stays(old: OldRecords, keep: Keep) -> None:
    for name, status in STAYING.items():
        old.create(name, **status)
    for phase in ("Refused", "DryRun", "Expired", "Superseded"):
        old.create(phase.lower(), phase)
    running = keep(keep_records_for="1s")
    wait_gone(old, "refused", "dryrun", "expired", "superseded")
    assert old.names() == set(STAYING)
    wait_counted(running, "age", 4)
    told = [entry for entry in running.log() if entry.get("change") == "deleted"]
    assert {entry["record"]: entry["was"] for entry in told} == {
        "refused": "Refused",
        "dryrun": "DryRun",
        "expired": "Expired",
        "superseded": "Superseded",
    }


def test_what_is_too_many_goes_the_longest_untouched_first(old: OldRecords, keep: Keep) -> None:
    """A rollback stays, though it is the oldest: those are counted apart."""
    for name, status in {"rolled-back": STAYING["rolled-back"], "first": {}, "second": {}}.items():
        old.create(name, **status)
    time.sleep(1.1)  # The API server's times are whole seconds.
    for name in ("third", "fourth"):
        old.create(name)
    running = keep(keep_records=2)
    wait_gone(old, "first", "second")
    assert old.names() == {"rolled-back", "third", "fourth"}
    wait_counted(running, "count", 2)


def test_a_record_that_changes_meanwhile_stays(old: OldRecords, keep: Keep, proxy: Proxy) -> None:
    """The server compares the version that was seen; here somebody's review comes in between."""
    old.create("old")
    hold = proxy.hold(is_delete)
    running = keep(keep_records_for="1s")
    hold.wait()
    old.change("old", review=REVIEW)
    hold.release()
    series = 'api_requests_total{code="409",resource="rollbacks",verb="DELETE"}'
    wait_until("the delete is refused", lambda: metric(running, series) == 1, seconds=30)
    old.create("another")
    wait_gone(old, "another")
    assert old.names() == {"old"}


def test_a_missing_right_is_survived(old: OldRecords, keep: Keep, proxy: Proxy) -> None:
    """It is told once and tried again; meanwhile the receiver is ready."""
    hook = proxy.answer(is_delete, 403, times=2)
    old.create("old")
    running = keep(keep_records_for="1s")
    wait_until("it was refused twice", lambda: hook.met == 2, seconds=20)
    assert running.is_ready()
    wait_gone(old, "old")
    told = [entry for entry in running.log() if "the right to delete them is missing" in entry["msg"]]
    assert len(told) == 1


def test_a_rollback_is_remembered_when_its_record_is_old(
    story: Story, old: OldRecords, keep: Keep, deploy: Deploy, release: Deploy
) -> None:
    """As the receiver itself wrote it; no limit that age or count sets alone makes it go."""
    bad_release(deploy, release)
    running, alert = keep(keep_records_for="1s", keep_records=1), story.firing()
    (name,) = story.tell(running, alert)
    story.wait("Verifying")
    story.tell(running, scenes.resolved(alert))
    story.wait("Succeeded")
    time.sleep(1.1)  # Older than what is kept.
    old.create("old")
    wait_gone(old, "old")
    assert old.names() == {name}
