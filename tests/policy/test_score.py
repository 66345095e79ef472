"""How often a rule was right: the on-call's word first, then what came of it; no figure from nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.aftermath import Aftermath, Kind
from receiver.policy.record import BY_HAND, Phase, Review
from receiver.policy.score import ENOUGH, Case, Group, RuleScore, Sample, parse_case, score
from receiver.policy.times import format_precise, format_time
from receiver.policy.vocabulary import Mode
from tests.policy.builders import DAY, HOUR, MINUTE, NOW

BACK = Aftermath(Kind.ROLLED_BACK_BY_HAND, NOW, 8, as_chosen=True, took=12 * MINUTE)
ELSEWHERE = Aftermath(Kind.ROLLED_BACK_BY_HAND, NOW, 8, as_chosen=False, took=12 * MINUTE)
REFUSED_BACK = Aftermath(Kind.ROLLED_BACK_BY_HAND, NOW, 8, took=12 * MINUTE)
FORWARD = Aftermath(Kind.FIXED_FORWARD, NOW, 8, took=12 * MINUTE)
BY_ITSELF = Aftermath(Kind.CLEARED_BY_ITSELF, NOW, 7, took=12 * MINUTE)
STILL = Aftermath(Kind.STILL_FIRING, NOW, 7)


def case(phase: Phase | None = Phase.DRY_RUN, **changes: Any) -> Case:
    given: dict[str, Any] = {"rule": "errors", "mode": Mode.DRY_RUN, "at": NOW, **changes}
    return Case(phase=phase, **given)


def acted(phase: Phase, **changes: Any) -> Case:
    return case(phase, patched=True, **changes)


@pytest.mark.parametrize(
    ("one", "right"),
    [
        pytest.param(acted(Phase.SUCCEEDED), True, id="cured"),
        pytest.param(acted(Phase.NOT_CURED), False, id="not-cured"),
        pytest.param(acted(Phase.FAILED), None, id="failed"),
        pytest.param(acted(Phase.SUPERSEDED), None, id="superseded"),
        pytest.param(acted(Phase.VERIFYING), None, id="under-way"),
        pytest.param(case(None, patched=True), None, id="adopted"),
        pytest.param(acted(Phase.SUCCEEDED, review=Review.WRONG), False, id="cured-but-wrong"),
        pytest.param(acted(Phase.NOT_CURED, review=Review.RIGHT), True, id="not-cured-but-right"),
        pytest.param(acted(Phase.SUCCEEDED, review=Review.UNSURE), None, id="unsure"),
        pytest.param(case(), None, id="dry-run-open"),
        pytest.param(case(aftermath=BACK), True, id="back-as-chosen"),
        pytest.param(case(aftermath=ELSEWHERE), None, id="back-elsewhere"),
        pytest.param(case(aftermath=FORWARD), None, id="fixed-forward"),
        pytest.param(case(aftermath=STILL), None, id="still-firing"),
        pytest.param(case(aftermath=BY_ITSELF), False, id="unneeded"),
        pytest.param(case(Phase.REJECTED, aftermath=BACK), True, id="rejected-and-back"),
        pytest.param(case(Phase.EXPIRED, aftermath=BY_ITSELF), False, id="expired-and-unneeded"),
        pytest.param(case(aftermath=FORWARD, review=Review.RIGHT), True, id="forward-but-right"),
        pytest.param(case(aftermath=BACK, review=Review.WRONG), False, id="back-but-wrong"),
        pytest.param(case(Phase.REFUSED, aftermath=REFUSED_BACK), True, id="refused-and-back"),
        pytest.param(case(Phase.REFUSED, aftermath=BY_ITSELF), False, id="refused-and-unneeded"),
        pytest.param(case(Phase.REFUSED, aftermath=FORWARD), None, id="refused-and-forward"),
        pytest.param(case(Phase.REFUSED, review=Review.RIGHT), True, id="refused-though-to-blame"),
    ],
)
def test_whether_it_was_right_to_roll_back(one: Case, right: bool | None) -> None:
    assert one.right is right


@pytest.mark.parametrize(
    ("one", "group"),
    [
        pytest.param(acted(Phase.FAILED), Group.ACTED, id="patched"),
        pytest.param(case(Phase.REFUSED), Group.REFUSED, id="refused"),
        pytest.param(case(Phase.REJECTED), Group.SHADOW, id="would-have"),
        pytest.param(case(Phase.AWAITING_APPROVAL), None, id="undecided"),
    ],
)
def test_group_is_what_was_done(one: Case, group: Group | None) -> None:
    assert one.group is group


def test_score_counts_each_answer_once() -> None:
    (found,) = score(
        [
            acted(Phase.SUCCEEDED),
            acted(Phase.SUCCEEDED, review=Review.WRONG),
            case(aftermath=BACK),
            case(aftermath=BACK),
            case(aftermath=BY_ITSELF),
            case(aftermath=FORWARD),
            case(review=Review.RIGHT),
            case(),
            case(Phase.REFUSED, aftermath=REFUSED_BACK),
            case(Phase.REFUSED, aftermath=BY_ITSELF),
        ]
    )
    assert found == RuleScore(
        rule="errors",
        mode=Mode.DRY_RUN,
        acted=Sample(1, 1),
        shadow=Sample(3, 1),
        missed=1,
        rightly_refused=1,
        undecided=2,
        saved=24 * MINUTE,
        reviews={Review.WRONG: 1, Review.RIGHT: 1},
    )
    assert (found.acted.share, found.shadow.share, found.recall) == (0.5, 0.75, Sample(3, 1))


def test_time_is_saved_only_where_people_took_it() -> None:
    """A right answer that ended nothing saved nothing that is known."""
    (found,) = score([case(aftermath=STILL, review=Review.RIGHT)])
    assert (found.shadow.right, found.saved) == (1, timedelta(0))


def test_nothing_is_no_share() -> None:
    assert score([]) == ()
    (found,) = score([case(None, mode=None)])
    assert (found.acted.share, found.shadow.share, found.mode, found.undecided) == (None, None, None, 1)
    assert found.ready_for is None


def test_share_is_never_told_without_the_number_behind_it() -> None:
    assert [str(Sample()), str(Sample(3, 1))] == ["none yet", "75% of 4"]


def test_each_rule_has_a_score_and_the_mode_of_its_newest_decision() -> None:
    cases = [
        case(rule="b"),
        case(rule="a", mode=Mode.AUTO, at=NOW - HOUR),
        case(rule="a", mode=Mode.APPROVE),
        case(rule="a", mode=None, at=NOW + HOUR),
    ]
    assert [(each.rule, each.mode) for each in score(cases)] == [("a", Mode.APPROVE), ("b", Mode.DRY_RUN)]


RIGHT, WRONG = case(aftermath=BACK), case(aftermath=BY_ITSELF)


@pytest.mark.parametrize(
    ("cases", "ready_for"),
    [
        pytest.param([RIGHT] * ENOUGH, Mode.APPROVE, id="enough"),
        pytest.param([RIGHT] * (ENOUGH - 1), None, id="too-few"),
        pytest.param([*[RIGHT] * ENOUGH, WRONG], None, id="one-wrong"),
        pytest.param([*[RIGHT] * ENOUGH, acted(Phase.NOT_CURED)], None, id="one-act-wrong"),
        pytest.param([acted(Phase.SUCCEEDED, mode=Mode.APPROVE)] * ENOUGH, Mode.AUTO, id="approved-ones"),
        pytest.param([acted(Phase.SUCCEEDED, mode=Mode.AUTO)] * ENOUGH, None, id="nothing-beyond-auto"),
        pytest.param([case(aftermath=FORWARD)] * ENOUGH, None, id="no-answers"),
    ],
)
def test_rule_is_ready_with_enough_right_answers_and_no_wrong_one(
    cases: list[Case], ready_for: Mode | None
) -> None:
    (found,) = score(cases)
    assert found.ready_for is ready_for


def record(spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    return {
        "metadata": {"creationTimestamp": format_time(NOW - DAY)},
        "spec": {
            "rule": "errors",
            "target": {"kind": "Deployment", "namespace": "shop", "name": "checkout"},
            "alert": {"startsAt": format_time(NOW - HOUR)},
            **(spec or {}),
        },
        "status": status,
    }


BEFORE = {"rule": "errors", "mode": "dry-run", "phase": "DryRun", "at": format_precise(NOW - 30 * MINUTE)}
SHADOWED = case(Phase.DRY_RUN, at=NOW - 30 * MINUTE)


@pytest.mark.parametrize(
    ("before", "patched", "found"),
    [
        pytest.param({"templateDigest": "6"}, True, replace(SHADOWED, aftermath=BACK), id="as-chosen"),
        pytest.param({"templateDigest": "5"}, True, replace(SHADOWED, aftermath=ELSEWHERE), id="elsewhere"),
        pytest.param(
            {"phase": "Refused", "blockedBy": ["blame"]},
            True,
            replace(SHADOWED, phase=Phase.REFUSED, guards=("blame",), aftermath=REFUSED_BACK),
            id="refused-before",
        ),
        pytest.param({"templateDigest": "6"}, False, SHADOWED, id="the-command-was-refused"),
    ],
)
def test_what_a_persons_command_took_over_counts_for_the_rule_that_had_decided(
    before: dict[str, Any], patched: bool, found: Case
) -> None:
    """The product's own undo is the way back by hand that a rule in dry-run is measured by."""
    decision = {"rule": BY_HAND, "at": format_precise(NOW), "to": {"revision": 8, "templateDigest": "6"}}
    at = {"patchedAt": format_precise(NOW)} if patched else {}
    spec = {"alert": {"startsAt": format_time(NOW - 12 * MINUTE)}}
    assert parse_case(record(spec, decision=decision, before={**BEFORE, **before}, **at)) == found


