"""`report` as a table and for programs, and what `list -o wide` and `show` say of the same."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from receiver.cli import records as records_command
from receiver.cli import report as report_command
from receiver.cli.main import main
from receiver.cluster.records import Records
from receiver.policy.times import format_precise, format_time
from tests.engine.builders import FOLDER, record
from tests.kubernetes.fake import FakeApi

NOW = datetime.now(UTC)
Run = Callable[..., Result]
RULE = "http-errors-after-deploy"


@pytest.fixture
def fake() -> FakeApi:
    return FakeApi()


@pytest.fixture
def run(fake: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Run:
    cluster = SimpleNamespace(records=Records(fake, "rollbacks"), namespace="rollbacks")
    for module in (report_command, records_command):
        monkeypatch.setattr(module, "open_cluster", lambda _: cluster)
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *words: CliRunner().invoke(main, list(words))


def put(fake: FakeApi, name: str, **status: Any) -> None:
    made = format_precise(NOW - timedelta(hours=1))
    verdicts = [{"guard": "blame", "allowed": status["phase"] != "Refused", "reason": "r", "evidence": "e"}]
    to = {"revision": 6, "templateDigest": "six"}
    decision = {"rule": RULE, "mode": "dry-run", "at": made, "verdicts": verdicts, "to": to}
    raw = record(name, created=NOW, **{"decision": decision, **status})
    raw["spec"]["alert"]["startsAt"] = format_precise(NOW - timedelta(minutes=20))
    fake.put(f"{FOLDER}/{name}", **raw)


def aftermath(kind: str, seconds: int, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "at": format_time(NOW), "revision": 8, "tookSeconds": seconds, **more}


@pytest.fixture
def month(fake: FakeApi) -> None:
    """Five dry runs that people made themselves, one refusal, and one rollback that cured."""
    for number in range(5):
        ended = aftermath("RolledBackByHand", 60 * (10 + number), asChosen=True)
        put(fake, f"dry-{number}", phase="DryRun", aftermath=ended)
    put(fake, "no", phase="Refused", aftermath=aftermath("ClearedByItself", 300))
    at = format_precise(NOW)
    put(fake, "yes", phase="Succeeded", patchedAt=at, clearedAt=at, finishedAt=at)


@pytest.mark.usefixtures("month")
def test_report_is_a_page_of_eighty_columns(run: Run) -> None:
    done = run("report")
    assert (done.exit_code, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0][:3] == ["7", "records", "since"]
    for row in (
        ["DryRun", "5"],
        ["blame", "1"],
        [RULE, "dry-run", "100%", "of", "1", "0"],
        [RULE, "100%", "of", "5", "100%", "of", "5", "5", "12m", "1h"],
        ["rolled", "back", "1", "20m"],
        ["rolled", "back", "by", "hand", "5", "12m"],
        ["fixed", "forward", "0", "-"],
        ["by", "itself", "1", "5m"],
        ["Ready", "for", "the", "next", "mode:", RULE, "for", "approve"],
    ):
        assert row in rows


@pytest.mark.usefixtures("month")
def test_report_for_programs(run: Run) -> None:
    found = json.loads(run("report", "-o", "json", "--since", "1d").stdout)
    (rule,) = found["rules"]
    assert (rule["readyFor"], rule["savedSeconds"]) == ("approve", 3600)


def test_nothing_to_report_is_one_line(fake: FakeApi, run: Run) -> None:
    """A time without records; one that only refused has no table of what is not there."""
    assert run("report").stdout.startswith("0 records since ")
    assert len(run("report").stdout.splitlines()) == 1
    put(fake, "dry", phase="DryRun")
    told = run("report").stdout
    assert "none yet" in told
    assert "REFUSED BY" not in told
    assert told.endswith("Ready for the next mode: no rule\n")
    assert run("report", "--since", "10m").stdout.startswith("0 records since ")
    assert run("report", "--since", "soon").exit_code == 2


BY_HAND = {"rule": "by-hand", "at": format_precise(NOW)}


def test_rollbacks_that_people_ordered_are_told_apart(fake: FakeApi, run: Run) -> None:
    """Also where rules decided nothing; what they took over from a rule counts as an order too."""
    for name, phase in (("a", "Succeeded"), ("b", "Succeeded"), ("c", "Failed")):
        put(fake, name, phase=phase, decision=BY_HAND)
    first, ordered = run("report", "--since", "3h").stdout.split("\n\n")
    assert first.startswith("0 records since ")
    assert first.endswith(" (3h), decided by rules")
    assert ordered == "Rollbacks ordered by hand: 3 (1 Failed, 2 Succeeded)\n"
    before = {"rule": RULE, "mode": "dry-run", "phase": "DryRun", "at": format_precise(NOW)}
    put(fake, "d", phase=None, decision=BY_HAND, before=before)
    told = run("report").stdout.split("\n\n")
    assert told[0].startswith("1 records since ")
    assert told[1] == "Rollbacks ordered by hand: 4 (1 Failed, 2 Succeeded)"
    found = json.loads(run("report", "-o", "json").stdout)
    assert (found["records"], found["orderedByHand"]["records"]) == (1, 4)


def test_order_without_an_end_is_counted_all_the_same(fake: FakeApi, run: Run) -> None:
    put(fake, "a", phase=None, decision=BY_HAND)
    assert run("report").stdout.endswith("\n\nRollbacks ordered by hand: 1\n")


def test_order_of_another_version_is_left_out_and_named(fake: FakeApi, run: Run) -> None:
    put(fake, "odd", phase="Unheard", decision=BY_HAND)
    done = run("report")
    assert "by hand" not in done.stdout
    assert done.stderr.count("the record odd is left out") == 1


def test_record_of_another_version_is_left_out_and_named(fake: FakeApi, run: Run) -> None:
    put(fake, "dry", phase="DryRun")
    put(fake, "odd", phase="Unheard")
    done = run("report")
    assert (done.exit_code, done.stdout.splitlines()[0][:9]) == (0, "1 records")
    assert "the record odd is left out" in done.stderr


@pytest.mark.usefixtures("month")
def test_wide_list_says_what_came_of_it_and_how_right_the_rule_was(run: Run) -> None:
    header, *lines = run("list", "-o", "wide").stdout.splitlines()
    assert header.split()[-4:] == ["AFTERMATH", "REVIEW", "PRECISION", "SHADOW"]
    cells = {line.split()[0]: line for line in lines}
    assert "RolledBackByHand" in cells["dry-0"]
    assert cells["dry-0"].endswith("100% of 1   100% of 5")
    assert "AFTERMATH" not in run("list").stdout


def test_wide_list_of_what_no_rule_made(fake: FakeApi, run: Run) -> None:
    put(fake, "mine", phase="Succeeded", decision={"rule": "by-hand"})
    line = run("list", "-o", "wide").stdout.splitlines()[1]
    assert line.split()[-4:] == ["<none>"] * 4


def test_wide_list_leaves_a_record_of_another_version_out_of_the_score(fake: FakeApi, run: Run) -> None:
    put(fake, "odd", phase="DryRun", aftermath=aftermath("Unheard", 60))
    done = run("list", "-o", "wide")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split()[-4:] == ["Unheard", "<none>", "<none>", "<none>"]
    assert "the record odd is left out" in done.stderr


def test_show_tells_an_aftermath_of_another_version_as_it_stands(fake: FakeApi, run: Run) -> None:
    put(fake, "odd", phase="DryRun", aftermath=aftermath("Unheard", 60))
    put(fake, "odder", phase="DryRun", aftermath={"kind": "StillFiring", "at": "soon"})
    assert "Aftermath:   Unheard\n" in run("show", "odd").stdout
    assert "Aftermath:   StillFiring\n" in run("show", "odder").stdout


@pytest.mark.usefixtures("month")
def test_show_tells_the_aftermath_in_a_sentence(run: Run) -> None:
    told = run("show", "dry-0").stdout
    assert "Rolled back by hand to revision 8, the one that would have been chosen, 10m after" in told
    assert "Aftermath" not in run("show", "yes").stdout
