"""What holds of every judgement, whatever the workload, its past, the alerts and the rules."""

import copy
import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.policy.choice import choose
from receiver.policy.decision import Decision, Match, Snapshot, decide
from receiver.policy.guards import GUARDS, NAMES
from receiver.policy.history import KnownBad
from receiver.policy.podtemplate import bare_template, template_digest
from receiver.policy.preflight import refused, with_preflight
from receiver.policy.record import Phase, Review, record_name
from receiver.policy.rules import Mode, Rollback
from receiver.policy.workload import Revision, Unreadable
from tests.policy.builders import context
from tests.policy.strategies import ROLLBACKS, SURROUNDINGS, matched, snapshots

quick = settings(deadline=None)


@given(snapshots(), matched(), SURROUNDINGS)
@quick
def test_any_block_means_no_patch(
    snapshot: Snapshot, matches: list[Match], surroundings: dict[str, Any]
) -> None:
    """Refused exactly where a guard blocks, and then nothing is chosen; else there is a revision."""
    made = decide(snapshot, matches, **surroundings)
    for judgement in (made.leading, *made.others):
        assert (judgement.phase is Phase.REFUSED) is bool(judgement.blocked_by)
        assert judgement.phase is not Phase.PENDING or judgement.mode is Mode.AUTO
        assert judgement.phase is not Phase.AWAITING_APPROVAL or judgement.mode is Mode.APPROVE
    assert (made.chosen is None) is (made.leading.phase is Phase.REFUSED)
    turned_down = with_preflight(made, refused("no"))
    assert (turned_down.leading.phase, turned_down.chosen) == (Phase.REFUSED, None)


@given(snapshots(), matched(), SURROUNDINGS)
@quick
def test_the_guards_never_raise(
    snapshot: Snapshot, matches: list[Match], surroundings: dict[str, Any]
) -> None:
    """Each gives its verdict, with evidence in words, whatever could not be read."""
    match = matches[0]
    seen = context(
        workload=snapshot.workload,
        past=snapshot.past,
        rule=match.rule,
        alerts=match.alerts,
        inventory=snapshot.inventory,
        still_firing=match.still_firing,
        **surroundings,
    )
    verdicts = [guard.judge(seen) for guard in GUARDS]
    assert tuple(verdict.guard for verdict in verdicts) == NAMES
    assert all(verdict.evidence for verdict in verdicts)
    unjudged = {verdict.guard for verdict in verdicts if verdict.allowed is None}
    assert unjudged - {"barrier"} == (set() if seen.choice.revision else {"preflight"})
    assert "barrier" not in unjudged or seen.choice.revision is None


def outcome(made: Decision) -> dict[str, tuple[Phase, frozenset[str]]]:
    """What each rule said."""
    judgements = (made.leading, *made.others)
    return {one.rule.name: (one.phase, frozenset(one.blocked_by)) for one in judgements}


@given(snapshots(), matched(), SURROUNDINGS, st.data())
@quick
def test_the_order_of_alerts_changes_nothing(
    snapshot: Snapshot, matches: list[Match], surroundings: dict[str, Any], data: st.DataObject
) -> None:
    """Not even a word."""
    shuffled = [replace(one, alerts=tuple(data.draw(st.permutations(one.alerts)))) for one in matches]
    assert decide(snapshot, shuffled, **surroundings) == decide(snapshot, matches, **surroundings)


@given(snapshots(), matched(), SURROUNDINGS, st.data())
@quick
def test_the_order_of_rules_changes_nothing(
    snapshot: Snapshot, matches: list[Match], surroundings: dict[str, Any], data: st.DataObject
) -> None:
    """But which of those that go equally far leads."""
    one = decide(snapshot, matches, **surroundings)
    other = decide(snapshot, data.draw(st.permutations(matches)), **surroundings)
    assert outcome(one) == outcome(other)
    assert one.leading.phase is other.leading.phase
    if [phase for phase, _ in outcome(one).values()].count(one.leading.phase) == 1:
        assert one.chosen is other.chosen
        assert one.leading == other.leading


def rolled_back_from(snapshot: Snapshot, revision: Revision) -> bool:
    """Whether a patch that nobody called wrong left this revision."""
    assert not isinstance(snapshot.past, Unreadable)
    of = snapshot.workload
    name = record_name(of.ref.name, of.uid, revision.digest)
    about = [
        past
        for past in snapshot.past
        if past.record == name or (past.from_hash and past.from_hash == revision.template_hash)
    ]
    return any(past.patched_at for past in about) and not any(past.review is Review.WRONG for past in about)


@given(snapshots(), ROLLBACKS)
@quick
def test_the_chosen_revision_is_never_a_bad_one(snapshot: Snapshot, rollback: Rollback) -> None:
    """Never the live one, never known bad, never unavailable; always one of the history."""
    if isinstance(snapshot.past, Unreadable):
        return
    of = snapshot.workload
    known_bad = KnownBad(of, snapshot.past)
    revision = choose(rollback, of, known_bad).revision
    if revision is None:
        return
    assert not isinstance(of.revisions, Unreadable)
    assert any(revision is one for one in of.revisions)
    assert template_digest(revision.template) != template_digest(of.live.template)
    assert known_bad.why(revision) is None
    assert not rolled_back_from(snapshot, revision)
    assert revision.available is not False
    assert rollback.to in {"last-good", "previous", revision.number}


TEXTS = st.text(max_size=3)
LABELS = st.dictionaries(TEXTS, TEXTS, max_size=3)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)
TEMPLATES = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries({"labels": LABELS, "annotations": LABELS}),
        "spec": st.dictionaries(TEXTS, VALUES, max_size=3),
    }
)


@given(TEMPLATES, TEXTS)
@quick
def test_the_digest_ignores_the_hash_label(template: dict[str, Any], hashed: str) -> None:
    """Which the controller adds to a ReplicaSet's copy, and nobody else has."""
    copied = copy.deepcopy(template)
    copied["metadata"]["labels"]["pod-template-hash"] = hashed
    assert template_digest(copied) == template_digest(template)
    assert bare_template(copied) == bare_template(template)


@given(TEMPLATES, st.sampled_from(["labels", "annotations", "spec", "root"]), TEXTS, TEXTS)
@quick
def test_the_digest_ignores_nothing_else(template: dict[str, Any], place: str, key: str, value: str) -> None:
    """Neither a label nor an annotation, nor any field, known or not."""
    changed = copy.deepcopy(template)
    places = {"spec": changed["spec"], "root": changed, **changed["metadata"]}
    places[place][key] = [value] if place in {"spec", "root"} else value
    same = json.dumps(changed, sort_keys=True) == json.dumps(template, sort_keys=True)
    assert (template_digest(changed) == template_digest(template)) is same
