"""The short cut for repeats: bounded, and by fingerprint and startsAt."""

import threading
from datetime import timedelta

from receiver.engine.known import Known
from tests.engine.builders import alert


def test_alert_is_known_by_its_fingerprint_and_start() -> None:
    """The same alert that fires anew is another one."""
    known = Known()
    known.remember(alert(), "a")
    assert known.record_of(alert(severity="page")) is None
    assert known.record_of(alert(age=timedelta(minutes=3))) is None
    assert known.record_of(alert()) == "a"
    known.remember(alert(), "b")
    assert known.record_of(alert()) == "b"


def test_memory_is_bounded() -> None:
    """The oldest notes go: hostile labels do not fill the memory."""
    known = Known(limit=3)
    alerts = [alert(n=str(n)) for n in range(5)]
    for number, one in enumerate(alerts):
        known.remember(one, str(number))
    assert [known.record_of(one) for one in alerts] == [None, None, "2", "3", "4"]


def test_threads_do_not_break_it() -> None:
    """Every request has its own."""
    known, faults = Known(limit=10), list[Exception]()

    def work(start: int) -> None:
        try:
            for n in range(start, start + 300):
                known.remember(alert(n=str(n)), "a")
                known.record_of(alert(n=str(n - 5)))
        except Exception as e:  # noqa: BLE001
            faults.append(e)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
