"""The guards, in the order in which their verdicts are shown.

Each is one small module with `GUARD`, its name, and `judge(context) -> Verdict`: pure, never an exception,
and blocking wherever it cannot tell.
"""

from receiver.policy.context import Context
from receiver.policy.guards import (
    barrier,
    blame,
    budget,
    cooldown,
    firing,
    flip_flop,
    gitops,
    history,
    paused,
    preflight,
    schedule,
    scope,
    settled,
    stale,
    systemic,
    target,
    workload_paused,
)
from receiver.policy.targets import TargetFault
from receiver.policy.verdict import Verdict, block, not_judged

GUARDS = (
    target,
    firing,
    paused,
    scope,
    workload_paused,
    blame,
    systemic,
    cooldown,
    budget,
    flip_flop,
    settled,
    history,
    barrier,
    gitops,
    stale,
    schedule,
    preflight,
)
NAMES = tuple(guard.GUARD for guard in GUARDS)


def judge_all(context: Context) -> tuple[Verdict, ...]:
    """Run every guard; none of them stops the next."""
    return tuple(guard.judge(context) for guard in GUARDS)


def judge_without_target(fault: TargetFault) -> tuple[Verdict, ...]:
    """Return the verdicts where there is no workload: `target` blocks, the others have nothing to judge."""
    blocked = block(target.GUARD, fault.reason, fault.evidence)
    return (blocked, *(not_judged(name, "no workload to judge") for name in NAMES if name != target.GUARD))
