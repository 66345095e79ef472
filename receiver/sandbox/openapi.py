"""As much of OpenAPI as kubectl needs to write: which kinds there are, and that a write can be validated.

It describes no fields: kubectl knows the built-in kinds itself, and `kubectl explain` is not served.
"""

import hashlib
from typing import Any

from receiver.sandbox.discovery import groups
from receiver.sandbox.exchange import written
from receiver.sandbox.resources import Resource, Resources

Object = dict[str, Any]
_INFO = {"title": "Kubernetes", "version": "1.37"}
_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation")
]


def index(resources: Resources) -> Object:
    """Return the body of `/openapi/v3`: where each version's document is, with its content's hash."""
    places = ["api/v1", *(f"apis/{g}/{v}" for g, versions in groups(resources).items() for v in versions)]
    found = {}
    for place in places:
        content = hashlib.sha256(written(document(resources, place))).hexdigest()
        found[place] = {"serverRelativeURL": f"/openapi/v3/{place}?hash={content}"}
    return {"paths": found}


def document(resources: Resources, place: str) -> Object | None:
    """Return the document of `api/v1` or `apis/GROUP/VERSION`, None where it is not served."""
    api_version = place.partition("/")[2]
    served = [each for each in resources.all() if each.api_version == api_version]
    if not served:
        return None
    paths = dict(_path(place, each) for each in sorted(served, key=lambda each: each.plural))
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths, "components": {"schemas": {}}}


def _path(place: str, resource: Resource) -> tuple[str, Object]:
    within = "namespaces/{namespace}/" if resource.namespaced else ""
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    operation = {
        "parameters": _PARAMETERS,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-group-version-kind": kind,
    }
    path = f"/{place}/{within}{resource.plural}/{{name}}"
    return path, {
        "patch": {**operation, "x-kubernetes-action": "patch"},
        "put": {**operation, "x-kubernetes-action": "put"},
    }
