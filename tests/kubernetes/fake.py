"""The API server in memory, as far as the receiver uses it: compare-and-swap, conflicts, pages, selectors.

What it says is not proof of what the real one does: tests/cluster is. It makes the rare moments come at will.
"""

import copy
import itertools
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from receiver.cluster.api import JSON, Api, Object
from receiver.cluster.errors import Conflict, Invalid, NotFound
from receiver.policy.times import format_time
from tests.policy.json_patch import PatchConflict, apply_patch

PLURALS = {
    "rollbacks",
    "replicasets",
    "controllerrevisions",
    "deployments",
    "statefulsets",
    "daemonsets",
    "rollouts",
    "pods",
    "configmaps",
    "events",
}


class FakeApi(Api):
    """Objects by their path. `before` is called before each call, and may raise or change something."""

    def __init__(self) -> None:
        self.namespace = "rollbacks"
        self.host = "http://fake"
        self.objects: dict[str, Object] = {}
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        self._versions = itertools.count(1)
        self._lock = threading.RLock()

    def put(self, url_path: str, **value: Any) -> Object:
        """Put an object there, as somebody else would."""
        with self._lock:
            stored = copy.deepcopy({"metadata": {}, **value})
            stored["metadata"].setdefault("name", url_path.rpartition("/")[2])
            stored["metadata"].setdefault("creationTimestamp", format_time(datetime.now(UTC)))
            stored["metadata"].setdefault("uid", f"uid-of-{stored['metadata']['name']}")
            stored["metadata"]["resourceVersion"] = str(next(self._versions))
            self.objects[url_path] = stored
            return copy.deepcopy(stored)

    def made(self, method: str, ending: str = "") -> int:
        """Count the calls of a method whose path ends so."""
        return sum(1 for called, url_path in self.calls if called == method and url_path.endswith(ending))

    def call(
        self,
        method: str,
        url_path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,  # noqa: ARG002
        accept: str = JSON,  # noqa: ARG002
        repeatable: bool | None = None,  # noqa: ARG002
        timeout_seconds: float = 4.0,  # noqa: ARG002
    ) -> Object:
        self.calls.append((method, url_path))
        self.before(method, url_path)
        with self._lock:
            match method:
                case "GET":
                    return self._get(url_path, query or {})
                case "POST":
                    return body if "dryRun" in (query or {}) else self._post(url_path, body)
                case "PUT":
                    return self._put(url_path, body)
                case "DELETE":
                    return self._delete(url_path, body)
                case _:
                    return self._patch(url_path, body, query or {})

    def _get(self, url_path: str, query: Mapping[str, str]) -> Object:
        if url_path in self.objects:
            return copy.deepcopy(self.objects[url_path])
        if url_path.rpartition("/")[2] not in PLURALS:
            raise NotFound(f"GET {url_path}: not found (404)", code=404)
        found = [raw for place, raw in self.objects.items() if place.rpartition("/")[0] == url_path]
        items = [raw for raw in found if _selected(raw, query.get("fieldSelector", ""))]
        start, limit = int(query.get("continue", "0")), int(query.get("limit", "500"))
        more = {"continue": str(start + limit)} if start + limit < len(items) else {}
        return {"items": copy.deepcopy(items[start : start + limit]), "metadata": more}

    def _post(self, url_path: str, body: Object) -> Object:
        place = f"{url_path}/{body['metadata']['name']}"
        if place in self.objects:
            raise Conflict(f"POST {place}: already exists (409)", code=409)
        return self.put(place, **body)

    def _put(self, url_path: str, body: Object) -> Object:
        place = url_path.removesuffix("/status")
        if place not in self.objects:
            raise NotFound(f"PUT {place}: not found (404)", code=404)
        stored = self.objects[place]
        if body["metadata"].get("resourceVersion") != stored["metadata"]["resourceVersion"]:
            raise Conflict(f"PUT {place}: the object has been modified (409)", code=409)
        return self.put(place, **({**stored, "status": body["status"]} if place != url_path else body))

    def _delete(self, url_path: str, options: Object) -> Object:
        if url_path not in self.objects:
            raise NotFound(f"DELETE {url_path}: not found (404)", code=404)
        held = self.objects[url_path]["metadata"]
        for field, wanted in options["preconditions"].items():
            if wanted != held[field]:
                why = f"the {field} in the precondition does not match (409)"
                raise Conflict(f"DELETE {url_path}: {why}", code=409)
        return self.objects.pop(url_path)

    def _patch(self, url_path: str, operations: Any, query: Mapping[str, str]) -> Object:
        if url_path not in self.objects:
            raise NotFound(f"PATCH {url_path}: not found (404)", code=404)
        try:
            patched = apply_patch(self.objects[url_path], operations)
        except PatchConflict as e:
            raise Invalid(f"PATCH {url_path}: the server rejected our request (422)", causes=()) from e
        patched["metadata"]["generation"] += 1
        return patched if "dryRun" in query else self.put(url_path, **patched)


def _selected(raw: Object, selector: str) -> bool:
    return all(_term(raw, term) for term in selector.split(",") if term)


def _term(raw: Object, term: str) -> bool:
    field, _, wanted = term.partition("=")
    value: Any = raw
    for step in field.removesuffix("!").split("."):
        value = (value or {}).get(step)
    return ((value or "") == wanted) is not field.endswith("!")
