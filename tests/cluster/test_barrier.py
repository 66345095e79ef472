"""Past a one-way change that somebody declared there is no way back."""

from datetime import UTC, datetime, timedelta

from tests.cluster import scenes
from tests.cluster.receivers import timestamp
from tests.cluster.scenes import BAD, GOOD, Deploy, Start, blocked_by
from tests.cluster.stories import Story

BARRIER = "rollback-receiver.dev/barrier"


def test_there_is_no_way_back_past_a_revision(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """The release that migrated the database cannot be undone; the one after it can."""
    deploy("web", GOOD, annotations={BARRIER: "2: orders.status renamed"})
    release("web", BAD)
    running = receiver(scenes.rules())
    story.tell(running)
    record = story.wait("Refused")
    assert blocked_by(record) == ["barrier"]
    assert (story.image(), story.patches()) == (BAD, [])
    release("web", "x/web:3")
    (name,) = story.tell(running)
    story.wait_for(name, "Verifying")
    assert (story.image(), len(story.patches())) == (BAD, 1)


def test_there_is_no_way_back_past_a_moment(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start
) -> None:
    """What went live before the migration stays out; moved to before that, the barrier is in nobody's way."""
    deploy("web", GOOD)
    migrated = datetime.now(UTC)
    declare(story, migrated)
    release("web", BAD)
    running, alert = receiver(scenes.rules()), story.firing()
    story.tell(running, alert)
    record = story.wait("Refused")
    assert blocked_by(record) == ["barrier"]
    assert "revision 1 was live before the barrier" in record["status"]["message"]
    assert (story.image(), scenes.patches(story.plane, story.namespace)) == (BAD, [])
    declare(story, migrated - timedelta(days=1))
    story.tell(running, alert)
    story.wait("Verifying")
    assert (story.image(), len(story.patches())) == (GOOD, 1)


def declare(story: Story, at: datetime) -> None:
    story.change({"metadata": {"annotations": {BARRIER: f"{timestamp(at)}: orders.status renamed"}}})
