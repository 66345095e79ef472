"""The rules that are delivered decide as their tests say, and incidents of the field come out right."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from receiver.cli.main import main
from receiver.cli.test import told
from receiver.policy.guards import NAMES
from receiver.policy.ruletests.file import parse_rule_tests
from receiver.policy.ruletests.trial import Outcome
from receiver.policy.vocabulary import Mode
from receiver.rulefiles import load_rules
from receiver.ruletests import run_rule_tests

ROOT = Path(__file__).parent.parent
RULES = sorted((ROOT / "rules").glob("*.yaml"))
CORPUS = sorted((ROOT / "tests" / "corpus").glob("*.yaml"))


def outcomes(file: Path) -> tuple[Outcome, ...]:
    """Run a file of tests; none of them passes because there is none."""
    done = run_rule_tests(file)
    assert [str(problem) for problem in done.problems] == []
    assert done.outcomes
    return done.outcomes


def failures(file: Path) -> str:
    return "\n".join(f"{one.name}:\n{told(one)}" for one in outcomes(file) if not one.passed)


@pytest.mark.parametrize("rules", RULES, ids=lambda file: file.stem)
def test_shipped_rules_decide_as_their_tests_say(rules: Path) -> None:
    tests = rules.parent / "tests" / rules.name
    assert failures(tests) == ""
    assert len(outcomes(tests)) >= 8


@pytest.mark.parametrize("rules", RULES, ids=lambda file: file.stem)
def test_each_shipped_rule_acts_and_refuses_in_some_test(rules: Path) -> None:
    """A rule that no test sees act could be one that never does."""
    document = parse_rule_tests((rules.parent / "tests" / rules.name).read_text(), filename="F").document
    assert document is not None
    seen = {(expected.rule, str(expected.phase)) for test in document.tests for expected in test.expect}
    for rule in load_rules([rules]).rules:
        assert {(rule.name, "DryRun"), (rule.name, "Refused")} <= seen


def test_folder_of_shipped_rules_is_valid_without_a_hint_and_all_in_dry_run() -> None:
    """Its tests and Prometheus' rules lie in folders of their own, which are not read with it."""
    result = CliRunner().invoke(main, ["check", str(ROOT / "rules")])
    rules = load_rules([ROOT / "rules"]).rules
    assert (result.exit_code, result.output) == (0, f"{len(rules)} rules in {len(RULES)} files: ok\n")
    assert {rule.mode for rule in rules} == {Mode.DRY_RUN}


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_incidents_of_the_field_come_out_as_they_should(file: Path) -> None:
    assert failures(file) == ""


def test_corpus_is_large_and_names_its_sources() -> None:
    assert sum(len(outcomes(file)) for file in CORPUS) >= 60
    for file in CORPUS:
        head = re.match(r"(#.*\n)+", file.read_text())
        assert head, file
        assert "ource" in head.group()


def test_each_guard_alone_decides_an_incident() -> None:
    """But firing, which is for later acts than a payload's judgement."""
    documents = (parse_rule_tests(file.read_text(), filename="F").document for file in CORPUS)
    tests = (test for document in documents if document for test in document.tests)
    alone = {expected.blocked_by for test in tests for expected in test.expect}
    assert alone >= {(guard,) for guard in NAMES if guard != "firing"}


def shown(language: str) -> str:
    section = (ROOT / "docs" / "rules.md").read_text().partition("\n## Rule tests\n")[2]
    (block,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return str(block)


def test_command_on_the_page_of_rules_works_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    program, *arguments = shown("sh").split()
    assert program == "rollback-receiver"
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.output) == (0, f"Rule tests: {arguments[1]}\n  SUCCESS\n\n")


def test_example_on_the_page_of_rules_works_as_written(tmp_path: Path) -> None:
    """Beside the rules that it names."""
    shutil.copy(ROOT / "rules" / "http-errors.yaml", tmp_path)
    file = tmp_path / "tests" / "http-errors.yaml"
    file.parent.mkdir()
    file.write_text(shown("yaml"))
    assert failures(file) == ""


def test_names_of_incidents_are_told_apart() -> None:
    names = [one.name for file in CORPUS for one in outcomes(file)]
    assert len(set(names)) == len(names)
