"""The ControllerRevisions of StatefulSets and DaemonSets: what their templates were, in order."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from receiver.sandbox.controllers.work import Work
from receiver.sandbox.controllers.writes import claim, create, digest, named, put, reference, remove
from receiver.sandbox.errors import ApiError
from receiver.sandbox.resources import CONTROLLER_REVISIONS

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class History:
    """`present` is the revision of the template as it is, `others` the rest by number, lowest first."""

    present: Object
    others: list[Object]
    collisions: int

    def named(self, name: str | None) -> Object:
        """Return the revision of a name, or the present one if it is no more."""
        return next((each for each in self.others if each["metadata"]["name"] == name), self.present)


def record(work: Work, owner: Object, *, label: str) -> History:
    """Return the history of a workload, with its present template in it under the highest number.

    A template that was recorded before is not recorded again: its revision's number is raised.
    """
    # kubectl compares the bytes, in which the real ones have their keys in order.
    data = _in_order({"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}})
    revisions = sorted(claim(work, owner, CONTROLLER_REVISIONS), key=_order)
    collisions = (owner.get("status") or {}).get("collisionCount", 0)
    same = [each for each in revisions if each["data"] == data]
    others = [each for each in revisions if not same or each is not same[-1]]
    number = max((each["revision"] for each in others), default=0) + 1
    if same:
        raised = {**same[-1], "revision": max(number, same[-1]["revision"])}
        return History(put(work, CONTROLLER_REVISIONS, same[-1], raised), others, collisions)
    present, collisions = _create(work, owner, label, {"data": data, "revision": number}, collisions)
    return History(present, others, collisions)


def truncate(work: Work, owner: Object, history: History, live: Collection[str], *, spare_live: bool) -> None:
    """Delete the lowest revisions beyond the limit, but none whose name is live.

    `spare_live` says whether the live ones count within the limit.
    """
    dead = [each for each in history.others if each["metadata"]["name"] not in live]
    counted = history.others if spare_live else dead
    for each in dead[: max(len(counted) - owner["spec"].get("revisionHistoryLimit", 10), 0)]:
        remove(work, CONTROLLER_REVISIONS, each)


def template_of(revision: Object) -> Object:
    """Return the template that a revision recorded."""
    template = revision["data"]["spec"]["template"]
    return {key: value for key, value in template.items() if key != "$patch"}


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(each) for each in value] if isinstance(value, list) else value


def _order(revision: Object) -> tuple[int, str, str]:
    metadata = revision["metadata"]
    return revision["revision"], metadata["creationTimestamp"], metadata["name"]


def _create(work: Work, owner: Object, label: str, content: Object, collisions: int) -> tuple[Object, int]:
    ending = digest(content["data"], collisions)
    metadata = {
        "name": named(owner, ending),
        "namespace": owner["metadata"]["namespace"],
        "labels": {**owner["spec"]["template"]["metadata"]["labels"], label: ending},
        "ownerReferences": [reference(owner)],
    }
    annotations = owner["metadata"].get("annotations")
    if annotations:
        metadata["annotations"] = annotations
    made = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata, **content}
    try:
        return create(work, CONTROLLER_REVISIONS, made), collisions
    except ApiError as e:
        if e.code != 409:
            raise
        return _create(work, owner, label, content, collisions + 1)
