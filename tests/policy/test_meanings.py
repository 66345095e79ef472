"""What the settings of a rule mean, by rule tests at the edge of each: to the second, to the last one."""

from pathlib import Path

import pytest

from receiver.cli.test import told
from receiver.policy.ruletests.trial import Outcome
from receiver.ruletests import run_rule_tests

FILES = sorted((Path(__file__).parent / "meanings").glob("*.yaml"))
RUNS = [run_rule_tests(file) for file in FILES]
OUTCOMES = [pytest.param(one, id=one.name.replace(" ", "-")) for run in RUNS for one in run.outcomes]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_file_is_read_and_has_tests(file: Path) -> None:
    run = run_rule_tests(file)
    assert [str(problem) for problem in run.problems] == []
    assert run.outcomes


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_setting_means_what_it_says(outcome: Outcome) -> None:
    assert outcome.passed, told(outcome)
