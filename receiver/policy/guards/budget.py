"""Guard budget: at most so many rollbacks in a window, over the cluster, a namespace, a rule or a target."""

from enum import StrEnum

from receiver.policy.context import Context
from receiver.policy.ledger import Spending
from receiver.policy.times import format_age
from receiver.policy.verdict import Verdict, allow, block, cannot_tell
from receiver.policy.workload import Unreadable

GUARD = "budget"


class Reason(StrEnum):
    """The guard's reasons."""

    OFF = "off"
    WITHIN = "within_budget"
    SPENT = "budget_spent"


def judge(context: Context) -> Verdict:
    """Block when the window holds `max` rollbacks, Pending ones included, besides this record's own."""
    budget = context.rule.guards.budget
    if budget is None:
        return allow(GUARD, Reason.OFF, "the rule has no budget")
    if isinstance(context.ledger, Unreadable):
        return cannot_tell(GUARD, context.ledger)
    own = Spending(context.record, context.workload.ref, context.rule.name, context.now)
    spent = [
        spending
        for spending in context.ledger.spendings
        if spending.record != context.record
        and spending.at > context.now - budget.per
        and spending.where(budget.over) == own.where(budget.over)
    ]
    evidence = (
        f"{len(spent)} of {budget.max} rollbacks in the last {format_age(budget.per)} over {budget.over}"
    )
    if len(spent) >= budget.max:
        return block(GUARD, Reason.SPENT, evidence)
    return allow(GUARD, Reason.WITHIN, evidence)
