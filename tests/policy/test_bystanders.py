"""Who counts as a bystander: in the payload that is judged, and on the records of the last ten minutes."""

from dataclasses import replace
from typing import Any

import pytest

from receiver.policy.bystanders import WINDOW, Bystander, Bystanders, Recent, gather
from receiver.policy.decision import Match, Snapshot
from receiver.policy.guards.blame import Reason
from receiver.policy.hearing import Case, Hearing, hear
from receiver.policy.ledger import Ledger
from receiver.policy.unblamed import bystander_on_record, nobody_deployed
from receiver.policy.verdict import Common
from receiver.policy.workload import Revision, Unreadable, WorkloadRef
from tests.policy.builders import AUTO, DAY, LIVE, MINUTE, NOW, SECOND, alert, revision, rule, workload

UNREADABLE = Unreadable("the records of the last 10m", "403 Forbidden")
TOO_OLD, BEFORE, UNKNOWN = (
    Reason.ROLLOUT_TOO_OLD,
    Reason.TROUBLE_BEFORE_ROLLOUT,
    Reason.ROLLOUT_TIME_UNKNOWN,
)


def ref(name: str) -> WorkloadRef:
    return WorkloadRef("Deployment", "shop", name)


def bystander(name: str, *, record: str | None = None, seen_at: Any = NOW) -> Bystander:
    return Bystander(record or f"{name}-1", ref(name), seen_at)


@pytest.mark.parametrize(
    ("reasons", "undeployed"),
    [
        pytest.param([TOO_OLD], True, id="long-ago"),
        pytest.param([BEFORE], True, id="after-the-trouble"),
        pytest.param([UNKNOWN], True, id="nothing-tells"),
        pytest.param([TOO_OLD, UNKNOWN], True, id="by-no-rule"),
        pytest.param([Reason.RECENT_ROLLOUT], False, id="just-now"),
        pytest.param([TOO_OLD, Reason.RECENT_ROLLOUT], False, id="by-one-rule-of-two"),
        pytest.param([Reason.OTHER_PODS], False, id="deployed-and-other-pods"),
        pytest.param([Common.UNREADABLE], False, id="deployed-and-pods-unreadable"),
        pytest.param([], False, id="not-asked"),
    ],
)
def test_nobody_deployed_where_no_rule_sees_a_rollout(reasons: list[str], *, undeployed: bool) -> None:
    """A rollout that nothing dates is none; blame's other doubts are about something else."""
    assert nobody_deployed(reasons) is undeployed


@pytest.mark.parametrize(
    ("recent", "here", "names"),
    [
        pytest.param([], [], [], id="nobody"),
        pytest.param([bystander("a")], [bystander("b")], ["a", "b"], id="of-records-and-payload"),
        pytest.param([bystander("a")], [bystander("a", record="a-2")], ["a"], id="each-once"),
        pytest.param([bystander("a", seen_at=NOW - WINDOW + SECOND)], [], ["a"], id="just-inside-the-window"),
        pytest.param([bystander("a", seen_at=NOW - WINDOW)], [], [], id="out-of-the-window"),
        pytest.param([bystander("heard")], [], [], id="judged-now-and-not-one-any-more"),
        pytest.param(
            [bystander("heard", record="a-record-of-the-release-before")],
            [],
            [],
            id="nor-by-what-was-before-it",
        ),
        pytest.param([bystander("heard")], [bystander("heard")], ["heard"], id="judged-now-and-one-still"),
        pytest.param([bystander("c"), bystander("a")], [bystander("b")], ["a", "b", "c"], id="in-order"),
    ],
)
def test_records_and_payload_are_counted_together(
    recent: list[Bystander], here: list[Bystander], names: list[str]
) -> None:
    """Distinct workloads, told within ten minutes; what is judged now counts as it is judged now."""
    read = Recent(tuple(recent), NOW - MINUTE)
    found = gather(read, here, heard={ref("heard")}, now=NOW)
    assert found == Bystanders(tuple(map(ref, names)), MINUTE)


def test_what_cannot_be_read_stays_unreadable() -> None:
    """Whatever the payload alone says: the others may be many."""
    assert gather(UNREADABLE, [bystander("a")], heard=set(), now=NOW) is UNREADABLE


def blamed(reason: str) -> list[dict[str, Any]]:
    return [{"guard": "target", "reason": "found"}, {"guard": "blame", "reason": reason}]


def record(*, target: Any = None, **status: Any) -> dict[str, Any]:
    """A refused record of Deployment shop/a, told again a minute after it was made."""
    named = {"kind": "Deployment", "namespace": "shop", "name": "a"}
    return {
        "metadata": {"name": "a-1", "creationTimestamp": "2026-05-01T11:50:00Z"},
        "spec": {"target": named if target is None else target},
        "status": {
            "lastSeenAt": "2026-05-01T12:00:00.000000Z",
            "decision": {"verdicts": blamed(TOO_OLD)},
            **status,
        },
    }


