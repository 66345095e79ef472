"""The one write to a workload: the plan's JSON patch, first as the server's own dry run, then for good."""

from receiver.cluster.api import JSON_PATCH, Api, Object
from receiver.cluster.errors import Invalid
from receiver.cluster.kinds import path_of
from receiver.policy.plan import Plan

FIELD_MANAGER = "rollback-receiver"


def dry_run(api: Api, plan: Plan) -> Object:
    """Ask the server what the patch would do: its admission and validation, nothing stored.

    Raises:
        ClusterError: as `apply`.
    """
    return _send(api, plan, {"dryRun": "All"})


def apply(api: Api, plan: Plan) -> Object:
    """Patch the workload; return it as it is now.

    A repeat after an unclear answer is harmless: the generation that the patch tests has moved on by then.

    Raises:
        Invalid: without causes, the workload is not at the generation that was judged; with causes, the
            template is refused.
        NotFound: the workload is gone.
        Unavailable: it is unclear whether the patch holds; read the workload's annotation.
    """
    return _send(api, plan, {})


def _send(api: Api, plan: Plan, query: dict[str, str]) -> Object:
    return api.call(
        "PATCH",
        path_of(plan.target),
        query={"fieldManager": FIELD_MANAGER, **query},
        body=list(plan.operations),
        content_type=JSON_PATCH,
    )


def generation_moved(error: Invalid) -> bool:
    """Tell whether a `test` of the patch failed, which the server says by giving no causes."""
    return not error.causes
