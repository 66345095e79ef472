"""The scale subresource: a workload's replica count as an `autoscaling/v1` Scale, and back."""

from typing import Any

from receiver.sandbox import errors
from receiver.sandbox.resources import Resource

Object = dict[str, Any]
SCALE = Resource("autoscaling", "v1", "scales", "Scale", "scale")
_OWN = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
_BUILT_IN = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}


def scale_of(resource: Resource, obj: Object) -> Object:
    """Return an object's Scale; a count of 0 is left out of its spec, as the real one does."""
    paths = _paths(resource)
    wanted = _at(obj, paths["specReplicasPath"]) or 0
    status: Object = {"replicas": _at(obj, paths["statusReplicasPath"]) or 0}
    if selector := _selector(resource, obj):
        status["selector"] = selector
    metadata = {key: obj["metadata"][key] for key in _OWN if key in obj["metadata"]}
    head = {"kind": SCALE.kind, "apiVersion": SCALE.api_version, "metadata": metadata}
    return {**head, "spec": {"replicas": wanted} if wanted else {}, "status": status}


def scaled(resource: Resource, obj: Object, scale: Object) -> Object:
    """Return the object with the count, and the version, of its new Scale.

    Raises:
        ApiError: 422 the count is no whole number from 0 on.
    """
    wanted = (scale.get("spec") or {}).get("replicas") or 0
    if not isinstance(wanted, int) or wanted < 0:
        why = f"Invalid value: {wanted}: must be greater than or equal to 0"
        cause = ("spec.replicas", "FieldValueInvalid", why)
        raise errors.invalid(SCALE.group, SCALE.kind, obj["metadata"]["name"], [cause])
    version = scale["metadata"].get("resourceVersion") or obj["metadata"]["resourceVersion"]
    steps = _paths(resource)["specReplicasPath"].strip(".").split(".")
    new = _with(obj, steps, wanted)
    return {**new, "metadata": {**new["metadata"], "resourceVersion": version}}


def _paths(resource: Resource) -> dict[str, str]:
    if resource.custom is None:
        return _BUILT_IN
    return dict(resource.custom["subresources"]["scale"])


def _selector(resource: Resource, obj: Object) -> str:
    if resource.custom is not None:
        return str(_at(obj, _paths(resource).get("labelSelectorPath", "")) or "")
    return written_selector((obj.get("spec") or {}).get("selector") or {})


def written_selector(selector: Object) -> str:
    """Write a LabelSelector object as a `labelSelector` parameter."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for each in selector.get("matchExpressions") or []:
        key, values = each["key"], ",".join(sorted(each.get("values") or []))
        match each["operator"]:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case _:
                parts.append(f"!{key}")
    return ",".join(parts)


def _at(obj: Object, path: str) -> Any:
    value: Any = obj
    for step in path.strip(".").split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _with(obj: Object, steps: list[str], value: Any) -> Object:
    first, *rest = steps
    return {**obj, first: _with(obj.get(first) or {}, rest, value) if rest else value}
