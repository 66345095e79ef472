"""Label selectors and field selectors: which objects a list, a watch or a controller means."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from receiver.sandbox import errors
from receiver.sandbox.resources import EVENTS, NAMESPACES, NODES, PODS, SECRETS, Resource

Object = dict[str, Any]
Test = Callable[[Object], bool]
_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)\s*(?P<gone>[\w./-]+)"
    r"|(?P<set>[\w./-]+)\s+(?P<word>in|notin)\s*\((?P<values>[^)]*)\)"
    r"|(?P<key>[\w./-]+)\s*(?P<sign>==|!=|=)\s*(?P<value>[\w.-]*)"
    r"|(?P<present>[\w./-]+))\s*(?:,|$)"
)
_SELECTABLE = {
    PODS.key: (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
    ),
    EVENTS.key: (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    NAMESPACES.key: ("status.phase",),
    NODES.key: ("spec.unschedulable",),
    SECRETS.key: ("type",),
}


def matches(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Tell whether labels agree with a LabelSelector; None agrees with none, an empty one with all."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expressed(each["key"], each["operator"], each.get("values") or [], labels)
        for each in selector.get("matchExpressions") or []
    )


def label_test(text: str) -> Test:
    """Read a `labelSelector` parameter: `app=web,tier in (a,b),!canary`.

    Raises:
        ApiError: 400.
    """
    wanted: list[tuple[str, str, list[str]]] = []
    at = 0
    while at < len(text):
        found = _REQUIREMENT.match(text, at)
        if found is None:
            raise errors.bad_request(f"unable to parse requirement: {text[at:]!r}")
        wanted.append(_requirement(found))
        at = found.end()
    return lambda obj: all(_expressed(*each, obj["metadata"].get("labels") or {}) for each in wanted)


def field_test(resource: Resource, text: str) -> Test:
    """Read a `fieldSelector` parameter: `metadata.name=web,status.phase!=Running`.

    Raises:
        ApiError: 400 the text cannot be read, or the kind cannot be selected by that field.
    """
    wanted: list[tuple[str, bool, str]] = []
    for part in filter(None, text.split(",")):
        name, sign, value = re.match(r"([^=!]*)(==|!=|=)?(.*)", part).groups()  # type: ignore[union-attr]
        if not sign:
            raise errors.bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        if name not in selectable(resource):
            raise errors.bad_request(_unselectable(resource, name))
        wanted.append((name, sign != "!=", value))
    return lambda obj: all((_field(obj, name) == value) is equal for name, equal, value in wanted)


def selectable(resource: Resource) -> tuple[str, ...]:
    """Return the fields by which objects of a kind can be selected."""
    own = _SELECTABLE.get(resource.key, ())
    if resource.custom is not None:
        own = tuple(each["jsonPath"].lstrip(".") for each in resource.custom.get("selectableFields") or [])
    return ("metadata.name", *(("metadata.namespace",) if resource.namespaced else ()), *own)


def _unselectable(resource: Resource, name: str) -> str:
    if resource.key in _SELECTABLE or resource.custom is not None:
        return f"field label not supported: {name}"
    known = ", ".join(f'"{each}"' for each in selectable(resource))
    return f'"{name}" is not a known field selector: only {known}'


def _requirement(found: re.Match[str]) -> tuple[str, str, list[str]]:
    if found["absent"]:
        return found["gone"], "DoesNotExist", []
    if found["present"]:
        return found["present"], "Exists", []
    if found["word"]:
        values = [each.strip() for each in found["values"].split(",")]
        return found["set"], "In" if found["word"] == "in" else "NotIn", values
    return found["key"], "NotIn" if found["sign"] == "!=" else "In", [found["value"]]


def _expressed(key: str, operator: str, values: list[str], labels: Mapping[str, str]) -> bool:
    match operator:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise ValueError(f"unknown operator {operator!r}")


def _field(obj: Object, path: str) -> str:
    value: Any = obj
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return "false" if path == "spec.unschedulable" else ""
    return str(value).lower() if isinstance(value, bool) else str(value)
