"""A person's command: which guards hold for it, which a person overrules, and what its record says of it."""

from dataclasses import replace
from typing import Any

import pytest

from receiver.policy import joining
from receiver.policy.byhand import by_hand_rule, manual_alert, wanted_revision
from receiver.policy.context import Installation, StillFiring
from receiver.policy.decision import Decision, Match, Snapshot, blame_reasons
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.record import BY_HAND, Phase
from receiver.policy.rulefile import parse_rule_file
from receiver.policy.rules import Budget, GuardSettings, Mode, To
from receiver.policy.workload import Unreadable, Workload
from tests.policy.builders import (
    AUTO,
    CHECKOUT,
    DAY,
    HOUR,
    LIVE,
    MINUTE,
    NOW,
    annotated,
    decision,
    past,
    revision,
    spending,
    workload,
)

NEVER = GuardSettings.parse({"schedule": {"mute": [{"years": ["2026"]}]}})
SPENT = Ledger((spending(),))


def ordered(of: Workload | None = None, to: To | int = To.LAST_GOOD, **more: Any) -> Decision:
    """What is decided about a command; guard settings as given."""
    settings = more.pop("guards", GuardSettings())
    alert = manual_alert(CHECKOUT, to, by="ann", at=NOW)
    return decision(of, rules=[by_hand_rule(to, settings)], alerts=[alert], **more)


def unjudged(made: Decision) -> set[str]:
    return {verdict.guard for verdict in made.leading.verdicts if verdict.allowed is None}


def warned(made: Decision) -> list[str]:
    return [verdict.warning for verdict in made.leading.verdicts if verdict.warning]


def test_command_goes_back_to_the_last_good_revision() -> None:
    made = ordered()
    assert (made.leading.phase, made.chosen) == (Phase.PENDING, revision(6))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"of": workload(live=replace(LIVE, live_since=NOW - 3 * DAY))}, id="blame"),
        pytest.param({"still_firing": StillFiring.NO}, id="firing"),
        pytest.param({"still_firing": Unreadable("the alert", "why")}, id="firing, which nobody can tell"),
        pytest.param({"bystanders": Unreadable("the records", "why")}, id="systemic"),
        pytest.param({"guards": GuardSettings(max_alert_age=-MINUTE)}, id="stale"),
    ],
)
def test_guards_about_an_alert_have_nothing_to_judge(more: dict[str, Any]) -> None:
    """Whatever they would say of one."""
    made = ordered(**more)
    assert made.leading.phase is Phase.PENDING
    assert unjudged(made) == {"blame", "firing", "systemic", "stale"}


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"installation": Installation(mode=Mode.DRY_RUN)}, id="installation"),
        pytest.param({"of": workload(annotations=annotated(mode="dry-run"))}, id="workload"),
        pytest.param({"of": workload(namespace_annotations=annotated(mode="dry-run"))}, id="namespace"),
    ],
)
def test_command_is_its_own_approval(more: dict[str, Any]) -> None:
    assert ordered(**more).leading.phase is Phase.PENDING


@pytest.mark.parametrize(
    ("guard", "more"),
    [
        pytest.param("paused", {"ledger": Ledger(pause=Pause(NOW, "bob", "game day"))}, id="kill switch"),
        pytest.param("scope", {"of": workload(annotations=annotated(mode="off"))}, id="opted out"),
        pytest.param(
            "scope", {"of": workload(namespace_annotations=annotated(mode="off"))}, id="namespace opted out"
        ),
        pytest.param("workload_paused", {"of": workload(paused=True)}, id="paused rollout"),
        pytest.param("cooldown", {"past": (past(patched_at=NOW - MINUTE),)}, id="cooldown"),
        pytest.param(
            "budget", {"ledger": SPENT, "guards": GuardSettings(budget=Budget(max=1, per=HOUR))}, id="budget"
        ),
        pytest.param("barrier", {"of": workload(annotations=annotated(barrier="7: schema"))}, id="barrier"),
        pytest.param(
            "gitops",
            {
                "of": workload(
                    labels={
                        "kustomize.toolkit.fluxcd.io/name": "a",
                        "kustomize.toolkit.fluxcd.io/namespace": "b",
                    }
                )
            },
            id="gitops",
        ),
        pytest.param("history", {"to": 4}, id="no such revision"),
        pytest.param("history", {"to": 6, "past": (past(from_hash="hash6"),)}, id="known bad"),
        pytest.param("flip_flop", {"past": (past(to_hash="hash7"),)}, id="restored by us, nowhere named"),
        pytest.param("settled", {"to": 6, "past": (past(from_hash="hash7"),)}, id="released again"),
    ],
)
def test_guards_that_hold_for_people_too(guard: str, more: dict[str, Any]) -> None:
    made = ordered(**more)
    assert made.leading.phase is Phase.REFUSED
    assert guard in made.leading.blocked_by


