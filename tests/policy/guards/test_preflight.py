"""Guard preflight: what the chosen revision needs is there, gone, or nobody can tell."""

from typing import Any

import pytest

from receiver.policy.decision import Decision, Match, Snapshot, unseen
from receiver.policy.guards import preflight
from receiver.policy.inventory import Inventory, Seen, State
from receiver.policy.needs import Item, ItemKind
from receiver.policy.rules import Rollback, Rule, To
from receiver.policy.verdict import Common, Verdict
from receiver.policy.workload import Unreadable, Workload
from tests.policy.builders import (
    DAY,
    MINUTE,
    NOW,
    SECOND,
    alert,
    decision,
    revision,
    rule,
    template,
    workload,
)

CONFIG = Item(ItemKind.CONFIG_MAP, "shop", "config-6")
OLD = Item(ItemKind.CONFIG_MAP, "shop", "config-5")
SECRET = Item(ItemKind.SECRET, "shop", "key")
SECRETS = {"preflight": {"secrets": True}}
NO_RIGHT = Unreadable(str(CONFIG), "403 Forbidden")


def config_volume(name: str, *keys: str) -> dict[str, Any]:
    items = [{"key": key, "path": key} for key in keys]
    return {"volumes": [{"name": "v", "configMap": {"name": name, "items": items}}]}


SECRET_VOLUME = {"volumes": [{"name": "v", "secret": {"secretName": SECRET.name}}]}


def of(six: dict[str, Any], five: dict[str, Any] | None = None) -> Workload:
    """A workload whose revisions 5 and 6 need this."""
    older = {5: five or config_volume(OLD.name), 6: six}
    templates = {number: template(f"checkout:{number}", **spec) for number, spec in older.items()}
    return workload(revisions=tuple(revision(number, template=one) for number, one in templates.items()))


def decided(
    inventory: Inventory, *, to: To | int = To.LAST_GOOD, six: dict[str, Any] | None = None, **guards: Any
) -> Decision:
    asked = rule(rollback=Rollback(to=to), **guards)
    return decision(of(six or config_volume(CONFIG.name)), rules=[asked], inventory=inventory)


def verdict(made: Decision, guard: str = preflight.GUARD) -> Verdict:
    (found,) = [one for one in made.leading.verdicts if one.guard == guard]
    return found


@pytest.mark.parametrize("to", [To.LAST_GOOD, To.PREVIOUS, 6])
def test_what_is_there_lets_it_pass(to: To | int) -> None:
    made = decided({CONFIG: Seen(frozenset())}, to=to)
    found = verdict(made)
    assert (found.allowed, found.reason, found.warning) == (True, preflight.Reason.THERE, None)
    assert found.evidence == "what revision 6 needs is there: ConfigMap shop/config-6"
    assert made.chosen
    assert made.chosen.number == 6


def test_last_good_passes_over_a_revision_whose_needs_are_gone() -> None:
    """And says so where the choice is explained."""
    made = decided({CONFIG: None, OLD: Seen()})
    assert made.chosen
    assert made.chosen.number == 5
    gone = "revision 6 passed over: what it needs is gone: ConfigMap shop/config-6"
    assert verdict(made, "history").evidence == f"revision 5 (1d in service); {gone}"
    assert verdict(made).evidence == "what revision 5 needs is there: ConfigMap shop/config-5"


def test_where_none_is_left_preflight_blocks_beside_history() -> None:
    made = decided({CONFIG: None, OLD: None})
    assert made.leading.blocked_by == ("history", preflight.GUARD)
    gone = "what it needs is gone: ConfigMap shop"
    assert verdict(made).reason is preflight.Reason.GONE
    assert verdict(made).evidence == f"revision 6: {gone}/config-6; revision 5: {gone}/config-5"


def test_a_revision_that_is_passed_over_for_another_reason_is_not_preflights() -> None:
    """It would not do even if everything were there."""
    older = of(config_volume(CONFIG.name)).revisions
    assert not isinstance(older, Unreadable)
    short = workload(
        revisions=tuple(revision(one.number, template=one.template, soak=SECOND) for one in older)
    )
    made = decision(short, inventory={CONFIG: None, OLD: None})
    assert made.leading.blocked_by == ("history",)
    assert verdict(made).reason is Common.NOT_JUDGED


@pytest.mark.parametrize("to", [To.PREVIOUS, 6])
def test_the_one_that_is_asked_for_is_not_passed_over(to: To | int) -> None:
    made = decided({CONFIG: None, OLD: Seen()}, to=to)
    assert made.leading.blocked_by == (preflight.GUARD,)
    assert verdict(made).evidence == "revision 6: what it needs is gone: ConfigMap shop/config-6"


@pytest.mark.parametrize(
    ("keys", "lost"),
    [
        pytest.param(frozenset({"a", "b", "c"}), "", id="all-there"),
        pytest.param(frozenset({"b"}), "key a of ConfigMap shop/config-6", id="one-gone"),
        pytest.param(None, "", id="not-looked-at"),
    ],
)
def test_a_key_that_is_named_has_to_be_there(keys: frozenset[str] | None, lost: str) -> None:
    made = decided({CONFIG: Seen(keys)}, six=config_volume(CONFIG.name, "a", "b"), to=6)
    assert verdict(made).blocks is bool(lost)
    assert verdict(made).evidence.endswith(lost)


