"""A pod in the server's dry run: how it is asked, and what its refusals mean."""

import re
from decimal import Decimal

from kubernetes.utils import parse_quantity

from receiver.cluster.api import Api, path
from receiver.cluster.errors import ClusterError
from receiver.cluster.patch import FIELD_MANAGER
from receiver.policy.plan import Plan

_NO_RIGHT = re.compile(r'forbidden: User ".*" cannot create resource "pods"', re.DOTALL)
_OVER_QUOTA = re.compile(r"exceeded quota: .*?, requested: (\S+), used: \S+, limited: ([^\s(]+)")


def try_pod(api: Api, plan: Plan) -> None:
    """Ask the server whether it would take a pod of the plan's template; nothing is stored.

    That takes the right to create pods, dry run or not. It is a powerful one (a pod runs anything, as any
    service account of its namespace), so an installation may well not grant it: `has_no_right` tells.

    Raises:
        ClusterError: it would not, or cannot tell.
    """
    query = {"fieldManager": FIELD_MANAGER, "dryRun": "All"}
    folder = path("api", "v1", "namespaces", plan.target.namespace, "pods")
    api.call("POST", folder, query=query, body=plan.pod, repeatable=True)


def has_no_right(error: ClusterError) -> bool:
    """Tell whether the receiver may not create pods, which says nothing of this one."""
    return bool(_NO_RIGHT.search(str(error)))


def cannot_try(error: ClusterError) -> bool:
    """Tell whether a webhook with side effects stands in the way of any dry run."""
    return "does not support dry run" in str(error)


def is_over_quota(error: ClusterError) -> bool:
    """Tell whether a ResourceQuota has no room for one more pod."""
    return bool(_OVER_QUOTA.search(str(error)))


def never_fits(error: ClusterError) -> bool:
    """Tell whether a pod asks for more than its quota has when it is empty."""
    found = _OVER_QUOTA.search(str(error))
    if found is None:
        return False
    requested, limited = _amounts(found[1]), _amounts(found[2])
    return any(amount > limited.get(resource, amount) for resource, amount in requested.items())


def _amounts(text: str) -> dict[str, Decimal]:
    """Read `limits.cpu=2,pods=1`; none where it reads otherwise."""
    pairs = (pair.partition("=") for pair in text.split(","))
    try:
        return {resource: parse_quantity(amount) for resource, _, amount in pairs}
    except ValueError:
        return {}
