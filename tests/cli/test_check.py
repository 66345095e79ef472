import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from receiver.cli.check import check, schema
from receiver.policy.schema import rule_file_schema

RULE = "- name: {name}\n  matchers: [alertname=Down]\n  for: 5m\n"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(check, [str(argument) for argument in arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.yaml"


def test_valid_rules_are_counted_on_standard_output(file: Path) -> None:
    file.write_text("rules:\n" + RULE.format(name="a") + RULE.format(name="b"))
    file.with_name("cart.yaml").write_text("rules:\n" + RULE.format(name="c"))
    result = run(file.parent)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "3 rules in 2 files: ok\n", "")


def test_problems_stand_on_standard_error_one_a_line(file: Path) -> None:
    file.write_text("rules:\n- name: a\n  mode: aprove\n")
    result = run(file, file.with_name("none.yaml"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"{file}:2: rule a: matchers: is missing",
        f"{file}:3: rule a: mode: 'aprove' is unknown: did you mean approve?",
        f"{file.with_name('none.yaml')}: cannot be read: No such file or directory",
    ]


def test_hints_forbid_nothing(file: Path) -> None:
    file.write_text("rules:\n- name: a\n  matchers: [alertname=Down]\n")
    result = run(file)
    assert (result.exit_code, result.stdout) == (0, "1 rules in 1 files: ok\n")
    hint = "no `for`: copy the alert's own, which tells when its trouble began, or `0s`"
    assert result.stderr == f"{file}:2: rule a: hint: {hint}\n"


def test_no_rules_at_all_are_a_hint(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert (result.exit_code, result.stdout) == (0, "0 rules in 0 files: ok\n")
    assert result.stderr == "hint: no rules: nothing will be rolled back\n"


@pytest.mark.parametrize("arguments", [(), ("--strict", ".")], ids=["no-path", "unknown-option"])
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_the_schema_is_printed_as_json() -> None:
    result = CliRunner().invoke(schema)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == rule_file_schema()
