"""Objects as a Table, which is what kubectl prints. It only reads objects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from receiver.sandbox.builtincolumns import BUILT_IN
from receiver.sandbox.columns import AGE, NAME, Column, custom
from receiver.sandbox.resources import Resource

Object = dict[str, Any]


def wants_table(accept: str) -> bool:
    """Tell whether a client would rather have a Table."""
    return any(
        {"as=Table", "v=v1", "g=meta.k8s.io"} <= set(each.replace(" ", "").split(";"))
        for each in accept.split(",")
    )


def table(
    resource: Resource,
    objects: Sequence[Object],
    *,
    now: datetime,
    metadata: Object,
    include: str = "",
    headed: bool = True,
) -> Object:
    """Return the objects as a Table.

    `include` is None, Metadata or Object: how much of its object a row carries. Without `headed` the columns
    are not told, as in a watch after its first event.
    """
    chosen = BUILT_IN.get(resource.key, (NAME, AGE)) if resource.custom is None else custom(resource)
    told = [
        {"name": c.name, "type": c.type, "format": c.format, "description": "", "priority": c.priority}
        for c in chosen
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": told if headed else None,
        "rows": [_row(resource, chosen, obj, now, include) for obj in objects],
    }


def _row(resource: Resource, chosen: Sequence[Column], obj: Object, now: datetime, include: str) -> Object:
    row: Object = {"cells": [each.cell(obj, now) for each in chosen]}
    if include == "Object":
        row["object"] = {**obj, "kind": resource.kind, "apiVersion": resource.api_version}
    elif include != "None":
        head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        row["object"] = {**head, "metadata": obj["metadata"]}
    return row
