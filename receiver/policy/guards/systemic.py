"""Guard systemic: alerts about many workloads that no rollout explains are the platform's."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from receiver.policy.bystanders import WINDOW, Bystanders
from receiver.policy.context import Context
from receiver.policy.problems import listed
from receiver.policy.times import format_age
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable, WorkloadRef

GUARD = "systemic"
_SHOWN = 3
_YOUNG = timedelta(seconds=10)
"""What was read so short a time ago is said without its age."""


class Reason(StrEnum):
    """The guard's reasons."""

    OFF = "off"
    FEW = "few_undeployed"
    MANY = "many_undeployed"


def judge(context: Context) -> Verdict:
    """Block where so many workloads had alerts that no rollout explains, this one freshly deployed or not."""
    most = context.rule.guards.systemic
    if most is None:
        return allow(GUARD, Reason.OFF, "systemic is off for the rule")
    if isinstance(context.bystanders, Unreadable):
        return cannot_tell(GUARD, context.bystanders)
    evidence = _counted(context.bystanders, most)
    if len(context.bystanders.targets) >= most:
        return block(GUARD, Reason.MANY, evidence)
    return allow(GUARD, Reason.FEW, evidence + _aged(context.bystanders.age))


def _counted(bystanders: Bystanders, most: int) -> str:
    count = len(bystanders.targets)
    workloads = "1 workload" if count == 1 else f"{count} workloads"
    named = f": {_named(bystanders.targets)}" if count else ""
    span = format_age(WINDOW)
    return (
        f"{workloads} whose trouble no rollout explains had alerts in the last {span}{named}; systemic {most}"
    )


def _named(targets: Sequence[WorkloadRef]) -> str:
    """Name the first ones, and how many more there are: `Deployment shop/a, shop/b, shop/c and 4 more`."""
    return listed(list(_names(targets)), most=_SHOWN)


def _names(targets: Sequence[WorkloadRef]) -> Iterator[str]:
    yield from map(str, targets[:1])
    for before, ref in pairwise(targets):
        yield f"{ref.namespace}/{ref.name}" if ref.kind == before.kind else str(ref)


def _aged(age: timedelta) -> str:
    return f"; the records were read {format_age(age)} ago" if age >= _YOUNG else ""
