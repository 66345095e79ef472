"""A request and its answer, free of sockets; and how a request's parts are read. It decides nothing."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
JSON, TEXT = "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks. `headers` have lower-case names; `alive` tells whether it still waits."""

    method: str
    uri: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    alive: Callable[[], bool] = lambda: True

    @property
    def path(self) -> str:
        """Return the path without the query."""
        return urlsplit(self.uri).path

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters; of one that is given twice, the first."""
        found = parse_qs(urlsplit(self.uri).query, keep_blank_values=True)
        return {key: values[0] for key, values in found.items()}

    @property
    def content_type(self) -> str:
        """Return the body's media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def user(self) -> str:
        """Return who asks: a bearer token is its user's name; "" without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def manager(self) -> str:
        """Return the field manager: as given, or the first word of the user agent."""
        agent = self.headers.get("user-agent", "").partition("/")[0]
        return self.query.get("fieldManager") or agent or "unknown"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: its whole body, or for a watch the lines as they come."""

    code: int
    body: bytes | Iterator[bytes]
    content_type: str = JSON


def written(obj: Any) -> bytes:
    """Write JSON."""
    return json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode()


def answer(code: int, obj: Any, content_type: str = JSON) -> Response:
    """Return an answer with a JSON body."""
    return Response(code, written(obj) + b"\n", content_type)
