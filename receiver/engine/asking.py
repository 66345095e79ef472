"""Asking: the API server tries the plan out, both its patch and a pod, and nothing is stored."""

from concurrent.futures import ThreadPoolExecutor

from receiver.cluster import podtrial
from receiver.cluster.api import Api
from receiver.cluster.errors import ClusterError, Conflict, Invalid, Unavailable
from receiver.cluster.patch import dry_run, generation_moved
from receiver.policy import preflight
from receiver.policy.plan import Plan
from receiver.policy.verdict import Verdict


def ask_server(api: Api, plan: Plan) -> Verdict:
    """Have the server try the patch and a pod out, and return its word as the verdict of `preflight`.

    Both are under way side by side, the pod in a thread of its own: a pool that is busy would be waited for.

    Raises:
        Unavailable: it did not answer.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="pod-trial") as beside:
        pod = beside.submit(_ask_of_pod, api, plan)
        patch = _ask_of_patch(api, plan)
    return preflight.joined(patch, pod.result())


def _ask_of_patch(api: Api, plan: Plan) -> Verdict:
    try:
        dry_run(api, plan)
    except Unavailable:
        raise
    except Conflict:
        return preflight.changed_meanwhile()
    except ClusterError as e:
        if isinstance(e, Invalid) and generation_moved(e):
            return preflight.changed_meanwhile()
        return preflight.not_tried(str(e)) if podtrial.cannot_try(e) else preflight.refused(str(e))
    return preflight.accepted()


def _ask_of_pod(api: Api, plan: Plan) -> Verdict:
    try:
        podtrial.try_pod(api, plan)
    except Unavailable:
        raise
    except ClusterError as e:
        if podtrial.has_no_right(e):
            return preflight.pod_not_tried("the receiver has no right to create pods, not even in a dry run")
        proves_nothing = podtrial.cannot_try(e) or (podtrial.is_over_quota(e) and not _stays_out(e, plan))
        return preflight.pod_not_tried(str(e)) if proves_nothing else preflight.pod_refused(str(e))
    return preflight.pod_accepted()


def _stays_out(error: ClusterError, plan: Plan) -> bool:
    """Tell whether a full quota stops the rollout, although it makes room by replacing pods."""
    return plan.needs_room or podtrial.never_fits(error)
