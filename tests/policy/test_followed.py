"""The aftermath on the record: what is followed of it, the fields, and the sentence that people read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from receiver.policy.aftermath import Aftermath, Followed, Kind
from receiver.policy.followed import (
    aftermath_document,
    aftermath_sentence,
    before_by_hand,
    parse_aftermath,
    parse_followed,
    parse_unresolved,
)
from receiver.policy.record import BY_HAND
from receiver.policy.times import format_precise, format_time
from tests.policy.builders import CHECKOUT, MINUTE, NOW

TARGET = {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "uid-1"}
AT = NOW + 10 * MINUTE
BACK = Aftermath(Kind.ROLLED_BACK_BY_HAND, AT, 8, as_chosen=True, took=timedelta(minutes=12))
STILL = Aftermath(Kind.STILL_FIRING, AT)


def record(spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    """A dry run of going from revision 7 to 6."""
    return {
        "metadata": {"name": "checkout-abc-def", "creationTimestamp": format_time(NOW)},
        "spec": {
            "target": TARGET,
            "rule": "errors",
            "suspect": {"revision": 7},
            "alert": {"startsAt": format_precise(NOW - MINUTE)},
            **(spec or {}),
        },
        "status": {
            "phase": "DryRun",
            "decision": {"to": {"revision": 6, "templateDigest": "six"}},
            "alerts": [
                {"fingerprint": "f1", "status": "firing"},
                {"fingerprint": "f2", "status": "resolved"},
            ],
            **status,
        },
    }


def test_everything_that_is_needed_stands_on_the_record() -> None:
    found = Followed(
        record="checkout-abc-def",
        target=CHECKOUT,
        uid="uid-1",
        suspect="def",
        suspect_number=7,
        chosen="six",
        began_at=NOW - MINUTE,
        created_at=NOW,
    )
    assert parse_followed(record()) == found
    cleared = parse_followed(record(clearedAt=format_precise(AT)))
    assert cleared == replace(found, cleared_at=AT)
    bare = parse_followed(record({"suspect": None}, phase="Refused", decision={}, alerts=None))
    assert bare == replace(found, suspect_number=None, chosen=None)


@pytest.mark.parametrize("phase", ["DryRun", "Refused", "Rejected", "Expired"])
def test_what_ended_without_a_patch_is_followed(phase: str) -> None:
    assert parse_followed(record(phase=phase)) is not None


@pytest.mark.parametrize(
    "raw",
    [
        *(
            pytest.param(record(phase=phase), id=str(phase))
            for phase in (None, "AwaitingApproval", "Pending", "Verifying", "Succeeded", "NotCured", "Failed")
        ),
        pytest.param(record({"target": {}}), id="no-target"),
        pytest.param(record({"target": {**TARGET, "uid": ""}}), id="no-uid"),
        pytest.param(record({"rule": "by-hand"}), id="by-hand"),
        pytest.param(record(aftermath=aftermath_document(BACK)), id="known"),
        pytest.param({**record(), "status": None}, id="only-claimed"),
    ],
)
def test_everything_else_is_not_followed(raw: dict[str, Any]) -> None:
    assert parse_followed(raw) is None


def test_record_without_a_start_is_not_one_of_ours() -> None:
    with pytest.raises(ValueError, match="no time"):
        parse_followed(record({"alert": {"startsAt": None}}))


@pytest.mark.parametrize("aftermath", [BACK, STILL], ids=["back", "still-firing"])
def test_document_is_read_back(aftermath: Aftermath) -> None:
    assert parse_aftermath(aftermath_document(aftermath)) == aftermath
    assert parse_aftermath(None) is None


def test_document_leaves_out_what_is_not_known() -> None:
    assert aftermath_document(STILL) == {"kind": "StillFiring", "at": format_precise(AT)}
    assert aftermath_document(BACK)["tookSeconds"] == 720


@pytest.mark.parametrize(
    ("aftermath", "words"),
    [
        (
            BACK,
            "back by hand to revision 8, the one that would have been chosen, 12m after the alert began",
        ),
        (replace(BACK, as_chosen=False), "to revision 8, not the one that would have been chosen, 12m after"),
        (replace(BACK, as_chosen=None), "Rolled back by hand to revision 8, 12m after the alert began"),
        (replace(BACK, revision=None), "Rolled back by hand to another revision, the one"),
        (
            replace(BACK, kind=Kind.FIXED_FORWARD, as_chosen=None),
            "Fixed forward by revision 8: the alert cleared 12m after it began",
        ),
        (
            replace(BACK, kind=Kind.CLEARED_BY_ITSELF, as_chosen=None),
            "The alert cleared by itself 12m after it began, with revision 8 live",
        ),
        (STILL, "The alert still fired at 2026-05-01T12:10:00Z, when following it ended"),
    ],
    ids=["as-chosen", "another", "none-chosen", "no-number", "forward", "by-itself", "still-firing"],
)
def test_sentence_says_how_it_ended(aftermath: Aftermath, words: str) -> None:
    assert words in str(aftermath_sentence({"aftermath": aftermath_document(aftermath)}))


def test_nothing_is_said_while_it_is_open() -> None:
    assert aftermath_sentence({"phase": "DryRun"}) is None


@pytest.mark.parametrize(
    ("raw", "fingerprints"),
    [
        *(
            pytest.param(record(phase=phase), {"f1"}, id=phase)
            for phase in ("DryRun", "Refused", "Rejected", "Expired", "Superseded")
        ),
        *(
            pytest.param(record(phase=phase), set(), id=str(phase))
            for phase in (None, "AwaitingApproval", "Pending", "Verifying", "Succeeded", "Failed")
        ),
        pytest.param(record(aftermath=aftermath_document(BACK)), {"f1"}, id="aftermath-known"),
        pytest.param(record(phase="Superseded", patchedAt=format_time(AT)), set(), id="patched"),
        pytest.param(record({"target": {}}), set(), id="no-target"),
        pytest.param(record(alerts=None), set(), id="no-alerts"),
        pytest.param({**record(), "status": None}, set(), id="only-claimed"),
    ],
)
def test_ends_of_alerts_count_for_what_may_be_judged_afresh(
    raw: dict[str, Any], fingerprints: set[str]
) -> None:
    """Of an alert that fires there, as long as the record has no patch and nobody works on it."""
    assert parse_unresolved(raw) == fingerprints


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        pytest.param({}, None, id="only-claimed"),
        pytest.param({"phase": "Refused", "decision": {"rule": BY_HAND}}, None, id="a-command-before"),
        pytest.param(
            {
                "phase": "Refused",
                "decision": {
                    "rule": "errors",
                    "mode": "auto",
                    "at": "2026-05-01T12:00:00Z",
                    "to": {"revision": 6, "templateDigest": "d6"},
                    "verdicts": [{"guard": "blame", "allowed": False}, {"guard": "stale", "allowed": True}],
                },
            },
            {
                "rule": "errors",
                "mode": "auto",
                "phase": "Refused",
                "at": "2026-05-01T12:00:00Z",
                "templateDigest": "d6",
                "blockedBy": ["blame"],
            },
            id="refused",
        ),
        pytest.param(
            {"phase": "DryRun", "decision": {"rule": "errors", "mode": "dry-run"}},
            {"rule": "errors", "mode": "dry-run", "phase": "DryRun"},
            id="what-is-known",
        ),
    ],
)
def test_what_a_rule_had_decided_is_kept_when_a_command_takes_over(
    status: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    assert before_by_hand(status) == kept
