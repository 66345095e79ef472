"""The executor: a record is worked on by one thread at a time until it is done, whatever goes wrong."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from receiver.cluster.errors import Forbidden, Unavailable
from receiver.engine import executor as executor_module
from receiver.engine.executor import Executor
from receiver.engine.task import Task
from tests.engine.builders import eventually, task

Made = Callable[[Callable[[Task], float | None]], Executor]


@pytest.fixture
def make() -> Iterator[Made]:
    running: list[Executor] = []

    def made(step: Callable[[Task], float | None]) -> Executor:
        running.append(Executor(step))
        running[-1].start()
        return running[-1]

    yield made
    for executor in running:
        executor.stop(5)


class Script:
    """A step that goes through these outcomes, and then is done."""

    def __init__(self, *outcomes: float | Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.times: list[float] = []

    def __call__(self, _task: Task) -> float | None:
        self.times.append(time.monotonic())
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_step_comes_back_until_it_is_done(make: Made) -> None:
    """After as many seconds as it asked for."""
    script = Script(0.0, 0.2, None)
    executor = make(script)
    executor.begin(task())
    assert executor.works_on("a")
    eventually(lambda: not executor.works_on("a"))
    assert len(script.times) == 3
    assert script.times[2] - script.times[1] >= 0.2


def test_record_is_in_one_thread_at_a_time(make: Made) -> None:
    """However often it is begun, hurried and due; different records run side by side."""
    inside, most, steps, seen = Counter[str](), Counter[str](), Counter[str](), set[str]()
    lock, both = threading.Lock(), threading.Barrier(2, timeout=10)

    def step(given: Task) -> float | None:
        with lock:
            inside[given.record] += 1
            most[given.record] = max(most[given.record], inside[given.record])
            steps[given.record] += 1
            first = steps[given.record] == 1
        if first:
            both.wait()
            seen.add(given.record)
        time.sleep(0.002)
        with lock:
            inside[given.record] -= 1
        return 0.0 if steps[given.record] < 6 else None

    executor = make(step)
    for _ in range(20):
        for name in "ab":
            executor.begin(task(name))
            executor.hurry(name)
    eventually(lambda: not executor.works_on("a") and not executor.works_on("b"))
    assert seen == {"a", "b"}
    assert most == {"a": 1, "b": 1}


def test_record_in_work_is_not_begun_twice(make: Made) -> None:
    """The second task is dropped; when the first is done, it may be begun again."""
    release, begun = threading.Event(), list[Task]()

    def step(given: Task) -> float | None:
        begun.append(given)
        release.wait(10)
        return None

    executor = make(step)
    first, second = task(), task()
    executor.begin(first)
    executor.begin(second)
    release.set()
    eventually(lambda: not executor.works_on("a"))
    assert begun == [first]
    executor.begin(second)
    eventually(lambda: len(begun) == 2)


def test_unavailable_is_tried_again(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as it takes."""
    monkeypatch.setattr(executor_module, "RETRY_SECONDS", 0.01)
    script = Script(Unavailable("no answer"), Unavailable("no answer"), None)
    executor = make(script)
    executor.begin(task())
    eventually(lambda: not executor.works_on("a"))
    assert len(script.times) == 3


@pytest.mark.parametrize(
    "fault", [pytest.param(Forbidden("no"), id="refused"), pytest.param(KeyError("x"), id="our-own-fault")]
)
def test_other_faults_leave_the_record_to_the_sweep(make: Made, fault: Exception) -> None:
    """One broken record neither stops the others nor is forgotten: the sweep finds it by its age."""
    script = Script(fault)
    executor = make(script)
    executor.begin(task())
    eventually(lambda: not executor.works_on("a"))
    assert len(script.times) == 1
    executor.begin(task())
    eventually(lambda: len(script.times) == 2)


def test_hurry_brings_a_waiting_record_back_now(make: Made) -> None:
    """Its alert has cleared: nobody waits for the next look. Others keep their time."""
    script, other = Script(60.0, None), Script(60.0, None)
    executor = make(lambda given: script(given) if given.record == "a" else other(given))
    executor.begin(task("a"))
    executor.begin(task("b"))
    eventually(lambda: script.times and other.times)

    def hurried() -> bool:
        executor.hurry("a")
        return not executor.works_on("a")

    eventually(hurried)
    assert (len(script.times), len(other.times)) == (2, 1)
    executor.hurry("unknown")


def test_hurry_while_the_step_runs_brings_the_record_back_right_after_it(make: Made) -> None:
    """The step may have read the record a moment before its alert cleared. The next wait is a whole one."""
    running, release, waits = threading.Event(), threading.Event(), iter([60.0, 60.0])
    times = list[float]()

    def step(_: Task) -> float | None:
        times.append(time.monotonic())
        running.set()
        release.wait(10)
        return next(waits)

    executor = make(step)
    executor.begin(task("a"))
    running.wait(10)
    executor.hurry("a")
    release.set()
    eventually(lambda: len(times) == 2)
    time.sleep(0.2)
    assert len(times) == 2


def test_later_record_may_be_due_earlier(make: Made) -> None:
    """A long wait of one does not hold the others up."""
    slow, fast = Script(60.0), Script(0.01, None)
    executor = make(lambda given: slow(given) if given.record == "slow" else fast(given))
    executor.begin(task("slow"))
    eventually(lambda: slow.times)
    executor.begin(task("fast"))
    eventually(lambda: not executor.works_on("fast"))
    assert len(fast.times) == 2


def test_stop_returns_what_is_not_done(make: Made) -> None:
    """Steps that run are finished, none is started, the rest is handed back to be handed over."""
    running, release, done = threading.Barrier(3), threading.Event(), list[str]()

    def step(given: Task) -> float | None:
        if given.record == "waits":
            return 60.0
        running.wait(10)
        release.wait(10)
        done.append(given.record)
        return None if given.record == "ends" else 0.0

    executor = make(step)
    for name in ("waits", "ends", "goes-on"):
        executor.begin(task(name))
    running.wait(10)
    threading.Timer(0.1, release.set).start()
    left = executor.stop(10)
    assert sorted(given.record for given in left) == ["goes-on", "waits"]
    assert sorted(done) == ["ends", "goes-on"]
    executor.begin(task("late"))
    executor.hurry("waits")
    assert not executor.works_on("late")


def test_stop_does_not_wait_for_what_hangs(make: Made) -> None:
    """It is handed over like the rest."""
    hangs, release = threading.Event(), threading.Event()

    def step(_task: Task) -> None:
        hangs.set()
        release.wait(60)

    executor = make(step)
    executor.begin(task())
    assert hangs.wait(10)
    began = time.monotonic()
    left = executor.stop(0.1)
    assert time.monotonic() - began < 30
    assert [given.record for given in left] == ["a"]
    release.set()
    eventually(lambda: not executor.works_on("a"))


def test_many_records_are_looked_at_less_often(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many steps a second in all, so that a storm does not crowd the API server."""
    monkeypatch.setattr(executor_module, "STEPS_A_SECOND", 10)
    release, steps = threading.Event(), Counter[str]()

    def step(given: Task) -> float:
        release.wait(10)
        steps[given.record] += 1
        return 0.0

    executor = make(step)
    for number in range(300):
        executor.begin(task(str(number)))
    release.set()
    eventually(lambda: len(steps) == 300)
    time.sleep(0.3)
    assert set(steps.values()) == {1}
