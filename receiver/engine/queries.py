"""Answers which records there are: narrowed by the API server where it can, here where it cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from receiver.cluster.api import Object
from receiver.cluster.errors import ClusterError, Rejected
from receiver.cluster.records import Records
from receiver.policy.intake import PageGone, RollbackQuery, Unavailable
from receiver.policy.times import parse_time

NO_SUCH_PAGE = frozenset({400, 410})
"""The answers to a token that never was one, and to one that is too old."""


@contextmanager
def translated() -> Iterator[None]:
    """Say in the web's words that the cluster cannot be asked."""
    try:
        yield
    except ClusterError as e:
        raise Unavailable(str(e)) from e


def answer_query(records: Records, query: RollbackQuery) -> dict[str, Any]:
    """Return what `list_rollbacks` does.

    Raises:
        PageGone: the API server does not know what to go on with, or does so no more.
        Unavailable: they cannot be read.
    """
    with translated():
        try:
            return list_rollbacks(records, query)
        except Rejected as e:
            if query.continue_token and e.code in NO_SUCH_PAGE:
                raise PageGone(str(e)) from e
            raise


def list_rollbacks(records: Records, query: RollbackQuery) -> dict[str, Any]:
    """Return one page of records, newest first within it, as `{"items": […], "continue": "…"}`.

    Raises:
        ClusterError: they cannot be read.
    """
    found = records.page(
        field_selector=",".join(_selectors(query)), limit=query.limit, continue_=query.continue_token
    )
    items = [raw for raw in found["items"] if _fits(raw, query)]
    items.sort(key=lambda raw: str(raw["metadata"]["creationTimestamp"]), reverse=True)
    more = found["metadata"].get("continue")
    return {"items": items, "continue": more} if more else {"items": items}


def _selectors(query: RollbackQuery) -> list[str]:
    chosen = [f"status.phase={query.phase.value}"] if query.phase else []
    if query.target:
        chosen += [f"spec.target.namespace={query.target.namespace}", f"spec.target.name={query.target.name}"]
    return chosen


def _fits(raw: Object, query: RollbackQuery) -> bool:
    if query.target and raw["spec"]["target"].get("kind") != query.target.kind:
        return False
    created: datetime | None = parse_time(raw["metadata"]["creationTimestamp"])
    return query.since is None or (created is not None and created >= query.since)
