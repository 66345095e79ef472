"""Guard preflight: the server's word on the finished plan, joined with what the revision needs."""

import pytest

from receiver.policy.inventory import Seen
from receiver.policy.needs import Item, ItemKind
from receiver.policy.preflight import (
    GUARD,
    Reason,
    accepted,
    changed_meanwhile,
    joined,
    not_tried,
    pod_accepted,
    pod_not_tried,
    pod_refused,
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
            pod_refused("exceeded quota"),
            Reason.POD_REFUSED,
            "the API server refuses a pod of the revision in a dry run: exceeded quota",
            True,
            id="block-pods",
        ),
        pytest.param(
            not_tried("side effects"),
            Reason.NOT_TRIED,
            "the API server cannot try the patch out",
            False,
            id="cannot-tell",
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
        pytest.param(Mode.APPROVE, Phase.AWAITING_APPROVAL, id="approve"),
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


TRIED = "the API server accepts the patch in a dry run"
OPEN = "not known: whether quotas and policies admit it: no right"


@pytest.mark.parametrize(
    ("patch", "pod", "blocks", "evidence", "warning"),
    [
        pytest.param(
            accepted(),
            pod_accepted(),
            False,
            f"{TRIED}; it accepts a pod of the revision",
            None,
            id="both-accepted",
        ),
        pytest.param(
            accepted(),
            pod_not_tried("no right"),
            False,
            f"{TRIED}; whether it accepts the revision's pods is open",
            OPEN,
            id="pod-not-tried",
        ),
        pytest.param(
            not_tried("effects"),
            pod_not_tried("no right"),
            False,
            "the API server cannot try the patch out; whether it accepts the revision's pods is open",
            f"the API server cannot try the patch out: effects; {OPEN}",
            id="neither-tried",
        ),
        pytest.param(accepted(), pod_refused("no"), True, pod_refused("no").evidence, None, id="pod-refused"),
        pytest.param(refused("no"), pod_accepted(), True, refused("no").evidence, None, id="patch-refused"),
        pytest.param(
            changed_meanwhile(),
            pod_refused("no"),
            True,
            changed_meanwhile().evidence,
            None,
            id="changed-meanwhile-comes-first",
        ),
    ],
)
def test_the_word_on_the_patch_and_the_one_on_a_pod_are_one_verdict(
    patch: Verdict, pod: Verdict, evidence: str, warning: str | None, *, blocks: bool
) -> None:
    made = joined(patch, pod)
    assert (made.guard, made.blocks, made.evidence, made.warning) == (GUARD, blocks, evidence, warning)


def test_the_servers_warning_stands_beside_that_of_the_needs() -> None:
    of = workload(revisions=(revision(6, template=template("checkout:6", **NEEDING)),))
    made = decision(of, inventory={Item(ItemKind.ACCOUNT, "shop", "web"): Seen()})
    verdict = with_preflight(made, joined(accepted(), pod_not_tried("no right"))).leading.verdicts[-1]
    assert verdict.warning
    assert "Secret shop/key" in verdict.warning
    assert verdict.warning.endswith(f"; {OPEN}")
