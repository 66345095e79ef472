"""Workloads for the controllers' tests, defaulted as the API server would, and a loop that runs by hand."""

from datetime import timedelta
from typing import Any

from receiver.sandbox.clock import Clock
from receiver.sandbox.controllers import namespaces
from receiver.sandbox.controllers.loop import Loop
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.resources import (
    DAEMON_SETS,
    DEPLOYMENTS,
    PODS,
    STATEFUL_SETS,
    Resource,
    Resources,
)
from receiver.sandbox.store import Store

Object = dict[str, Any]
NAMESPACE = "default"


class Cluster:
    """A store with its controllers, which work only when `settle` is called."""

    def __init__(self, *, behind: timedelta = timedelta(days=30)) -> None:
        self.clock = Clock(behind=behind)
        self.store = Store(self.clock)
        self.resources = Resources()
        namespaces.seed(self.store)
        self.loop = Loop(Work(self.store, self.resources))
        self.settle()

    def settle(self, *, within: timedelta = timedelta(seconds=1)) -> None:
        """Let the controllers work until nothing is to be done within that time, which passes at once."""
        left = within
        while True:
            wait = self.loop.step()
            if wait is None or wait > left:
                return
            self.clock.advance(wait)
            left -= wait

    def change(self, resource: Resource, name: str, **spec: Any) -> Object:
        return self.store.change(
            resource, NAMESPACE, name, lambda old: {**old, "spec": {**old["spec"], **spec}}
        )

    def set_image(self, resource: Resource, name: str, image: str) -> Object:
        return self.change(resource, name, template=template(name, image))

    def get(self, resource: Resource, name: str) -> Object:
        return self.store.get(resource, NAMESPACE, name)

    def all(self, resource: Resource) -> list[Object]:
        return self.store.list(resource, NAMESPACE)[0]

    def images(self) -> dict[str, list[str]]:
        """Return the pods' names by image."""
        found: dict[str, list[str]] = {}
        for pod in self.all(PODS):
            found.setdefault(pod["spec"]["containers"][0]["image"], []).append(pod["metadata"]["name"])
        return found

    def create(self, resource: Resource, name: str, **spec: Any) -> Object:
        own = {DEPLOYMENTS.key: DEPLOYMENT, STATEFUL_SETS.key: STATEFUL_SET, DAEMON_SETS.key: DAEMON_SET}
        body = {
            "apiVersion": "apps/v1",
            "kind": resource.kind,
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {
                **own[resource.key],
                "selector": {"matchLabels": {"app": name}},
                "template": template(name, "shop/web:1"),
                **spec,
            },
            "status": {},
        }
        return self.store.create(resource, body)


DEPLOYMENT: Object = {
    "replicas": 2,
    "revisionHistoryLimit": 10,
    "progressDeadlineSeconds": 600,
    "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
}
STATEFUL_SET: Object = {
    "replicas": 2,
    "serviceName": "db",
    "revisionHistoryLimit": 10,
    "podManagementPolicy": "OrderedReady",
    "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}},
}
DAEMON_SET: Object = {
    "revisionHistoryLimit": 10,
    "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
}


def template(name: str, image: str) -> Object:
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": image, "resources": {}}], "restartPolicy": "Always"},
    }


def condition(obj: Object, type_: str) -> Object:
    return next(each for each in obj["status"]["conditions"] if each["type"] == type_)
