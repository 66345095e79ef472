"""As much of RFC 6902 as the plan's patch needs, and as strict as the API server: a second opinion."""

import copy
from collections.abc import Iterable, Mapping
from typing import Any


class PatchConflict(Exception):
    """A `test` failed: the whole patch is refused."""


def apply_patch(document: Mapping[str, Any], operations: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the document patched; the one that was given stays as it is."""
    patched = copy.deepcopy(dict(document))
    for operation in operations:
        _apply(patched, operation)
    return patched


def _apply(document: dict[str, Any], operation: Mapping[str, Any]) -> None:
    *way, key = [step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]]
    parent = document
    for step in way:
        parent = parent[step]
    match operation["op"]:
        case "test":
            if key not in parent or parent[key] != operation["value"]:
                raise PatchConflict(operation["path"])
        case "replace":
            if key not in parent:
                raise PatchConflict(operation["path"])
            parent[key] = operation["value"]
        case "add":
            parent[key] = operation["value"]
        case other:
            raise AssertionError(other)
