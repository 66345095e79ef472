"""The workloads of the story: released by people, and looked at."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from receiver.cluster.api import Api, path
from receiver.cluster.errors import NotFound, Unavailable
from receiver.cluster.rollout import State, rollout_status
from receiver.demo.programs import DemoError

Object = dict[str, Any]
Found = TypeVar("Found")
STRATEGIC_MERGE = "application/strategic-merge-patch+json"
REVISION = "deployment.kubernetes.io/revision"
REPLICAS = 3


@dataclass(frozen=True, slots=True)
class Shop:
    """The Deployments of one namespace. `patience_seconds` is how long a rollout may take."""

    api: Api
    namespace: str
    patience_seconds: float = 120

    def open(self, name: str, image: str) -> None:
        """Create a Deployment, and return when it is rolled out."""
        labels = {"app": name}
        container = {"name": name, "image": image}
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "replicas": REPLICAS,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
        self.api.call("POST", self._folder(), body=body)
        self.wait_rolled_out(name)

    def release(self, name: str, image: str, *, by: str = "release-pipeline") -> None:
        """Release another image, as `kubectl set image` does, and return when it is rolled out."""
        patch = {"spec": {"template": {"spec": {"containers": [{"name": name, "image": image}]}}}}
        query = {"fieldManager": by}
        self.api.call("PATCH", self._folder(name), query=query, body=patch, content_type=STRATEGIC_MERGE)
        self.wait_rolled_out(name)

    def wait_rolled_out(self, name: str) -> None:
        """Return when `kubectl rollout status` would.

        Raises:
            DemoError: it takes too long.
        """

        def rolled_out() -> bool:
            return rollout_status(self.get(name), since=datetime.now(UTC)).state is State.DONE

        wait_for(f"the rollout of Deployment {self.namespace}/{name}", rolled_out, self.patience_seconds)

    def get(self, name: str) -> Object:
        """Return the Deployment as it is."""
        return self.api.call("GET", self._folder(name))

    def image(self, name: str) -> str:
        """Return the image that it is to run."""
        return str(self.get(name)["spec"]["template"]["spec"]["containers"][0]["image"])

    def generation(self, name: str) -> int:
        """Return how often its spec, or an annotation, was changed."""
        return int(self.get(name)["metadata"]["generation"])

    def state(self, name: str) -> str:
        """Say in a line what it runs."""
        found = self.get(name)
        revision = found["metadata"]["annotations"][REVISION]
        ready = found["status"].get("readyReplicas", 0)
        runs = f"revision {revision}, {self.image(name)}, {ready}/{REPLICAS} ready"
        return f"Deployment {self.namespace}/{name}: {runs}"

    def _folder(self, *name: str) -> str:
        return path("apis", "apps", "v1", "namespaces", self.namespace, "deployments", *name)


def wait_for(what: str, condition: Callable[[], Found | None], seconds: float = 30) -> Found:
    """Return what the condition returns once it is true.

    Raises:
        DemoError: it is not within so many seconds.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            if found := condition():
                return found
        except (NotFound, Unavailable):
            if time.monotonic() > end:
                raise
        if time.monotonic() > end:
            raise DemoError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.05)
