"""Who may take a record over: nobody takes it from the living, everybody from the dead, at once if sure."""

import socket
from datetime import datetime, timedelta
from typing import Any

import pytest

from receiver.engine.instance import Instance
from tests.engine.builders import NOW, record

ME = Instance("here:1", "run2")


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).isoformat()


def when(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


TABLE = [
    pytest.param(record(phase="Pending", holder="here:1/run1", renewTime=ago(0)), True, id="own-earlier-run"),
    pytest.param(record(phase="Pending", holder="here:1/run2", renewTime=ago(29)), False, id="this-run"),
    pytest.param(record(phase="Pending", holder="here:1/run2", renewTime=ago(31)), True, id="this-run-stale"),
    pytest.param(record(phase="Pending", holder="there:1/x", renewTime=ago(29)), False, id="other-fresh"),
    pytest.param(record(phase="Pending", holder="there:1/x", renewTime=ago(30)), False, id="other-just-so"),
    pytest.param(record(phase="Pending", holder="there:1/x", renewTime=ago(31)), True, id="other-stale"),
    pytest.param(record(phase="Pending", holder="here:10/x", renewTime=ago(1)), False, id="like-address"),
    pytest.param(record(phase="Pending", holder="", renewTime=ago(1)), True, id="handed-over"),
    pytest.param(record(phase="Verifying", holder=""), True, id="handed-over-verifying"),
    pytest.param(record(claimed_by="there:1/x", created=when(29)), False, id="just-claimed"),
    pytest.param(record(claimed_by="there:1/x", created=when(31)), True, id="claimed-and-left"),
    pytest.param(record(claimed_by="here:1/run1", created=when(1)), True, id="claimed-by-earlier-run"),
    pytest.param(record(claimed_by="here:1/run2", created=when(1)), False, id="claimed-by-this-run"),
    pytest.param(record(created=when(29)), False, id="claimed-by-nobody"),
    pytest.param(record(created=when(31)), True, id="claimed-by-nobody-long-ago"),
    pytest.param(
        record(claimed_by="here:1/run1", holder="there:1/x", phase="Pending", renewTime=ago(1)),
        False,
        id="claimed-by-earlier-run-held-by-other",
    ),
    pytest.param(
        record(claimed_by="there:1/x", phase="Pending", created=when(99), renewTime=ago(1)),
        False,
        id="renewed-without-holder",
    ),
    pytest.param(
        record(phase="Pending", holder="there:1/x", renewTime=ago(-60)), False, id="clock-ahead-of-ours"
    ),
]


@pytest.mark.parametrize(("raw", "free"), TABLE)
def test_record_is_taken_only_from_the_dead(raw: dict[str, Any], free: bool) -> None:
    """An earlier run at our address is dead for sure; anybody else after 30 s of silence."""
    assert ME.may_take(raw, now=NOW) is free


def test_each_start_is_another_run_at_the_same_address() -> None:
    """The port is held by one process at a time, so that an earlier holder of it is gone."""
    one, two = Instance.here(8080), Instance.here(8080)
    assert one.address == two.address == f"{socket.gethostname()}:8080"
    assert one.run != two.run
    assert str(one) == f"{one.address}/{one.run}"
