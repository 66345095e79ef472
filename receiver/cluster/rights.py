"""What the receiver must be allowed to do, and whether it is: asked of the API server itself."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from receiver.cluster.api import Api, path
from receiver.policy.record import GROUP, PLURAL
from receiver.policy.vocabulary import Kind

REVIEWS = path("apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews")
AT_A_TIME = 8
Table = tuple[tuple[str, str, str], ...]
"""API group, resource, verbs."""
OF_WORKLOADS: Table = (
    ("", "namespaces", "get"),
    ("", "pods", "get list"),
    ("", "configmaps", "get"),
    ("", "persistentvolumeclaims", "get"),
    ("", "serviceaccounts", "get"),
    ("", "events", "create"),
)
OF_KINDS: Mapping[Kind, Table] = {
    Kind.DEPLOYMENT: (("apps", "deployments", "get list patch"), ("apps", "replicasets", "get list")),
    Kind.STATEFUL_SET: (
        ("apps", "statefulsets", "get list patch"),
        ("apps", "controllerrevisions", "list"),
        ("", "pods", "delete"),
    ),
    Kind.DAEMON_SET: (("apps", "daemonsets", "get list patch"), ("apps", "controllerrevisions", "list")),
    Kind.ROLLOUT: (("argoproj.io", "rollouts", "get list patch"), ("apps", "replicasets", "get list")),
}
OF_RECORDS: Table = (
    ("", "configmaps", "create"),
    (GROUP, PLURAL, "get list create delete"),
    (GROUP, f"{PLURAL}/status", "update"),
)
OF_LEDGER: Table = (("", "configmaps", "get update"),)
"""On the ConfigMap of that name; the right to make it cannot be given by name."""
SERVICES, SECRETS = ("", "services", "get"), ("", "secrets", "get")


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a resource of an API group, or on the one of a name; in one namespace, or (None) in all."""

    verb: str
    group: str
    resource: str
    namespace: str | None
    name: str | None = None

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        what = f"{resource} {self.name}" if self.name else resource
        return f"{self.verb} {what} in {self.namespace or 'all namespaces'}"


def rights(wanted: Table, namespace: str | None, *, name: str | None = None) -> Iterator[Right]:
    """Name each right of a table in a namespace; `name` is that of the only object, None means all."""
    for group, resource, verbs in wanted:
        for verb in verbs.split():
            yield Right(verb, group, resource, namespace, name)


def of_workloads(kinds: Iterable[str]) -> Table:
    """Return the rights where workloads of these kinds are; what two kinds need is there twice."""
    return (*OF_WORKLOADS, *(row for kind in kinds for row in OF_KINDS[Kind(kind)]))


def missing(api: Api, wanted: list[Right]) -> list[Right]:
    """Return those that whoever asks does not have.

    Raises:
        ClusterError: the API server does not tell.
    """
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        allowed = list(pool.map(lambda right: _has(api, right), wanted))
    return [right for right, granted in zip(wanted, allowed, strict=True) if not granted]


def _has(api: Api, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    asked = {
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": right.namespace or "",
        "name": right.name or "",
    }
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }
    answer = api.call("POST", REVIEWS, body=review, repeatable=True)
    return bool((answer.get("status") or {}).get("allowed"))