@pytest.mark.parametrize(
    ("inventory", "why"),
    [
        pytest.param({CONFIG: NO_RIGHT}, "403 Forbidden", id="no-right"),
        pytest.param({}, "it was not looked at", id="not-read"),
    ],
)
@pytest.mark.parametrize("to", [To.LAST_GOOD, To.PREVIOUS, 6])
def test_what_cannot_be_read_blocks(to: To | int, inventory: dict[Item, State], why: str) -> None:
    """It is not passed over, because it may be there."""
    made = decided({OLD: Seen(), **inventory}, to=to)
    assert made.leading.blocked_by == (preflight.GUARD,)
    found = verdict(made)
    assert (found.reason, found.evidence) == (Common.UNREADABLE, f"cannot read {CONFIG}: {why}")


@pytest.mark.parametrize(
    ("inventory", "guards", "blocks"),
    [
        pytest.param({SECRET: Seen()}, SECRETS, False, id="there"),
        pytest.param({SECRET: None}, SECRETS, True, id="gone"),
        pytest.param({SECRET: None}, {}, False, id="not-asked-for"),
        pytest.param({}, {}, False, id="not-asked-for-and-not-read"),
        pytest.param({}, SECRETS, True, id="cannot-tell"),
    ],
)
def test_secrets_are_judged_where_the_rule_says_so(
    inventory: Inventory, guards: dict[str, Any], *, blocks: bool
) -> None:
    """Where it does not, a warning says that nobody looked."""
    made = decided(inventory, six=SECRET_VOLUME, to=6, **guards)
    assert verdict(made).blocks is blocks
    told = "not looked at: whether Secret shop/key is still there"
    assert (verdict(made).warning or "").startswith(told) is (not guards)


def test_of_what_names_nothing_nothing_is_said() -> None:
    found = verdict(decision())
    assert (found.allowed, found.reason, found.warning) == (True, preflight.Reason.NOTHING_NEEDED, None)
    assert found.evidence == "revision 6 needs no ConfigMap, volume claim or service account by name"


LEFT = NOW - 3 * DAY
"""When revision 6 was no longer live."""


@pytest.mark.parametrize(
    ("state", "warned"),
    [
        pytest.param(Seen(changed_at=LEFT + MINUTE), True, id="after-it-was-last-live"),
        pytest.param(Seen(changed_at=LEFT), False, id="while-it-was-live"),
        pytest.param(Seen(), False, id="unknown"),
    ],
)
def test_configuration_that_was_written_since_is_a_warning(state: Seen, *, warned: bool) -> None:
    """By its managedFields, which do not say what was written."""
    found = verdict(decided({CONFIG: state}))
    said = "revision 6 may run with another configuration than when it was last live"
    also = "written since, by its managedFields: ConfigMap shop/config-6"
    assert found.allowed
    assert found.warning == (f"{said}: {also}" if warned else None)


def test_without_the_time_when_it_was_left_no_change_can_be_told() -> None:
    config = template("checkout:6", **config_volume(CONFIG.name))
    older = workload(revisions=(revision(6, template=config, left_at=None),))
    asked = [rule(rollback=Rollback(to=6))]
    made = decision(older, rules=asked, inventory={CONFIG: Seen(changed_at=LEFT + MINUTE)})
    assert verdict(made).allowed
    assert verdict(made).warning is None


def test_many_are_named_as_far_as_one_can_read() -> None:
    names = [f"c{number}" for number in range(7)]
    volumes = [config_volume(name)["volumes"][0] for name in names]
    there = {Item(ItemKind.CONFIG_MAP, "shop", name): Seen() for name in names}
    found = verdict(decided(there, six={"volumes": volumes}))
    assert found.evidence.endswith("ConfigMap shop/c4 and 2 more")


def wanted(inventory: Inventory, *rules: Rule) -> frozenset[Item]:
    snapshot = Snapshot(of(config_volume(CONFIG.name)), (), inventory=inventory)
    return unseen(snapshot, [Match(one, (alert(),)) for one in rules or (rule(),)])


@pytest.mark.parametrize(
    ("inventory", "expected"),
    [
        pytest.param({}, {CONFIG}, id="the-newest-first"),
        pytest.param({CONFIG: Seen()}, set(), id="it-is-there"),
        pytest.param({CONFIG: NO_RIGHT}, set(), id="it-cannot-be-read"),
        pytest.param({CONFIG: None}, {OLD}, id="then-the-next"),
        pytest.param({CONFIG: None, OLD: None}, set(), id="none-is-left"),
    ],
)
def test_only_what_the_choice_depends_on_is_to_be_read(inventory: Inventory, expected: set[Item]) -> None:
    assert wanted(inventory) == expected


def test_rules_that_choose_otherwise_have_theirs_read_too() -> None:
    assert wanted({}, rule(), rule("other", rollback=Rollback(to=5))) == {CONFIG, OLD}
