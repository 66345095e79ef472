"""Whose object is whose: selectors as queries, and controllers by their uid."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

Object = Mapping[str, Any]
Raw = TypeVar("Raw", bound=Object)


def label_selector(workload: Object) -> str:
    """Write a workload's selector as a query parameter."""
    selector = workload["spec"]["selector"]
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join([*terms, *(_expression(item) for item in selector.get("matchExpressions") or [])])


def _expression(item: Object) -> str:
    key, values = item["key"], ",".join(item.get("values") or [])
    operators = {
        "In": f"{key} in ({values})",
        "NotIn": f"{key} notin ({values})",
        "Exists": key,
        "DoesNotExist": f"!{key}",
    }
    return str(operators[item["operator"]])


def owned(workload: Object, objects: Iterable[Raw]) -> list[Raw]:
    """Return the objects whose controller is this workload: a like neighbour's are not."""
    uid = workload["metadata"]["uid"]
    return [raw for raw in objects if (owner := controller(raw)) and owner["uid"] == uid]


def controller(raw: Object) -> Object | None:
    """Return the reference to an object's controller, None where it has none."""
    owners = raw["metadata"].get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)
