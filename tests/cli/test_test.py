"""`rollback-receiver test`: exit status, the words of a failure, and the report for CI."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from receiver.cli.main import main

RULES = """\
rules:
  - name: errors
    matchers: [alertname=Errors]
    for: 0s
    mode: auto
"""
TESTS = """\
rules: [%(rules)s]
settings: {mode: %(mode)s}
tests:
  - name: a fresh release
    workloads:
      - kind: Deployment
        namespace: shop
        name: cart
        revisions: [{revision: 1, rolled_out: 9d}, {revision: 2, rolled_out: 9m}]
    alerts: [{age: 1m, labels: {alertname: Errors, namespace: shop, deployment: cart}}]
    expect: [{phase: Pending, to: 1}]
  - name: nothing
    alerts: []
    expect: []
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["test", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(RULES)
    return tmp_path


def write(folder: Path, name: str = "good", *, mode: str = "auto", rules: str = "../shop.yaml") -> Path:
    file = folder / "tests" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(TESTS % {"mode": mode, "rules": rules})
    return file


def test_tests_that_pass_are_a_line_for_each_file(folder: Path) -> None:
    """The rules are found from where the test file stands."""
    good, other = write(folder), write(folder, "other", rules="..")
    result = run(good, other)
    assert result.stdout == f"Rule tests: {good}\n  SUCCESS\n\nRule tests: {other}\n  SUCCESS\n\n"
    assert (result.exit_code, result.stderr) == (0, "")


def test_failure_says_what_was_expected_and_decided_and_every_verdict(folder: Path) -> None:
    bad = write(folder, mode="dry-run")
    result = run(bad)
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert lines[:4] == [
        f"Rule tests: {bad}",
        "  FAILED:",
        "    test 'a fresh release':",
        "      expected {phase: Pending, to: 1}",
    ]
    facts = "rule: errors, target: Deployment/shop/cart, phase: DryRun, from: 2, to: 1, blocked_by: []"
    assert lines[4] == f"      decided  {{{facts}}}"
    assert lines[6] == "      Deployment/shop/cart, rule errors (mode dry-run): DryRun"
    verdicts = [line.split()[:2] for line in lines[8:-1]]
    assert ["blame", "allow"] in verdicts
    assert ["stale", "allow"] in verdicts


def test_failure_for_want_of_a_record_says_so(folder: Path) -> None:
    result = run(write(folder, mode="off"))
    assert "      expected {phase: Pending, to: 1}\n      decided  no more\n" in result.stdout


def test_failure_for_a_record_too_many_says_so(folder: Path) -> None:
    file = write(folder)
    file.write_text(file.read_text().replace("[{phase: Pending, to: 1}]", "[]"))
    assert "      expected no more\n      decided  {rule: errors, target: " in run(file).stdout


def test_target_that_was_not_found_is_shown_as_none(folder: Path) -> None:
    file = write(folder)
    file.write_text(file.read_text().replace("deployment: cart", "deployment: gone"))
    assert "\n      no target, rule errors (mode auto): Refused\n" in run(file).stdout


def test_faults_of_the_tests_and_of_their_rules_stand_on_standard_error(folder: Path) -> None:
    """One a line; the other files are run all the same."""
    bad, good = write(folder, "bad", mode="atuo"), write(folder)
    lost, none = write(folder, "lost", rules="../none.yaml"), folder / "none.yaml"
    result = run(bad, lost, none, good)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{bad}:2: settings.mode: 'atuo' is unknown: did you mean auto?",
        f"{lost.parent / '../none.yaml'}: cannot be read: No such file or directory",
        f"{none}: cannot be read: No such file or directory",
    ]
    assert [line for line in result.stdout.splitlines() if line.startswith("  ")] == [
        *["  FAILED:"] * 3,
        "  SUCCESS",
    ]


@pytest.mark.parametrize("arguments", [(), ("--verbose", "x")], ids=["no-file", "unknown-option"])
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def report(folder: Path, *files: Path) -> ElementTree.Element:
    run("--junit", folder / "report.xml", *files)
    return ElementTree.parse(folder / "report.xml").getroot()


def test_report_has_a_suite_for_each_file_and_a_case_for_each_test(folder: Path) -> None:
    good, bad = write(folder), write(folder, "bad", mode="dry-run")
    root = report(folder, good, bad)
    assert [suite.attrib for suite in root] == [
        {"name": str(good), "tests": "2", "failures": "0", "errors": "0"},
        {"name": str(bad), "tests": "2", "failures": "1", "errors": "0"},
    ]
    cases = [(case.get("classname"), case.get("name"), len(case)) for case in root[1]]
    assert cases == [(str(bad), "a fresh release", 1), (str(bad), "nothing", 0)]


def test_failure_in_the_report_names_what_was_expected_and_decided(folder: Path) -> None:
    failure = report(folder, write(folder, mode="dry-run")).find(".//failure")
    assert failure is not None
    message = failure.get("message", "")
    assert message.startswith("expected {phase: Pending, to: 1}; decided {rule: errors, ")
    assert "\nblame " in (failure.text or "")


def test_faults_of_a_file_are_one_error_in_the_report(folder: Path) -> None:
    bad = write(folder, mode="atuo")
    bad.write_text(bad.read_text() + "more: 1\n")
    (suite,) = report(folder, bad)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "1")
    (error,) = suite.iter("error")
    assert error.get("message") == f"{bad}:2: settings.mode: 'atuo' is unknown: did you mean auto?"
    assert "more: unknown key" in (error.text or "")


def test_report_is_xml_whatever_stands_in_a_test(folder: Path) -> None:
    """YAML's escapes can name characters that XML does not have."""
    file = write(folder)
    file.write_text(file.read_text().replace("name: nothing", 'name: "a\\e<b>"'))
    (suite,) = report(folder, file)
    assert suite[1].get("name") == "a\ufffd<b>"


def test_report_that_cannot_be_written_ends_with_1(folder: Path) -> None:
    result = run("--junit", folder / "none" / "report.xml", write(folder))
    assert result.exit_code == 1
    assert "report.xml: cannot be written: No such file or directory" in result.stderr
