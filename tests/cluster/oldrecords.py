"""Records that are there before the receiver looks, as earlier ones left them; they are about no workload."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.cluster import scenes
from tests.cluster.contracts import GROUP, KIND, RECORD_SPEC
from tests.cluster.receivers import timestamp
from tests.testbed.plane import Plane


@dataclass(frozen=True)
class OldRecords:
    """The records of one home. All are made now: what is old, the receiver's settings say."""

    plane: Plane
    home: str

    def create(self, name: str, phase: str = "Refused", **status: Any) -> None:
        """Create a record, last seen now."""
        body = {"apiVersion": f"{GROUP}/v1alpha1", "kind": KIND, "metadata": {"name": name}}
        made = self.plane.request("POST", self._path(), {**body, "spec": dict(RECORD_SPEC)})
        self._put(made, {"phase": phase, "lastSeenAt": timestamp(datetime.now(UTC)), **status})

    def change(self, name: str, **status: Any) -> None:
        """Change the status of a record, as somebody else does."""
        raw = self.plane.request("GET", self._path(name))
        self._put(raw, {**raw["status"], **status})

    def names(self) -> set[str]:
        """Return the names of those that are there."""
        return {raw["metadata"]["name"] for raw in scenes.records(self.plane, self.home)}

    def _put(self, raw: Mapping[str, Any], status: Mapping[str, Any]) -> None:
        path = f"{self._path(raw['metadata']['name'])}/status"
        self.plane.request("PUT", path, {**raw, "status": dict(status)})

    def _path(self, name: str = "") -> str:
        return f"{scenes.path_of_records(self.home)}/{name}".rstrip("/")
