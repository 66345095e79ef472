"""What all tests share: one real control plane, patience with a busy machine, and who begins first.

`make test` runs the tests in several processes, each file in one of them. Every process has a control plane
of its own, if one of its tests asks for it.
"""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.testbed.controlplane import ControlPlane

MOST_PROCESSES = 6
"""Each may have a control plane, which needs close to a gigabyte."""

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # What a shell starts in the background is deaf, and
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so would be the commands that tests interrupt.


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Say how many processes `-n auto` is: a test of the control plane waits for a third of its time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(MOST_PROCESSES, cores * 3 // 2)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the files with slow tests begin first: nobody is to wait for one of them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def real_plane() -> Iterator[ControlPlane]:
    """The control plane of real processes."""
    with ControlPlane() as plane:
        yield plane
