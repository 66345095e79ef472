"""Reading what a guard may have to do without: what fails for good is Unreadable, and blocks."""

from collections.abc import Callable
from typing import TypeVar

from receiver.cluster.errors import ClusterError, Unavailable
from receiver.policy.workload import Unreadable

T = TypeVar("T")


def readable(what: str, read: Callable[[], T]) -> T | Unreadable:
    """Return what a read gives, Unreadable where it fails for good; `what` names it for people.

    Raises:
        Unavailable: it may be readable in a moment.
    """
    try:
        return read()
    except Unavailable:
        raise
    except ClusterError as e:
        return Unreadable(what, str(e))
