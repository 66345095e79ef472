"""Guard preflight: the server's word on the finished plan, joined with what the revision needs."""

import pytest

from receiver.policy.inventory import Seen
from receiver.policy.needs import Item, ItemKind
from receiver.policy.preflight import (
    GUARD,
    Reason,
    accepted,
    changed_meanwhile,
    refused,
    with_preflight,
)
from receiver.policy.record import Phase
from receiver.policy.rules import Mode
from receiver.policy.verdict import Verdict
from tests.policy.builders import OLDER, decision, revision, rule, template, workload


@pytest.mark.parametrize(
    ("verdict", "reason", "evidence", "blocks"),
    [
        pytest.param(
            accepted(), Reason.ACCEPTED, "the API server accepts the patch in a dry run", False, id="allow"
        ),
        pytest.param(
            refused("quota exceeded"),
            Reason.REFUSED,
            "the API server refuses the patch in a dry run: quota exceeded",
            True,
            id="block",
        ),
        pytest.param(
            changed_meanwhile(),
            Reason.CHANGED,
            "the workload was changed while it was judged",
            True,
            id="cannot-tell-any-more",
        ),
    ],
)
def test_the_servers_word_is_a_verdict(
    verdict: Verdict, reason: Reason, evidence: str, *, blocks: bool
) -> None:
    """Of the guard preflight, with the server's reason."""
    assert (verdict.guard, verdict.reason, verdict.evidence) == (GUARD, reason, evidence)
    assert verdict.blocks is blocks


@pytest.mark.parametrize(
    ("mode", "phase"),
    [
        pytest.param(Mode.AUTO, Phase.PENDING, id="auto"),
        pytest.param(Mode.DRY_RUN, Phase.DRY_RUN, id="dry-run"),
    ],
)
def test_the_verdict_joins_the_leading_ones(mode: Mode, phase: Phase) -> None:
    """In one verdict with what the revision needs, and none is named; where it blocks, nothing is done."""
    made = decision(rules=[rule(mode=mode), rule("other", mode=Mode.DRY_RUN)])
    taken, turned_down = with_preflight(made, accepted()), with_preflight(made, refused("no"))
    assert (taken.leading.phase, taken.chosen) == (phase, OLDER[1])
    assert taken.leading.verdicts == (*made.leading.verdicts[:-1], accepted())
    assert turned_down.leading.verdicts == (*made.leading.verdicts[:-1], refused("no"))
    assert (turned_down.leading.phase, turned_down.chosen) == (Phase.REFUSED, None)
    assert turned_down.leading.blocked_by == (GUARD,)
    assert taken.others == turned_down.others == made.others


NEEDING = {"serviceAccountName": "web", "volumes": [{"name": "v", "secret": {"secretName": "key"}}]}


def test_the_servers_yes_keeps_what_is_said_of_the_needs() -> None:
    """What is there, and the warning of what nobody looked at."""
    of = workload(revisions=(revision(6, template=template("checkout:6", **NEEDING)),))
    made = decision(of, inventory={Item(ItemKind.ACCOUNT, "shop", "web"): Seen()})
    verdict = with_preflight(made, accepted()).leading.verdicts[-1]
    assert (verdict.guard, verdict.allowed, verdict.reason) == (GUARD, True, Reason.ACCEPTED)
    said = "the API server accepts the patch in a dry run; what revision 6 needs is there"
    assert verdict.evidence == f"{said}: ServiceAccount shop/web"
    assert verdict.warning
    assert "Secret shop/key" in verdict.warning


def test_the_servers_yes_does_not_bring_back_what_is_gone() -> None:
    of = workload(revisions=(revision(6, template=template("checkout:6", **NEEDING)),))
    made = decision(of, inventory={Item(ItemKind.ACCOUNT, "shop", "web"): None})
    told = with_preflight(made, accepted())
    assert (told.leading.phase, told.leading.verdicts) == (Phase.REFUSED, made.leading.verdicts)