def test_a_refused_record_counts_from_when_it_was_last_told() -> None:
    """By its own workload."""
    assert bystander_on_record(record()) == bystander("a")


def test_a_record_that_does_not_say_when_counts_from_its_creation() -> None:
    """Somebody else may have written it."""
    assert bystander_on_record(record(lastSeenAt=None)) == bystander("a", seen_at=NOW - 10 * MINUTE)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(record(target={}), id="no-target"),
        pytest.param(record(decision={"verdicts": blamed(Reason.RECENT_ROLLOUT)}), id="deployed"),
        pytest.param(
            record(
                decision={
                    "verdicts": blamed(TOO_OLD),
                    "others": [{"verdicts": blamed(Reason.RECENT_ROLLOUT)}],
                }
            ),
            id="deployed-by-another-rules-measure",
        ),
        pytest.param(record(decision=None), id="not-decided"),
        pytest.param(record(decision={"others": [{}]}), id="without-verdicts"),
    ],
)
def test_other_refused_records_count_nothing(raw: dict[str, Any]) -> None:
    """Those that name no workload, or one whose release may be to blame."""
    assert bystander_on_record(raw) is None


OLD = revision(7, live_since=NOW - DAY)


def case(name: str, *, live: Revision = LIVE, **settings: Any) -> Case:
    """Deployment shop/NAME, whose last release went bad; or, with an `OLD` one, nobody's."""
    of = workload(ref=ref(name), uid=f"uid-{name}", live=live)
    return Case(Snapshot(of, ()), (Match(rule(**settings), (alert(),)),))


def heard(*cases: Case, recent: Recent | Unreadable | None = None) -> Hearing:
    read = Recent((), NOW) if recent is None else recent
    return hear(cases, ledger=Ledger(), recent=read, installation=AUTO, now=NOW)


def blockers(found: Hearing, of: Case) -> tuple[str, ...]:
    return found.decisions[of.snapshot.record].leading.blocked_by


@pytest.mark.parametrize(
    ("undeployed", "recorded", "blocked"),
    [
        pytest.param("abcd", "", (), id="one-too-few"),
        pytest.param("abcde", "", ("systemic",), id="all-in-the-payload"),
        pytest.param("ab", "cde", ("systemic",), id="some-on-records"),
        pytest.param("", "abcde", ("systemic",), id="all-on-records"),
        pytest.param("abc", "abcd", (), id="some-on-both"),
    ],
)
def test_a_fresh_release_among_many_undeployed_workloads_is_not_rolled_back(
    undeployed: str, recorded: str, blocked: tuple[str, ...]
) -> None:
    """It is the platform then, whatever was deployed a moment ago."""
    fresh = case("fresh")
    recent = Recent(tuple(map(bystander, recorded)), NOW)
    found = heard(*(case(name, live=OLD) for name in undeployed), fresh, recent=recent)
    assert blockers(found, fresh) == blocked
    assert {one.target.name for one in found.bystanders} == set(undeployed)


def test_systemic_off_holds_for_its_rule_alone() -> None:
    """And the workloads of such a rule count for the others all the same."""
    many = [case(name, live=OLD, systemic=None) for name in "abcde"]
    careful, bold = case("careful"), case("bold", systemic=None)
    found = heard(*many, careful, bold)
    assert blockers(found, careful) == ("systemic",)
    assert blockers(found, bold) == ()
    assert blockers(found, many[0]) == ("blame",)


def test_many_fresh_releases_are_not_the_platform() -> None:
    """Each has its own release to blame, and the budget to stop them."""
    found = heard(*(case(name, budget=None) for name in "abcdefgh"))
    assert {decision.leading.blocked_by for decision in found.decisions.values()} == {()}
    assert found.bystanders == ()


def test_a_workload_that_one_rule_sees_deployed_is_no_bystander() -> None:
    """Its own measure is what a rule goes by."""
    two = (Match(rule("short", deployed_within=SECOND), (alert(),)), Match(rule("long"), (alert(),)))
    assert heard(replace(case("a"), matches=two)).bystanders == ()
    assert len(heard(replace(case("a"), matches=two[:1])).bystanders) == 1


def test_unreadable_records_stop_every_decision() -> None:
    """But those of a rule whose systemic is off."""
    careful, bold = case("careful"), case("bold", systemic=None)
    found = heard(careful, bold, recent=UNREADABLE)
    assert blockers(found, careful) == ("systemic",)
    assert blockers(found, bold) == ()
