"""One record: verdicts, diff, links and commands, from genuine fields and hostile ones."""

from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.policy.record import Phase
from receiver.web.detail import Detail, detail
from tests.web.pages import record

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)


def read(raw: dict[str, Any], **runbooks: str) -> Detail:
    return detail(raw, runbooks={name.replace("_", "-"): url for name, url in runbooks.items()}, now=NOW)


def test_verdicts_that_block_stand_first() -> None:
    found = read(record("Refused")).verdicts
    assert [(each.guard, each.word) for each in found] == [
        ("budget", "block"),
        ("blame", "allow"),
        ("firing", "not judged"),
    ]


def test_both_ends_of_the_move_are_named() -> None:
    found = read(record())
    assert (found.came_from.number, found.came_from.images) == ("7", (("app", "checkout:7"),))
    assert (found.goes_to.number, found.goes_to.images) == ("6", (("app", "checkout:6"),))


def test_lines_of_the_diff_know_what_they_are() -> None:
    assert [each.tone for each in read(record()).diff] == ["", "", "place", "removed", "added", ""]


def test_links_lead_to_where_it_can_be_looked_up() -> None:
    found = read(record(), http_errors="https://runbooks.example/rule")
    assert {each.name: each.text for each in found.links} == {
        "The alert's expression": "http://prometheus.example/graph",
        "Alertmanager": "http://alertmanager.example/#/alerts?filter=%7Balertname%3D%22HighErrorRate%22%7D",
        "The rule's runbook": "https://runbooks.example/rule",
        "The alert's runbook": "https://runbooks.example/alert",
    }


def test_other_addresses_are_no_links() -> None:
    raw = record()
    raw["spec"]["alert"] |= {
        "generatorURL": "javascript:alert(1)",
        "externalURL": "data:text/html,x",
        "annotations": {"runbook_url": "vbscript:x", "dashboard_url": "//evil.example"},
    }
    assert read(raw).links == ()


@pytest.mark.parametrize(
    ("kind", "patched", "commands"),
    [
        (
            "Deployment",
            True,
            [
                "kubectl -n receiver get rollback checkout-1 -o yaml",
                "kubectl -n shop describe deployment checkout",
                "kubectl -n shop rollout history deployment/checkout",
                "kubectl rollout undo deployment/checkout -n shop --to-revision=7",
            ],
        ),
        (
            "StatefulSet",
            False,
            [
                "kubectl -n receiver get rollback checkout-1 -o yaml",
                "kubectl -n shop describe statefulset checkout",
                "kubectl -n shop rollout history statefulset/checkout",
                "kubectl rollout undo statefulset/checkout -n shop --to-revision=6",
            ],
        ),
        (
            "Rollout",
            False,
            [
                "kubectl -n receiver get rollback checkout-1 -o yaml",
                "kubectl -n shop describe rollout checkout",
                "kubectl argo rollouts undo checkout -n shop --to-revision=6",
            ],
        ),
    ],
    ids=["patched Deployment", "StatefulSet", "Rollout"],
)
def test_commands_show_and_undo_the_same_by_hand(kind: str, patched: bool, commands: list[str]) -> None:
    raw = record() if patched else record("DryRun", patchedAt=None)
    raw["spec"]["target"]["kind"] = kind
    assert [each.text for each in read(raw).commands] == commands


def test_a_hostile_name_stays_one_word_of_a_command() -> None:
    raw = record()
    raw["spec"]["target"] |= {"name": "a; rm -rf /", "namespace": "$(id)"}
    assert all("'a; rm -rf /'" in c.text or "'deployment/a; rm" in c.text for c in read(raw).commands[1:])


@pytest.mark.parametrize("phase", list(Phase))
def test_what_can_be_said_depends_on_the_phase(phase: Phase) -> None:
    found = read(record(phase.value))
    assert found.awaits_approval is (phase is Phase.AWAITING_APPROVAL)
    assert found.can_be_reviewed is (
        phase not in {Phase.PENDING, Phase.ROLLING_BACK, Phase.VERIFYING, Phase.AWAITING_APPROVAL}
    )


@pytest.mark.parametrize("phase", [None, *Phase])
def test_a_record_may_lack_everything_but_its_name(phase: str | None) -> None:
    bare: dict[str, Any] = {"metadata": {"name": "r"}, "status": {"phase": phase} if phase else None}
    found = read(bare)
    assert (found.row.where, found.links, found.can_be_reviewed) == ("", (), False)
    assert [each.text for each in found.commands] == ["kubectl -n default get rollback r -o yaml"]
