"""The decision: each rule judges by itself, and the one that goes furthest leads."""

from dataclasses import replace

import pytest

from receiver.policy.context import Installation, StillFiring
from receiver.policy.guards import NAMES
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.record import PastRollback, Phase
from receiver.policy.rules import Mode, Rollback, Rule
from receiver.policy.workload import Unreadable, Workload
from tests.policy.builders import (
    AUTO,
    FORBIDDEN,
    MINUTE,
    NOW,
    OLDER,
    alert,
    annotated,
    decision,
    own_record,
    past,
    rule,
    workload,
)

DRY_RUN = Installation(mode=Mode.DRY_RUN)
REFUSED = rule("refused", deployed_within=MINUTE)
PLANNED = rule("planned", mode=Mode.DRY_RUN)
ASKED = rule("asked", mode=Mode.APPROVE)
ACTED = rule("acted")


def test_a_bad_release_is_rolled_back_to_the_last_good_one() -> None:
    """The plain case: every guard was asked and has said yes."""
    made = decision()
    assert made.leading.phase is Phase.PENDING
    assert made.leading.mode is Mode.AUTO
    assert made.leading.blocked_by == ()
    assert tuple(verdict.guard for verdict in made.leading.verdicts) == NAMES
    assert all(verdict.allowed for verdict in made.leading.verdicts)
    assert made.chosen is OLDER[1]
    assert (made.at, made.snapshot.record, made.others) == (NOW, own_record(), ())


@pytest.mark.parametrize(
    ("of", "installation", "on_workload", "on_namespace", "mode", "phase"),
    [
        pytest.param(Mode.AUTO, AUTO, None, None, Mode.AUTO, Phase.PENDING, id="auto"),
        pytest.param(Mode.DRY_RUN, AUTO, None, None, Mode.DRY_RUN, Phase.DRY_RUN, id="the-rule-is-lower"),
        pytest.param(
            Mode.AUTO, DRY_RUN, None, None, Mode.DRY_RUN, Phase.DRY_RUN, id="the-installation-is-lower"
        ),
        pytest.param(
            Mode.AUTO, AUTO, "dry-run", "auto", Mode.DRY_RUN, Phase.DRY_RUN, id="the-workload-is-lower"
        ),
        pytest.param(
            Mode.AUTO, AUTO, "auto", "dry-run", Mode.DRY_RUN, Phase.DRY_RUN, id="the-namespace-is-lower"
        ),
        pytest.param(
            Mode.DRY_RUN, AUTO, "auto", "auto", Mode.DRY_RUN, Phase.DRY_RUN, id="annotations-never-raise-it"
        ),
        pytest.param(
            Mode.APPROVE, AUTO, None, None, Mode.APPROVE, Phase.AWAITING_APPROVAL, id="the-rule-asks"
        ),
        pytest.param(
            Mode.AUTO, AUTO, "approve", None, Mode.APPROVE, Phase.AWAITING_APPROVAL, id="the-workload-asks"
        ),
        pytest.param(Mode.APPROVE, DRY_RUN, None, None, Mode.DRY_RUN, Phase.DRY_RUN, id="asks-nobody"),
        pytest.param(Mode.AUTO, AUTO, "off", None, Mode.OFF, Phase.REFUSED, id="opted-out"),
        pytest.param(Mode.AUTO, AUTO, "of", None, Mode.AUTO, Phase.REFUSED, id="nobody-understands-it"),
    ],
)
def test_the_lowest_mode_counts(
    of: Mode,
    installation: Installation,
    on_workload: str | None,
    on_namespace: str | None,
    mode: Mode,
    phase: Phase,
) -> None:
    """Of rule, installation, workload and namespace."""
    target = workload(
        annotations=annotated(mode=on_workload) if on_workload else None,
        namespace_annotations=annotated(mode=on_namespace) if on_namespace else None,
    )
    made = decision(target, rules=[rule(mode=of)], installation=installation)
    assert (made.leading.mode, made.leading.phase) == (mode, phase)


def test_a_namespace_that_cannot_be_read_has_no_say_and_blocks() -> None:
    """Its annotation may be `off`."""
    made = decision(workload(namespace_annotations=FORBIDDEN))
    assert made.leading.blocked_by == ("scope",)
    assert made.chosen is None


@pytest.mark.parametrize(
    ("rules", "leading"),
    [
        pytest.param([REFUSED, PLANNED, ASKED, ACTED], "acted", id="auto-before-approve-and-all-others"),
        pytest.param([REFUSED, PLANNED, ASKED], "asked", id="approve-before-dry-run"),
        pytest.param([ACTED, PLANNED, REFUSED], "acted", id="in-any-order"),
        pytest.param([REFUSED, PLANNED], "planned", id="dry-run-before-refused"),
        pytest.param([ACTED, rule("second")], "acted", id="equal-first-in-file-order"),
        pytest.param([rule("second"), ACTED], "second", id="equal-first-in-file-order-again"),
        pytest.param([REFUSED, rule("second", max_alert_age=MINUTE)], "refused", id="both-refused"),
    ],
)
def test_the_rule_that_goes_furthest_leads(rules: list[Rule], leading: str) -> None:
    """And what the others said is kept, in file order."""
    made = decision(rules=rules)
    assert made.leading.rule.name == leading
    assert [other.rule.name for other in made.others] == [r.name for r in rules if r.name != leading]


