"""What is always in sight: the mode, the kill switch, and the budget of which least is left."""

from datetime import timedelta

import pytest

from receiver.policy.ledger import Ledger, Pause, Spending
from receiver.policy.overview import overlook, remaining_by_rule
from receiver.policy.rules import Budget, Mode, Ruleset
from receiver.policy.vocabulary import Over
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.policy.builders import NOW, rule

HOUR = timedelta(hours=1)


def spent(*targets: tuple[str, str], age: timedelta = timedelta(0)) -> tuple[Spending, ...]:
    return tuple(
        Spending(f"r-{n}", WorkloadRef("Deployment", namespace, "web"), of, NOW - age)
        for n, (namespace, of) in enumerate(targets)
    )


def limited(over: str, most: int = 3, name: str = "errors", mode: Mode = Mode.AUTO) -> Ruleset:
    return Ruleset((rule(name, mode=mode, budget=Budget(max=most, per=HOUR, over=Over(over))),))


@pytest.mark.parametrize(
    ("over", "left", "shown"),
    [
        pytest.param("cluster", 0, "0 of 3 rollbacks left per 1h", id="cluster"),
        pytest.param("namespace", 1, "1 of 3 rollbacks left per 1h (namespace shop)", id="namespace"),
        pytest.param("rule", 0, "0 of 3 rollbacks left per 1h (rule errors)", id="rule"),
        pytest.param("target", 1, "1 of 3 rollbacks left per 1h (Deployment shop/web)", id="target"),
    ],
)
def test_budget_is_shown_where_most_of_it_is_spent(over: str, left: int, shown: str) -> None:
    ledger = Ledger(spent(("shop", "errors"), ("shop", "errors"), ("pay", "errors"), ("docs", "errors")))

    remaining = overlook(ledger, limited(over), mode=Mode.AUTO, now=NOW).remaining

    assert remaining is not None
    assert (remaining.left, str(remaining)) == (left, shown)


def test_what_is_older_than_the_window_is_not_counted() -> None:
    ledger = Ledger(spent(("shop", "errors"), age=HOUR))

    remaining = overlook(ledger, limited("cluster"), mode=Mode.AUTO, now=NOW).remaining

    assert remaining is not None
    assert remaining.left == 3


def test_the_tightest_budget_of_all_rules_is_shown() -> None:
    rules = several(limited("cluster", 9, "wide"), limited("cluster", 2, "narrow"))

    remaining = overlook(Ledger(spent(("shop", "wide"))), rules, mode=Mode.AUTO, now=NOW).remaining

    assert remaining is not None
    assert (remaining.left, remaining.budget.max) == (1, 2)


def several(*rules: Ruleset) -> Ruleset:
    return Ruleset(tuple(rule for each in rules for rule in each.rules))


@pytest.mark.parametrize(
    ("tried", "mode", "shown"),
    [
        pytest.param(Mode.DRY_RUN, Mode.AUTO, "6 of 10 rollbacks left per 1h", id="a rule in dry-run"),
        pytest.param(Mode.OFF, Mode.AUTO, "6 of 10 rollbacks left per 1h", id="a rule that is off"),
        pytest.param(Mode.APPROVE, Mode.AUTO, "0 of 3 rollbacks left per 1h (rule tried)", id="approve"),
        pytest.param(Mode.AUTO, Mode.APPROVE, "0 of 3 rollbacks left per 1h (rule tried)", id="auto"),
        pytest.param(Mode.DRY_RUN, Mode.DRY_RUN, "0 of 3 rollbacks left per 1h (rule tried)", id="none acts"),
        pytest.param(Mode.OFF, Mode.DRY_RUN, "6 of 10 rollbacks left per 1h", id="none acts, one is off"),
    ],
)
def test_only_budgets_of_rules_that_may_act_are_shown(tried: Mode, mode: Mode, shown: str) -> None:
    """That of a rule on trial says nothing of what goes on, except where all are on trial."""
    wide = (limited("cluster", 10, name) for name in ("errors", "slow"))
    rules = several(limited("cluster", 3, "tried", tried), *wide)
    ledger = Ledger(spent(*[("shop", "errors")] * 4))

    assert str(overlook(ledger, rules, mode=mode, now=NOW).remaining) == shown


@pytest.mark.parametrize(
    ("over", "shown"),
    [
        pytest.param("cluster", "2 of 3 rollbacks left per 1h (rule errors)", id="cluster"),
        pytest.param(
            "namespace", "2 of 3 rollbacks left per 1h (namespace shop, rule errors)", id="namespace"
        ),
        pytest.param("rule", "2 of 3 rollbacks left per 1h (rule errors)", id="rule"),
    ],
)
def test_budget_that_not_all_rules_share_names_its_rule(over: str, shown: str) -> None:
    rules = several(Ruleset((rule("free", mode=Mode.AUTO, budget=None),)), limited(over))

    seen = overlook(Ledger(spent(("shop", "errors"))), rules, mode=Mode.AUTO, now=NOW)

    assert str(seen.remaining) == shown


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(Ruleset(), id="no rules"),
        pytest.param(Ruleset((rule(budget=None),)), id="a rule without one"),
        pytest.param(limited("cluster", mode=Mode.OFF), id="a rule that is off"),
    ],
)
def test_no_budget_is_none(rules: Ruleset) -> None:
    assert overlook(Ledger(), rules, mode=Mode.AUTO, now=NOW).remaining is None


def test_pause_and_runbooks_are_passed_on() -> None:
    pause = Pause(NOW, "Kim", "an incident")
    documented = rule("a").model_copy(update={"runbook_url": "https://runbooks.example/a"})
    rules = Ruleset((documented, rule("b")))

    seen = overlook(Ledger(pause=pause), rules, mode=Mode.DRY_RUN, now=NOW)

    assert (seen.mode, seen.pause, seen.unreadable) == (Mode.DRY_RUN, pause, None)
    assert (seen.rules, seen.runbooks) == (("a", "b"), {"a": "https://runbooks.example/a"})


def test_ledger_that_cannot_be_read_says_so_and_hides_nothing_else() -> None:
    seen = overlook(Unreadable("the ledger", "ValueError"), limited("cluster"), mode=Mode.AUTO, now=NOW)

    assert seen.unreadable == "cannot read the ledger: ValueError"
    assert (seen.pause, seen.remaining, seen.rules) == (None, None, ("errors",))


def test_budget_of_a_rule_that_may_not_act_is_not_told() -> None:
    """An alert would say that the rule rolls nothing back any more, and it never did."""
    rules = several(*(limited("cluster", name=mode.value, mode=mode) for mode in Mode))

    assert set(remaining_by_rule(Ledger(), rules, now=NOW)) == {"approve", "auto"}


def test_each_rules_own_budget_is_told_beside_the_others() -> None:
    """That of a rule counts its own rollbacks alone, where the budget is over the rule."""
    off, free = limited("cluster", name="off", mode=Mode.OFF), Ruleset((rule("free", budget=None),))
    some = (limited("rule", 3, "errors"), limited("rule", 3, "slow"), limited("cluster", 9, "all"))
    rules = several(*some, off, free)
    ledger = Ledger(spent(("shop", "errors"), ("pay", "errors"), ("shop", "slow")))

    left = {name: one.left for name, one in remaining_by_rule(ledger, rules, now=NOW).items()}

    assert left == {"errors": 1, "slow": 2, "all": 6}
