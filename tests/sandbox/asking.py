"""Asks a sandbox over HTTP, as a client would: one connection a question."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from receiver.sandbox.server import Sandbox

Object = dict[str, Any]
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    code: int
    content_type: str
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


def ask(
    sandbox: Sandbox,
    method: str,
    path: str,
    body: Any = None,
    *,
    content_type: str = "application/json",
    headers: dict[str, str] | None = None,
) -> Answer:
    sent = body if body is None or isinstance(body, str | bytes) else json.dumps(body)
    typed = {} if body is None else {"Content-Type": content_type}
    with closing(http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=60)) as connection:
        connection.request(method, path, sent, {**typed, **(headers or {})})
        with connection.getresponse() as response:
            return Answer(response.status, response.headers.get("Content-Type", ""), response.read().decode())


@contextmanager
def watching(
    sandbox: Sandbox, path: str, headers: dict[str, str] | None = None
) -> Iterator[Iterator[Object]]:
    """Open a watch and give its events; reading on blocks until there is one."""
    with closing(http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=60)) as connection:
        connection.request("GET", path, headers=headers or {})
        with connection.getresponse() as response:
            yield (json.loads(line) for line in response)


def config_map(name: str, **metadata: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": {"a": "b"},
    }


def deployment(name: str, **spec: Any) -> Object:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "web:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": template, **spec},
    }


def definition(plural: str, kind: str, **version: Any) -> Object:
    """Return a CustomResourceDefinition in group example.com that takes any spec and status."""
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": free, "status": free}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind, "singular": kind.lower(), "shortNames": [plural[:3]]},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    **version,
                }
            ],
        },
    }
