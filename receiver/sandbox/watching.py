"""Watches: the changes of a kind as they come, one JSON line each. A watch holds no lock while it sends."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from receiver.sandbox import errors, listing
from receiver.sandbox.exchange import written
from receiver.sandbox.paths import Target
from receiver.sandbox.store import Event, Store

Object = dict[str, Any]
Query = dict[str, str]
LONGEST_SECONDS = 1800
BOOKMARK_SECONDS = 60
LOOK_SECONDS = 1.0
"""How often a watch on which nothing happens looks whether its client is still there."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch to run: what it selects, how it shows an object, and whether its client still waits."""

    store: Store
    target: Target
    query: Query
    show: Callable[[Object], Object]
    alive: Callable[[], bool]

    def lines(self) -> Iterator[bytes]:
        """Return the events as lines, from now on; it ends with its time, its client or the server.

        Raises:
            ApiError: 400, 422 as a list's; a version that is too old is an ERROR event, not an exception.
        """
        listing.check(self.query, "watch")
        chosen = listing.selection(self.target, self.query)
        if self.target.name:
            selected = chosen
            chosen = lambda obj: obj["metadata"]["name"] == self.target.name and selected(obj)  # noqa: E731
        since = listing.version_of(self.query)
        seconds = listing.number(self.query.get("timeoutSeconds") or "0") or LONGEST_SECONDS
        return self._run(chosen, since, time.monotonic() + seconds)

    def _run(self, chosen: Callable[[Object], bool], since: int, end: float) -> Iterator[bytes]:
        initial = self.query.get("sendInitialEvents")
        if initial in {"true", "1"} or (not since and initial is None):
            items, since = self.store.list(self.target.resource, self.target.namespace)
            yield from (self._line("ADDED", obj) for obj in items if chosen(obj))
            if initial is not None and self._bookmarks:
                yield self._bookmark(since, {"k8s.io/initial-events-end": "true"})
        yield from self._follow(chosen, since or self.store.version, end)

    def _follow(self, chosen: Callable[[Object], bool], seen: int, end: float) -> Iterator[bytes]:
        marked = time.monotonic()
        while self.alive() and (left := end - time.monotonic()) > 0:
            try:
                events, seen = self._news(seen, min(left, LOOK_SECONDS))
            except errors.ApiError as e:
                yield written({"type": "ERROR", "object": e.status}) + b"\n"
                return
            for event in events:
                yield from self._told(event, chosen)
            if self._bookmarks and time.monotonic() - marked > BOOKMARK_SECONDS:
                marked = time.monotonic()
                yield self._bookmark(seen, {})

    def _news(self, seen: int, seconds: float) -> tuple[list[Event], int]:
        """Wait for changes, and return them with the version up to which they go."""
        with self.store.changed:
            if self.store.version <= seen and self.alive():
                self.store.changed.wait(seconds)
            events = [e for e in self.store.since(seen) if self._concerns(e)]
            return events, max(seen, self.store.version)

    def _concerns(self, event: Event) -> bool:
        return event.key == self.target.resource.key and self.target.namespace in {"", event.namespace}

    def _told(self, event: Event, chosen: Callable[[Object], bool]) -> Iterator[bytes]:
        """Return the event as one who sees only what is chosen: what leaves the selection is DELETED."""
        was = event.before is not None and chosen(event.before)
        is_now = event.type != "DELETED" and chosen(event.obj)
        if is_now:
            yield self._line("MODIFIED" if was else "ADDED", event.obj)
        elif was and event.before is not None:
            last = event.obj if event.type == "DELETED" else _as_of(event.before, event.version)
            yield self._line("DELETED", last)

    @property
    def _bookmarks(self) -> bool:
        return self.query.get("allowWatchBookmarks") in {"true", "1"}

    def _bookmark(self, version: int, annotations: dict[str, str]) -> bytes:
        resource = self.target.resource
        metadata = {
            "resourceVersion": str(version),
            **({"annotations": annotations} if annotations else {}),
        }
        return self._line(
            "BOOKMARK", {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        )

    def _line(self, type_: str, obj: Object) -> bytes:
        return written({"type": type_, "object": self.show(obj)}) + b"\n"


def _as_of(obj: Object, version: int) -> Object:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(version)}}
