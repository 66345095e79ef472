"""The kinds that are served: the built-in ones, and those that a CustomResourceDefinition adds."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Object = dict[str, Any]
Key = tuple[str, str]
"""Group and plural."""


class Generation(Enum):
    """What moves an object's generation."""

    NEVER = "never"
    SPEC = "spec"
    SPEC_AND_ANNOTATIONS = "spec and annotations"
    ALL_BUT_METADATA = "everything but metadata and status"


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind under one version. `custom` is the version's entry in its CRD, None for a built-in kind."""

    group: str
    version: str
    plural: str
    kind: str
    singular: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: frozenset[str] = frozenset()
    generation: Generation = Generation.NEVER
    custom: Object | None = field(default=None, compare=False, hash=False)

    @property
    def key(self) -> Key:
        """Return what tells kinds apart, whatever the version."""
        return (self.group, self.plural)

    @property
    def api_version(self) -> str:
        """Return what an object of it carries as apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        """Return the kind of a list of it."""
        return f"{self.kind}List"


def _core(plural: str, kind: str, *short_names: str, **options: Any) -> Resource:
    return Resource("", "v1", plural, kind, kind.lower(), short_names=short_names, **options)


def _workload(plural: str, kind: str, short: str, generation: Generation = Generation.SPEC) -> Resource:
    subresources = {"status"} if kind == "DaemonSet" else {"status", "scale"}
    return Resource(
        "apps",
        "v1",
        plural,
        kind,
        kind.lower(),
        short_names=(short,),
        categories=("all",),
        subresources=frozenset(subresources),
        generation=generation,
    )


STATUS = frozenset({"status"})
NAMESPACES = _core("namespaces", "Namespace", "ns", namespaced=False, subresources=STATUS)
NODES = _core("nodes", "Node", "no", namespaced=False, subresources=STATUS)
PODS = _core("pods", "Pod", "po", categories=("all",), subresources=STATUS, generation=Generation.SPEC)
CONFIG_MAPS = _core("configmaps", "ConfigMap", "cm")
SECRETS = _core("secrets", "Secret")
SERVICE_ACCOUNTS = _core("serviceaccounts", "ServiceAccount", "sa")
SERVICES = _core("services", "Service", "svc", categories=("all",), subresources=STATUS)
VOLUME_CLAIMS = _core("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", subresources=STATUS)
EVENTS = _core("events", "Event", "ev")
DEPLOYMENTS = _workload("deployments", "Deployment", "deploy", Generation.SPEC_AND_ANNOTATIONS)
REPLICA_SETS = _workload("replicasets", "ReplicaSet", "rs")
STATEFUL_SETS = _workload("statefulsets", "StatefulSet", "sts")
DAEMON_SETS = _workload("daemonsets", "DaemonSet", "ds")
CONTROLLER_REVISIONS = Resource(
    "apps", "v1", "controllerrevisions", "ControllerRevision", "controllerrevision"
)
DEFINITIONS = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    "customresourcedefinition",
    namespaced=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    subresources=STATUS,
    generation=Generation.SPEC,
)
BUILT_IN = (
    NAMESPACES,
    NODES,
    PODS,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    VOLUME_CLAIMS,
    EVENTS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    DAEMON_SETS,
    CONTROLLER_REVISIONS,
    DEFINITIONS,
)


class Resources:
    """What is served now."""

    def __init__(self, built_in: Iterable[Resource] = BUILT_IN) -> None:
        self._lock = threading.Lock()
        self._all = {(each.group, each.version, each.plural): each for each in built_in}

    def all(self) -> tuple[Resource, ...]:
        """Return every resource."""
        with self._lock:
            return tuple(self._all.values())

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource that is served there, None if there is none."""
        with self._lock:
            return self._all.get((group, version, plural))

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource of an object, by what it carries; None if it is not served."""
        return next((r for r in self.all() if (r.api_version, r.kind) == (api_version, kind)), None)

    def replace_custom(self, group: str, plural: str, served: Iterable[Resource]) -> None:
        """Serve these versions of a custom kind, and no others; none removes the kind."""
        with self._lock:
            kept = {k: r for k, r in self._all.items() if r.custom is None or r.key != (group, plural)}
            self._all = kept | {(r.group, r.version, r.plural): r for r in served}
