"""What the engine publishes of its state: the mode, and what there is to do and since when."""

from datetime import timedelta

import pytest

from receiver import metrics
from receiver.policy.rules import Mode
from receiver.policy.times import format_precise
from tests.engine.builders import FOLDER, NOW, record
from tests.engine.engines import make_engine, working
from tests.kubernetes.fake import FakeApi

HOUR = timedelta(hours=1)
CREATED, STARTED, APPROVED = NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR


def published(name: str, **labels: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(f"rollback_receiver_{name}", labels)


@pytest.mark.parametrize("mode", Mode)
def test_the_mode_of_the_installation_is_the_one_that_is_1(fake: FakeApi, mode: Mode) -> None:
    with working(make_engine(fake, mode=mode)):
        assert {each for each in Mode if published("mode", mode=each.value) == 1} == {mode}


@pytest.mark.parametrize(
    ("known", "since"),
    [
        pytest.param({}, CREATED, id="only-claimed"),
        pytest.param({"startedAt": format_precise(STARTED)}, STARTED, id="decided-later"),
        pytest.param(
            {"startedAt": format_precise(STARTED), "approvedAt": format_precise(APPROVED)},
            APPROVED,
            id="approved-later-still",
        ),
    ],
)
def test_how_long_the_oldest_is_worked_on_is_published(
    fake: FakeApi, known: dict[str, str], since: object
) -> None:
    """Old records that were decided anew are not stuck, and who awaits approval is nobody's work."""
    engine = make_engine(fake)
    fake.put(f"{FOLDER}/a", **record("a", created=CREATED, holder="other:1/run", **known))
    fake.put(f"{FOLDER}/b", **record("b", created=NOW, phase="Verifying", holder="other:1/run"))
    asking = {"phase": "AwaitingApproval", "expiresAt": "2100-01-01T00:00:00Z"}
    fake.put(f"{FOLDER}/c", **record("c", created=NOW - 9 * HOUR, **asking))
    engine._sweep.stop()  # It takes nothing over.
    engine._sweep.sweep()
    assert published("records_not_final") == 2
    assert published("records_awaiting_approval") == 1
    oldest = published("records_not_final_oldest_timestamp_seconds")
    assert since == metrics_time(oldest)


def test_nothing_to_do_is_zero(fake: FakeApi) -> None:
    make_engine(fake)._sweep.sweep()
    names = ("records_not_final", "records_awaiting_approval", "records_not_final_oldest_timestamp_seconds")
    assert [published(name) for name in names] == [0, 0, 0]


def metrics_time(seconds: float | None) -> object:
    assert seconds is not None
    return NOW + timedelta(seconds=seconds - NOW.timestamp())
