"""The rules of the built-in kinds that people run into, in the real server's words. Not all of Kubernetes.

Given objects with their types checked and defaults filled in (`structs`, `defaults`). The rules of a custom
kind are its schema's (`schemas`); for its metadata they are here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from receiver.sandbox import errors, naming, templates, workloads
from receiver.sandbox.errors import Cause
from receiver.sandbox.naming import invalid, required
from receiver.sandbox.resources import Resource

Object = Mapping[str, Any]
LABELS = ("StatefulSet", "Service", "Namespace")
IMMUTABLE = "field is immutable"
KEY = r"[-._a-zA-Z0-9]+"
BAD_KEY = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
    f"'KEY_NAME',  or 'key-name', regex used for validation is '{KEY}')"
)
FREE = ("image", "imagePullPolicy")
POD_FIXED = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
    "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
    "previously negative)"
)


def check(resource: Resource, new: Object, old: Object | None = None) -> None:
    """Refuse what the kind's rules do not allow. `old` is None for a new object.

    Raises:
        ApiError: 422 with every cause.
    """
    causes = list(metadata(resource, new["metadata"]))
    if not resource.custom:
        causes += RULES.get(resource.kind, _anything)(new)
        causes += [] if old is None else _changes(resource.kind, new, old)
    refuse(resource, new, causes)


def refuse(resource: Resource, obj: Object, causes: Sequence[Cause]) -> None:
    """Refuse the object if there is a cause.

    Raises:
        ApiError: 422.
    """
    if causes:
        raise errors.invalid(resource.group, resource.kind, obj["metadata"].get("name", ""), causes)


def metadata(resource: Resource, found: Object) -> Iterator[Cause]:
    """Yield what is wrong with an object's metadata."""
    rule = naming.label if resource.kind in LABELS and not resource.custom else naming.subdomain
    for field in ("generateName", "name"):
        text = found.get(field, "")
        if text:
            # What is generated is put behind it, so it may end as no name may.
            checked = f"{text}x" if field == "generateName" else text
            yield from (invalid(f"metadata.{field}", text, why) for why in rule(checked))
    if not found.get("name") and not found.get("generateName"):
        yield required("metadata.name", "name or generateName is required")
    yield from naming.labels(found.get("labels") or {}, "metadata.labels")
    yield from naming.annotations(found.get("annotations") or {}, "metadata.annotations")
    yield from _owners(found.get("ownerReferences") or [])
    for i, finalizer in enumerate(found.get("finalizers") or []):
        if "/" not in finalizer and finalizer not in {"foregroundDeletion", "orphan", "kubernetes"}:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield invalid(f"metadata.finalizers[{i}]", finalizer, why)


def _owners(owners: Sequence[Object]) -> Iterator[Cause]:
    for i, owner in enumerate(owners):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                yield required(f"metadata.ownerReferences[{i}].{field}", "must not be empty")


def _anything(_: Object) -> Iterator[Cause]:
    yield from ()


def _pod(obj: Object) -> Iterator[Cause]:
    yield from templates.pod_spec(obj["spec"], "spec")


def _keys(obj: Object) -> Iterator[Cause]:
    for key in obj.get("data") or {}:
        if not re.fullmatch(KEY, key):
            yield invalid(f"data[{key}]", key, BAD_KEY)


def _service(obj: Object) -> Iterator[Cause]:
    spec = obj["spec"]
    if not spec.get("ports") and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")


def _revision(obj: Object) -> Iterator[Cause]:
    if obj.get("data") is None:
        yield required("data", "data is mandatory")


def _definition(obj: Object) -> Iterator[Cause]:
    spec, name = obj["spec"], obj["metadata"].get("name", "")
    names, versions = spec["names"], spec.get("versions") or []
    if name != f"{names.get('plural', '')}.{spec.get('group', '')}":
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')
    yield from (required(f"spec.{field}") for field in ("group", "scope") if not spec.get(field))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        yield invalid("spec.versions", None, "must have exactly one version marked as storage version")
    for i, version in enumerate(versions):
        if not (version.get("schema") or {}).get("openAPIV3Schema"):
            yield required(f"spec.versions[{i}].schema.openAPIV3Schema")
    for field in ("plural", "singular", "kind", "listKind"):
        if not names.get(field):
            yield required(f"spec.names.{field}")


def _changes(kind: str, new: Object, old: Object) -> Iterator[Cause]:
    """Yield what may not be changed."""
    for path in FIXED.get(kind, ()):
        before, after = _at(old, path), _at(new, path)
        if before != after:
            yield invalid(path, after, IMMUTABLE)
    if kind == "Pod" and _fixed(new["spec"]) != _fixed(old["spec"]):
        yield "spec", "FieldValueForbidden", POD_FIXED


def _at(obj: Any, path: str) -> Any:
    for part in path.split("."):
        obj = (obj or {}).get(part)
    return obj


def _fixed(spec: Object) -> Object:
    """Return the part of a pod's spec that cannot be changed."""
    changeable = {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"}
    lists = {
        key: [{k: v for k, v in item.items() if k not in FREE} for item in spec[key]]
        for key in ("containers", "initContainers")
        if key in spec
    }
    return {key: value for key, value in {**spec, **lists}.items() if key not in changeable}


FIXED: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("spec.selector",),
    "ReplicaSet": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "StatefulSet": (
        *("spec.serviceName", "spec.selector", "spec.podManagementPolicy", "spec.volumeClaimTemplates"),
    ),
    "CustomResourceDefinition": ("spec.group", "spec.scope", "spec.names.kind"),
    "Secret": ("type",),
}


def _event(event: Object) -> Iterator[Cause]:
    place = (event.get("involvedObject") or {}).get("namespace", "")
    if place and place != event["metadata"].get("namespace"):
        yield invalid("involvedObject.namespace", place, "does not match event.namespace")


RULES: Mapping[str, Callable[[Object], Iterator[Cause]]] = {
    "Deployment": workloads.deployment,
    "ReplicaSet": workloads.workload,
    "StatefulSet": workloads.stateful_set,
    "DaemonSet": workloads.daemon_set,
    "Pod": _pod,
    "ConfigMap": _keys,
    "Secret": _keys,
    "Service": _service,
    "ControllerRevision": _revision,
    "Event": _event,
    "CustomResourceDefinition": _definition,
}
