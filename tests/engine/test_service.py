"""What the web asks of the engine: everything stored or an error, in time, each message once."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from receiver.cluster.errors import Forbidden, Unavailable
from receiver.engine import service
from receiver.engine.service import ANSWER_WITHIN_SECONDS, Engine
from receiver.policy import intake
from receiver.policy.alerts import Payload
from receiver.policy.intake import Accepted, NotPersisted, RollbackQuery
from tests.engine.builders import alert, eventually, payload
from tests.engine.engines import make_engine
from tests.kubernetes.fake import FakeApi

ACCEPTED = Accepted(1, 0, ("a",))


class Slow:
    """Takes a payload as soon as it may, and counts."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may, self.taken = threading.Event(), list[Payload]()
        self.fault: Exception | None = None
        monkeypatch.setattr(engine._intake, "take", self)

    def __call__(self, given: Payload, _received_at: datetime) -> Accepted:
        self.taken.append(given)
        assert self.may.wait(60)
        if self.fault:
            raise self.fault
        return ACCEPTED


@pytest.fixture
def engine(fake: FakeApi) -> Engine:
    return make_engine(fake)


@pytest.fixture
def slow(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(engine, monkeypatch)


def accept(engine: Engine, given: Payload) -> Accepted:
    return engine.accept(given, datetime.now(UTC))


def test_same_message_sent_again_meanwhile_is_waited_for(
    engine: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both members of a pair, or a retry after a timeout: one judgement, one answer for all."""
    given, awaited, begin = payload(alert(), alert(pod="x")), list[Future[Accepted]](), engine._take

    def begun(message: Payload, received_at: datetime) -> Future[Accepted]:
        awaited.append(begin(message, received_at))
        return awaited[-1]

    monkeypatch.setattr(engine, "_take", begun)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(accept, engine, payload(*reversed(given.alerts))) for _ in range(4)]
        eventually(lambda: len(awaited) == 4)
        slow.may.set()
        assert [answer.result() for answer in answers] == [ACCEPTED] * 4
    assert len(slow.taken) == 1


def test_message_sent_again_afterwards_is_taken_again(engine: Engine, slow: Slow) -> None:
    """The answer was given: what is told now may be news."""
    slow.may.set()
    for _ in range(3):
        accept(engine, payload(alert()))
    assert len(slow.taken) == 3


def test_message_sent_again_right_after_the_answer_is_taken_again(engine: Engine, slow: Slow) -> None:
    """Whoever waited may have had the answer before the engine has put the message away."""
    slow.may.set()
    given, answered = payload(alert()), Future[Accepted]()
    answered.set_result(ACCEPTED)
    engine._under_way[frozenset((one.key, one.status) for one in given.alerts)] = answered
    accept(engine, given)
    assert len(slow.taken) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(payload(alert(), alert(pod="x")), id="one-more"),
        pytest.param(payload(alert(severity="page")), id="another-alert"),
    ],
)
def test_other_messages_are_taken_side_by_side(engine: Engine, slow: Slow, other: Payload) -> None:
    """Only the very same alerts are one message."""
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(accept, engine, given) for given in (payload(alert()), other)]
        eventually(lambda: len(slow.taken) == 2)
        slow.may.set()
        assert [answer.result() for answer in answers] == [ACCEPTED] * 2
    assert len(slow.taken) == 2


def test_answer_comes_in_time(engine: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Alertmanager gives up; the work goes on, and a repeat joins it."""
    assert ANSWER_WITHIN_SECONDS < 10
    monkeypatch.setattr(service, "ANSWER_WITHIN_SECONDS", 0.1)
    for _ in range(2):
        with pytest.raises(NotPersisted, match="in time") as caught:
            accept(engine, payload(alert()))
        assert caught.value.retry_after_seconds >= 1
    slow.may.set()
    monkeypatch.setattr(service, "ANSWER_WITHIN_SECONDS", 60)
    assert accept(engine, payload(alert())) == ACCEPTED
    assert len(slow.taken) <= 2


@pytest.mark.parametrize(
    "fault", [pytest.param(Unavailable("no answer"), id="later"), pytest.param(Forbidden("no"), id="refused")]
)
def test_what_is_not_stored_is_an_error(engine: Engine, slow: Slow, fault: Exception) -> None:
    """Never a 2xx; and the next try begins anew."""
    slow.may.set()
    slow.fault = fault
    with pytest.raises(NotPersisted, match=f"cannot store: {fault}"):
        accept(engine, payload(alert()))
    slow.fault = None
    assert accept(engine, payload(alert())) == ACCEPTED


def test_engine_that_has_stopped_takes_nothing(engine: Engine, slow: Slow) -> None:
    """It says so as it says everything that is to be sent again: another replica will take it."""
    engine.stop()
    with pytest.raises(NotPersisted):
        accept(engine, payload(alert()))
    assert slow.taken == []


def test_message_cut_off_by_the_stop_is_to_be_sent_again(
    engine: Engine, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was waiting for its turn when the receiver was told to end."""
    monkeypatch.setattr(engine, "_takers", ThreadPoolExecutor(1))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(accept, engine, payload(alert()))
        while not slow.taken:
            time.sleep(0.01)
        second = pool.submit(accept, engine, payload(alert(pod="x")))
        while len(engine._under_way) < 2:
            time.sleep(0.01)
        engine.stop()
        with pytest.raises(NotPersisted):
            second.result(timeout=60)
        slow.may.set()
        assert first.result(timeout=60) == ACCEPTED


def test_questions_are_answered_or_unavailable(engine: Engine, fake: FakeApi) -> None:
    """An unknown record is None, a silent API server is an error of its own."""
    assert engine.rollback("none") is None
    assert engine.rollbacks(RollbackQuery()) == {"items": []}
    assert engine.ready() is not None

    def silent(_method: str, _path: str) -> None:
        raise Unavailable("no answer")

    fake.before = silent
    with pytest.raises(intake.Unavailable, match="no answer"):
        engine.rollback("none")
    with pytest.raises(intake.Unavailable, match="no answer"):
        engine.rollbacks(RollbackQuery())
