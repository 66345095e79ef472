"""The refusals, with the bodies that the real API server sends: a `Status` object."""

from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]
Cause = tuple[str, str, str]
"""Field path (`spec.replicas`), reason (`FieldValueInvalid`), message (`Invalid value: …`)."""


class ApiError(Exception):
    """A request that is refused; `status` is the body of the answer."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            **({"reason": reason} if reason else {}),
            **({} if details is None else {"details": details}),
            "code": code,
        }


def _named(plural: str, group: str) -> str:
    return f"{plural}.{group}" if group else plural


def _details(group: str, kind: str, name: str) -> Object:
    """Return details; `kind` is the plural, but for Invalid, where the real one names the kind itself."""
    found = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in found.items() if value}


def not_found(group: str, plural: str, name: str) -> ApiError:
    """No object of that name."""
    message = f'{_named(plural, group)} "{name}" not found'
    return ApiError(404, "NotFound", message, _details(group, plural, name))


def no_such_path() -> ApiError:
    """No such resource is served."""
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(group: str, plural: str, name: str) -> ApiError:
    """The name is taken."""
    message = f'{_named(plural, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(group, plural, name))


def conflict(group: str, plural: str, name: str, why: str = "") -> ApiError:
    """The object has changed since it was read."""
    why = why or (
        "the object has been modified; please apply your changes to the latest version and try again"
    )
    message = f'Operation cannot be fulfilled on {_named(plural, group)} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(group, plural, name))


def invalid(group: str, kind: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """The object breaks a rule of its kind; `kind` is the kind itself (`Deployment`)."""
    listed = [f"{field}: {message}" for field, _, message in causes]
    said = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    details = _details(group, kind, name)
    details["causes"] = [{"reason": r, "message": m, "field": f} for f, r, m in causes]
    full = f"{kind}.{group}" if group else kind
    return ApiError(422, "Invalid", f'{full} "{name}" is invalid: {said}', details)


def failed_patch() -> ApiError:
    """A JSON patch whose test fails or whose path is not there: the real one says no more either."""
    message = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", message, {})


def expired(message: str = "") -> ApiError:
    """The history no longer goes back that far."""
    said = message or "The resourceVersion for the provided list is too old."
    return ApiError(410, "Expired", said)


def bad_request(message: str) -> ApiError:
    """The request cannot be understood."""
    return ApiError(400, "BadRequest", message)


def method_not_allowed() -> ApiError:
    """The resource has no such verb."""
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def unsupported_media_type(accepted: Sequence[str]) -> ApiError:
    """The body is of no type that is understood here."""
    said = "the body of the request was in an unknown format - accepted media types include: "
    return ApiError(415, "UnsupportedMediaType", said + ", ".join(accepted))


def full() -> ApiError:
    """The sandbox holds as much as it may."""
    return ApiError(507, "InsufficientStorage", "the sandbox is full: delete something, or start it anew")