def test_each_rule_chooses_for_itself() -> None:
    """What the leading one chose counts; nothing is chosen where it refuses."""
    made = decision(rules=[rule("five", rollback=Rollback(to=5)), rule("six", mode=Mode.DRY_RUN)])
    assert made.chosen is OLDER[0]
    assert made.others[0].choice.revision is OLDER[1]
    refused = decision(rules=[REFUSED])
    assert refused.leading.choice.revision is OLDER[1]
    assert refused.chosen is None


def test_every_guard_that_blocks_is_named() -> None:
    """Not just the first."""
    made = decision(
        workload(paused=True),
        ledger=Ledger(pause=Pause(NOW, "ada", "")),
        alerts=[alert(age=90 * MINUTE)],
        still_firing=StillFiring.NO,
    )
    assert made.leading.blocked_by == ("firing", "paused", "workload_paused", "blame", "stale")


@pytest.mark.parametrize(
    ("unreadable", "guards"),
    [
        pytest.param({"past": FORBIDDEN}, ("cooldown", "flip_flop", "settled", "history"), id="the-past"),
        pytest.param({"ledger": FORBIDDEN}, ("paused", "budget"), id="the-ledger"),
        pytest.param({"still_firing": FORBIDDEN}, ("firing",), id="alertmanager"),
        pytest.param({"of": workload(revisions=FORBIDDEN)}, ("history",), id="the-revisions"),
    ],
)
def test_what_cannot_be_read_blocks_the_guards_that_need_it(
    unreadable: dict[str, Unreadable], guards: tuple[str, ...]
) -> None:
    """In doubt, no; and the others are judged all the same."""
    made = decision(**unreadable)  # type: ignore[arg-type]
    assert made.leading.blocked_by == guards
    assert made.chosen is None


APPROVED = past(record=own_record(), phase=Phase.PENDING, approved_at=NOW - MINUTE, patched_at=None)
DRY_BY_ANNOTATION = workload(annotations=annotated(mode="dry-run"))


def test_what_somebody_approved_may_be_done() -> None:
    """Although its rule only asks."""
    made = decision(rules=[ASKED], past=(APPROVED,))
    assert (made.leading.phase, made.leading.mode) == (Phase.PENDING, Mode.APPROVE)
    assert made.chosen is OLDER[1]


@pytest.mark.parametrize(
    ("of", "by", "installation", "who"),
    [
        pytest.param(None, PLANNED, AUTO, "rule planned says dry-run", id="the-rule"),
        pytest.param(None, rule("errors", mode=Mode.OFF), AUTO, "rule errors says off", id="the-rule-off"),
        pytest.param(None, ASKED, DRY_RUN, "the installation says dry-run", id="the-installation"),
        pytest.param(
            DRY_BY_ANNOTATION, ASKED, AUTO, "Deployment shop/checkout says dry-run", id="the-workload"
        ),
    ],
)
def test_approval_is_void_where_the_mode_was_lowered_since(
    of: Workload | None, by: Rule, installation: Installation, who: str
) -> None:
    """And it says where."""
    made = decision(of, rules=[by], past=(APPROVED,), installation=installation)
    assert (made.leading.phase, made.leading.blocked_by) == (Phase.REFUSED, ("scope",))
    (scope,) = [verdict for verdict in made.leading.verdicts if verdict.guard == "scope"]
    assert scope.evidence == f"the mode has been lowered since: {who}"


@pytest.mark.parametrize(
    ("by", "installation", "who"),
    [
        pytest.param(rule("errors", mode=Mode.OFF), AUTO, "rule errors says off", id="the-rule"),
        pytest.param(ACTED, Installation(mode=Mode.OFF), "the installation says off", id="the-installation"),
    ],
)
def test_what_was_switched_off_meanwhile_is_refused(by: Rule, installation: Installation, who: str) -> None:
    """A later act finds it so; an alert would make no record."""
    made = decision(rules=[by], installation=installation)
    assert (made.leading.phase, made.leading.blocked_by) == (Phase.REFUSED, ("scope",))
    (scope,) = [verdict for verdict in made.leading.verdicts if verdict.guard == "scope"]
    assert scope.evidence == f"the mode has been lowered since: {who}"


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(replace(APPROVED, approved_at=None), id="nobody-approved-it"),
        pytest.param(replace(APPROVED, phase=Phase.REFUSED), id="it-was-refused-all-the-same"),
        pytest.param(replace(APPROVED, record="another"), id="another-record-was-approved"),
    ],
)
def test_approval_holds_for_one_record_and_one_act(known: PastRollback) -> None:
    """Whatever else is judged has to ask again."""
    assert decision(rules=[ASKED], past=(known,)).leading.phase is Phase.AWAITING_APPROVAL