@pytest.mark.parametrize(
    ("guard", "more"),
    [
        pytest.param("schedule", {"guards": NEVER}, id="the hour"),
        pytest.param("flip_flop", {"to": 6, "past": (past(to_hash="hash7"),)}, id="a revision by its number"),
    ],
)
def test_what_only_people_can_know_is_a_warning(guard: str, more: dict[str, Any]) -> None:
    made = ordered(**more)
    assert made.leading.phase is Phase.PENDING
    (warning,) = warned(made)
    assert warning.startswith(f"{guard}: ")
    assert warning.endswith("a person asked for it all the same")


def test_unreadable_past_holds_for_people_too() -> None:
    made = ordered(to=6, past=Unreadable("the earlier records", "403"))
    assert {"flip_flop", "cooldown"} <= set(made.leading.blocked_by)


def test_guards_judge_alerts_as_ever_beside_it() -> None:
    assert unjudged(decision()) == set()


def test_nobody_counts_as_a_bystander_by_a_command() -> None:
    """Its alert began after no rollout; it is about no trouble."""
    match = Match(by_hand_rule(6, GuardSettings()), (manual_alert(CHECKOUT, 6, by="ann", at=NOW),))
    assert blame_reasons(Snapshot(workload(), ()), [match], installation=AUTO, now=NOW) == ()


def record(to: To | int, **status: Any) -> dict[str, Any]:
    alert = manual_alert(CHECKOUT, to, by="ann", at=NOW)
    first = {"name": alert.name, "fingerprint": alert.fingerprint, "startsAt": "2026-05-01T12:00:00Z"}
    return {"spec": {"rule": BY_HAND, "alert": {**first, "labels": dict(alert.labels)}}, "status": status}


@pytest.mark.parametrize(
    ("raw", "to"),
    [
        pytest.param(record(5), 5, id="only claimed, by number"),
        pytest.param(record(To.LAST_GOOD), To.LAST_GOOD, id="only claimed"),
        pytest.param(
            record(To.LAST_GOOD, decision={"rule": BY_HAND, "to": {"revision": 6}}), 6, id="decided"
        ),
        pytest.param(
            record(5, decision={"rule": "errors", "to": {"revision": 6}}), None, id="an alert's since"
        ),
        pytest.param({"spec": {"rule": "errors", "alert": {}}}, None, id="an alert's"),
    ],
)
def test_where_a_record_goes_back_to_for_a_person(raw: dict[str, Any], to: To | int | None) -> None:
    assert wanted_revision(raw) == to


def test_alert_of_a_command_names_the_workload_and_never_fires() -> None:
    """So nobody waits for it to clear, whoever finds the record and however far it got."""
    alert = manual_alert(CHECKOUT, 5, by="ann", at=NOW)
    assert dict(alert.labels) == {
        "alertname": "ManualRollback",
        "namespace": "shop",
        "deployment": "checkout",
        "to": "5",
    }
    raw = record(5)
    joined = joining.join({}, [(alert, BY_HAND)], now=NOW)
    assert joining.all_cleared(joined)
    assert joining.all_cleared(joining.with_first_alert(raw["spec"], {}))
    assert joining.joined(raw["spec"], {}).keys() == {BY_HAND}


def test_no_rule_file_may_use_the_name() -> None:
    text = "rules:\n- name: by-hand\n  matchers: ['alertname=\"A\"']\n  for: 0s\n"
    (problem,) = parse_rule_file(text, filename="a.yaml").problems
    assert str(problem).startswith("a.yaml:2: rule by-hand: name: by-hand stands for rollbacks")


def test_revision_without_a_number_goes_by_last_good() -> None:
    """A record decided to go to one that the controller had not numbered."""
    raw = record(To.LAST_GOOD, decision={"rule": BY_HAND, "to": {}})
    assert wanted_revision(raw) is To.LAST_GOOD