def test_what_another_version_wrote_without_a_time_counts_for_nobody() -> None:
    before = {key: value for key, value in BEFORE.items() if key != "at"}
    assert parse_case(record(decision={"rule": BY_HAND}, before=before)) is None


AFTERMATH = {"kind": "ClearedByItself", "at": format_precise(NOW), "revision": 7, "tookSeconds": 720}


def test_record_is_read() -> None:
    verdicts = [
        {"guard": "blame", "allowed": False},
        {"guard": "budget", "allowed": True},
        {"guard": "gitops"},
    ]
    raw = record(
        phase="Refused",
        decision={"rule": "other", "mode": "auto", "at": format_time(NOW), "verdicts": verdicts},
        review={"verdict": "unsure"},
        aftermath=AFTERMATH,
    )
    assert parse_case(raw) == Case(
        rule="other",
        phase=Phase.REFUSED,
        mode=Mode.AUTO,
        at=NOW,
        review=Review.UNSURE,
        aftermath=BY_ITSELF,
        guards=("blame",),
    )


def test_record_that_was_only_claimed_is_its_first_rules() -> None:
    assert parse_case({**record(), "status": None}) == Case("errors", None, None, NOW - DAY)


@pytest.mark.parametrize(
    ("status", "recovered"),
    [
        pytest.param(
            {"phase": "Succeeded", "clearedAt": format_time(NOW - MINUTE), "finishedAt": format_time(NOW)},
            59 * MINUTE,
            id="cleared",
        ),
        pytest.param({"phase": "Succeeded", "finishedAt": format_time(NOW)}, HOUR, id="found-to-be-cleared"),
        pytest.param({"phase": "NotCured", "finishedAt": format_time(NOW)}, None, id="not-cured"),
        pytest.param({"phase": "Succeeded"}, None, id="no-end"),
        pytest.param(
            {"phase": "Succeeded", "clearedAt": format_time(NOW - DAY)}, 0 * MINUTE, id="clocks-disagree"
        ),
    ],
)
def test_recovery_is_from_the_first_alert_to_the_last_cleared(
    status: dict[str, Any], recovered: timedelta | None
) -> None:
    found = parse_case(record(patchedAt=format_time(NOW), **status))
    assert found is not None
    assert (found.recovered, found.patched) == (recovered, True)


def test_alert_without_a_start_has_no_recovery() -> None:
    found = parse_case(record({"alert": {}}, phase="Succeeded", finishedAt=format_time(NOW)))
    assert found is not None
    assert found.recovered is None


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(record({"rule": "by-hand"}), id="a-persons-command"),
        pytest.param({**record(), "metadata": {"creationTimestamp": None}}, id="of-no-time"),
    ],
)
def test_record_that_no_rule_answers_for_is_not_counted(raw: dict[str, Any]) -> None:
    assert parse_case(raw) is None


def test_aftermath_of_what_has_no_target_is_none() -> None:
    found = parse_case(record({"target": {}}, aftermath=AFTERMATH))
    assert found is not None
    assert found.aftermath is None
