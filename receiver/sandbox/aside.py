"""What is asked of the server itself and of no object: discovery, health, OpenAPI, its version."""

from collections.abc import Callable, Sequence
from typing import Any

from receiver.sandbox import discovery, errors, openapi, protobuf
from receiver.sandbox.bodies import read_json
from receiver.sandbox.exchange import TEXT, Request, Response, answer
from receiver.sandbox.resources import Resources

Object = dict[str, Any]
Describe = Callable[[Resources, Sequence[str]], Object | None]
REVIEWS = "apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
"""Where whoever asks is told that they may do everything: nobody has less than all rights here."""
HEALTH = ("/healthz", "/livez", "/readyz")
NOWHERE = Response(404, b"404 page not found\n", TEXT)
_PLACES: tuple[tuple[str, int, int, Describe], ...] = (
    # The first words of a path, how many more there must and may be, and the body.
    ("version", 0, 0, lambda _, __: discovery.VERSION),
    ("apis", 0, 0, lambda served, _: discovery.group_list(served)),
    ("api", 1, 1, lambda served, more: discovery.resource_list(served, "", more[0])),
    ("apis", 1, 1, lambda served, more: discovery.one_group(served, more[0])),
    ("apis", 2, 2, lambda served, more: discovery.resource_list(served, more[0], more[1])),
    ("openapi/v3", 0, 0, lambda served, _: openapi.index(served)),
    ("openapi/v3", 2, 3, lambda served, more: openapi.document(served, "/".join(more))),
)


def answer_aside(request: Request, resources: Resources, address: str) -> Response:
    """Answer a request whose path names no kind; `address` is the server's host and port.

    Raises:
        ApiError: 400 a body that cannot be read, 404 a version that a group does not have, 405 a write.
    """
    path = request.path.strip("/")
    if path == REVIEWS and request.method == "POST":
        return answer(201, {**_sent(request), "status": {"allowed": True}})
    if request.method not in {"GET", "HEAD"}:
        raise errors.method_not_allowed()
    if f"/{path}" in HEALTH:
        return Response(200, b"ok", TEXT)
    if path in {"api", "apis"} and discovery.wants_aggregated(request.headers.get("accept", "")):
        return answer(200, discovery.aggregated(resources, core=path == "api"), discovery.AGGREGATED)
    if path == "api":
        return answer(200, discovery.core_versions(address))
    if not path:
        return answer(200, discovery.root_paths(resources, (*HEALTH, "/openapi/v3", "/version")))
    body = _described(resources, path)
    return _unserved(resources, path) if body is None else answer(200, body)


def _sent(request: Request) -> Object:
    reads = protobuf.read if request.content_type == protobuf.CONTENT_TYPE else read_json
    try:
        sent = reads(request.body)
    except ValueError as e:
        raise errors.bad_request(str(e)) from e
    if not isinstance(sent, dict):
        raise errors.bad_request("expected an object")
    return sent


def _described(resources: Resources, path: str) -> Object | None:
    for start, least, most, describe in _PLACES:
        rest = path.removeprefix(start)
        more = rest.strip("/").split("/") if rest.strip("/") else []
        if path.startswith(start) and rest[:1] in {"", "/"} and least <= len(more) <= most:
            return describe(resources, more)
    return None


def _unserved(resources: Resources, path: str) -> Response:
    """Refuse a version that is not served; of an unknown group, or elsewhere, there is not even a Status."""
    match path.split("/"):
        case ["apis", group, _, *_] if group in discovery.groups(resources):
            raise errors.no_such_path()
        case ["api", _, *_]:
            raise errors.no_such_path()
    return NOWHERE
