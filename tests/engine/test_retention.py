"""Old records are deleted in the background pass: as they were seen, and a few at a time."""

import logging
from datetime import timedelta

import pytest

from receiver import metrics
from receiver.cluster.errors import Forbidden, Unavailable
from receiver.engine.retention import DELETIONS
from receiver.policy.retention import Limits, Reason
from receiver.policy.times import format_precise
from tests.engine.builders import FOLDER
from tests.engine.followings import NOW, RECORD, Scene, dry_run, followed
from tests.kubernetes.fake import FakeApi

OLD = NOW - timedelta(days=100)
FORBIDDEN = Forbidden("DELETE rollbacks: forbidden (403)", code=403)


def deleted(reason: Reason) -> float:
    value = metrics.REGISTRY.get_sample_value(
        "rollback_receiver_records_deleted_total", {"reason": reason.value}
    )
    return value or 0


def names(fake: FakeApi) -> set[str]:
    return {place.rpartition("/")[2] for place in fake.objects if place.startswith(FOLDER)}


def refuse_deletes(fake: FakeApi, fault: Exception) -> None:
    def refuse(method: str, _path: str) -> None:
        if method == "DELETE":
            raise fault

    fake.before = refuse


def test_what_is_old_goes_and_is_told(fake: FakeApi, caplog: pytest.LogCaptureFixture) -> None:
    """No further LIST is needed; what remembers a bad revision stays."""
    caplog.set_level(logging.INFO)
    dry_run(fake, "old", made=OLD)
    dry_run(fake, "patched", made=OLD, phase="Succeeded", patchedAt=format_precise(OLD))
    before = deleted(Reason.AGE)
    with followed(fake) as scene:
        scene.pass_by(minutes=1)
    assert names(fake) == {RECORD, "patched"}
    assert deleted(Reason.AGE) == before + 1
    assert (fake.made("GET", FOLDER), fake.made("DELETE")) == (1, 1)
    (told,) = [entry.__dict__ for entry in caplog.records if entry.name == "receiver.audit"]
    said = "deleted: last touched at 2025-12-31T12:00:00Z, longer ago than keep_records_for"
    assert (told["message"], told["record"], told["target"]) == (said, "old", "Deployment/shop/checkout")
    assert (told["rule"], told["change"], told["was"], told["now"]) == ("errors", "deleted", "DryRun", "")


def test_what_is_too_many_goes(fake: FakeApi) -> None:
    for number in (1, 2, 3):
        dry_run(fake, f"r{number}", made=NOW - timedelta(days=number + 1))
    before = deleted(Reason.COUNT)
    with followed(fake, limits=Limits(count=2)) as scene:
        scene.pass_by(minutes=1)
    assert names(fake) == {RECORD, "r1"}
    assert deleted(Reason.COUNT) == before + 2


def test_a_record_grows_old_while_it_is_not_touched(fake: FakeApi) -> None:
    with followed(fake) as scene:
        scene.pass_by(days=90)
        assert RECORD in names(fake)
        scene.pass_by(seconds=1)
        assert RECORD not in names(fake)


def test_a_pass_deletes_so_many(fake: FakeApi) -> None:
    for number in range(DELETIONS + 5):
        dry_run(fake, f"old-{number}", made=OLD)
    with followed(fake) as scene:
        scene.pass_by(minutes=1)
        assert fake.made("DELETE") == DELETIONS
        scene.pass_by(minutes=1)
    assert names(fake) == {RECORD}


@pytest.mark.parametrize("gone", [True, False], ids=["another-receiver-was-first", "an-alert-joined"])
def test_what_changed_since_it_was_read_is_left(fake: FakeApi, *, gone: bool) -> None:
    """The next one goes all the same; nothing is counted for it."""
    dry_run(fake, "old-1", made=OLD)
    dry_run(fake, "old-2", made=OLD)

    def meanwhile(method: str, path: str) -> None:
        if method == "DELETE" and path.endswith("/old-1"):
            raw = fake.objects.pop(path)
            if not gone:
                fake.put(path, **raw)

    fake.before = meanwhile
    before = deleted(Reason.AGE)
    with followed(fake) as scene:
        scene.pass_by(minutes=1)
    assert names(fake) == ({RECORD} if gone else {RECORD, "old-1"})
    assert deleted(Reason.AGE) == before + 1


def warnings(caplog: pytest.LogCaptureFixture) -> int:
    return sum("the right to delete them is missing" in entry.getMessage() for entry in caplog.records)


def test_a_missing_right_is_told_once_until_it_is_there(
    fake: FakeApi, caplog: pytest.LogCaptureFixture
) -> None:
    """One try a pass; and told again where it is taken away again."""
    for number in (1, 2):
        dry_run(fake, f"old-{number}", made=OLD)
    with followed(fake) as scene:
        refuse_deletes(fake, FORBIDDEN)
        for passes in (1, 2):
            scene.pass_by(minutes=1)
            assert (warnings(caplog), fake.made("DELETE")) == (1, passes)
        fake.before = lambda _method, _path: None
        scene.pass_by(minutes=1)
        assert names(fake) == {RECORD}
        dry_run(fake, "old-3", made=OLD)
        refuse_deletes(fake, FORBIDDEN)
        scene.pass_by(minutes=1)
    assert warnings(caplog) == 2


def test_an_api_server_that_does_not_answer_ends_the_pass(fake: FakeApi) -> None:
    for number in (1, 2):
        dry_run(fake, f"old-{number}", made=OLD)
    refuse_deletes(fake, Unavailable("no answer"))
    with followed(fake) as scene, pytest.raises(Unavailable):
        scene.pass_by(minutes=1)
    assert fake.made("DELETE") == 1


def test_a_receiver_that_stops_deletes_no_more(fake: FakeApi) -> None:
    for number in (1, 2, 3):
        dry_run(fake, f"old-{number}", made=OLD)
    scene: Scene

    def stop(method: str, _path: str) -> None:
        if method == "DELETE":
            scene.following.stop()

    fake.before = stop
    with followed(fake) as scene:
        scene.pass_by(minutes=1)
    assert fake.made("DELETE") == 1


def test_a_record_of_another_version_stays(fake: FakeApi) -> None:
    """What cannot be read is not judged."""
    dry_run(fake, "broken", made=OLD, phase="Unheard")
    with followed(fake) as scene:
        scene.pass_by(minutes=1)
    assert "broken" in names(fake)
