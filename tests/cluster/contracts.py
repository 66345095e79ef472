"""What the tests of the API's own contracts share: a request whose refusal is looked at as it came.

They know no receiver: what the real control plane does is written down here once more, and the sandbox is
held to it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.testbed import workloads
from tests.testbed.api import parse
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

Object = dict[str, Any]
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
GROUP, KIND = "rollback-receiver.dev", "Rollback"
RECORD_SPEC: Mapping[str, Any] = {
    "target": {"kind": "Deployment", "namespace": "shop", "name": "web"},
    "suspect": {"revision": 2},
    "alert": {"name": "HighErrorRate"},
    "rule": "bad-release",
}


@dataclass(frozen=True)
class Folder:
    """One kind of objects in one place: where they are listed, created, read and written."""

    plane: Plane
    path: str

    def ask(
        self,
        method: str,
        rest: str = "",
        body: object = None,
        content_type: str = JSON,
        *,
        accept: str = JSON,
        **query: Any,
    ) -> tuple[int, Any]:
        """Return the status and the answer, parsed if it is JSON; a body of bytes is sent as it is."""
        connection, api = self.plane.api().connect(), self.plane.api()
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {**api.authorization, "Content-Type": content_type, "Accept": accept}
        path = f"{self.path}{rest and '/' + rest}" + (f"?{urlencode(query)}" if query else "")
        try:
            connection.request(method, path, body=data, headers=headers)
            response = connection.getresponse()
            return response.status, parse(response.read())
        finally:
            connection.close()

    def done(self, method: str, rest: str = "", *rest_of_it: Any, **options: Any) -> Any:
        """Return the answer, proven to be no refusal."""
        status, answer = self.ask(method, rest, *rest_of_it, **options)
        assert status < 400, f"{method} {self.path}/{rest}: {status} {answer}"
        return answer

    def get(self, name: str) -> Object:
        """Return an object."""
        found: Object = self.done("GET", name)
        return found

    def create(self, body: Mapping[str, Any], **query: Any) -> Object:
        """Create an object and return it."""
        created: Object = self.done("POST", "", body, **query)
        return created

    def merge(self, rest: str, body: object, **query: Any) -> Object:
        """Apply a JSON merge patch and return the answer."""
        patched: Object = self.done("PATCH", rest, body, MERGE_PATCH, **query)
        return patched

    def names(self, **query: Any) -> list[str]:
        """Return the names of what is listed, in the answer's order."""
        return [item["metadata"]["name"] for item in self.done("GET", **query)["items"]]

    def events(self, since: str, **query: Any) -> list[tuple[str, Object]]:
        """Watch for two seconds from this version on, and return type and object of each event."""
        said = self.done("GET", watch="true", resourceVersion=since, timeoutSeconds=2, **query)
        lines = [said] if isinstance(said, dict) else map(json.loads, str(said).splitlines())
        return [(line["type"], line["object"]) for line in lines]

    def wait_for(
        self, name: str, what: str, test: Callable[[Object], object], *, seconds: float = 10
    ) -> Object:
        """Return the object once it is there and `test` holds for it."""

        def reached() -> Object | None:
            status, found = self.ask("GET", name)
            return found if status == 200 and test(found) else None

        return wait_until(f"{name}: {what}", reached, seconds=seconds) or {}

    def wait_empty(self, *, seconds: float = 15) -> None:
        """Return when nothing is listed."""
        wait_until(f"{self.path} is empty", lambda: not self.names(), seconds=seconds)

    def wait_gone(self, name: str, *, seconds: float = 10) -> None:
        """Return when there is no object of that name."""
        wait_until(f"{name} is gone", lambda: self.ask("GET", name)[0] == 404, seconds=seconds)


@dataclass(frozen=True)
class Cluster:
    """One namespace of a cluster, and the kinds in it."""

    plane: Plane
    namespace: str

    def apps(self, plural: str) -> Folder:
        """Return the workloads of a kind."""
        return Folder(self.plane, workloads.path_of(self.namespace, resource=plural))

    def core(self, plural: str) -> Folder:
        """Return the objects of a kind of the core."""
        return Folder(self.plane, f"/api/v1/namespaces/{self.namespace}/{plural}")

    @property
    def config_maps(self) -> Folder:
        return self.core("configmaps")

    @property
    def deployments(self) -> Folder:
        return self.apps("deployments")

    @property
    def replica_sets(self) -> Folder:
        return self.apps("replicasets")


def named(name: str, **rest: Any) -> Object:
    """Return the metadata of an object, and what else it has."""
    return {"metadata": {"name": name}, **rest}


def record(name: str = "r", **spec: Any) -> Object:
    """Return a record; `spec` is laid over its spec, None takes a key away."""
    kept = {key: value for key, value in {**RECORD_SPEC, **spec}.items() if value is not None}
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": KIND, **named(name, spec=kept)}


def failure(code: int, reason: str, message: str, details: Object | None = None) -> Object:
    """Return the body of a refusal."""
    head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    told = {"details": details} if details is not None else {}
    return {**head, "message": message, "reason": reason, **told, "code": code}


def leaves(tree: object, path: str = "") -> Iterator[str]:
    """Yield the paths of an object's values, the items of lists by their place."""
    if isinstance(tree, dict | list) and tree:
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path
