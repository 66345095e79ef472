"""`test`: do the rules decide as their tests say. It needs no cluster."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import indent

import click

from receiver.cli.junit import junit_report
from receiver.cli.options import REFUSED, stop
from receiver.cli.verdicts import verdict_table
from receiver.policy.problems import plain
from receiver.policy.ruletests.document import Expectation
from receiver.policy.ruletests.trial import Decided, Opinion, Outcome
from receiver.ruletests import FileOutcome, run_rule_tests


@click.command("test")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write a JUnit report too.")
def test_command(files: tuple[Path, ...], junit: Path | None) -> None:
    """Run rule tests: no cluster, the same judgement.

    A failing test shows what was expected, what was decided, and every guard's verdict. Faults of the files
    go to standard error, one a line: FILE:LINE: test NAME: message.
    """
    outcomes = [run_rule_tests(file) for file in files]
    for outcome in outcomes:
        _tell(outcome)
    if junit is not None:
        _write(junit, junit_report(outcomes, told))
    if not all(outcome.passed for outcome in outcomes):
        raise click.exceptions.Exit(REFUSED)


def _tell(outcome: FileOutcome) -> None:
    click.echo(f"Rule tests: {outcome.file}")
    click.echo("  SUCCESS" if outcome.passed else "  FAILED:")
    for problem in outcome.problems:
        click.echo(problem, err=True)
    for failed in (one for one in outcome.outcomes if not one.passed):
        click.echo(indent(f"test {plain(failed.name)}:\n{indent(told(failed), '  ')}", "    "))
    click.echo()


def _write(file: Path, report: bytes) -> None:
    try:
        file.write_bytes(report)
    except OSError as e:
        stop(f"{file}: cannot be written: {e.strerror}", status=REFUSED)


def told(failed: Outcome) -> str:
    """Say what was expected, what was decided instead, and why: all its verdicts."""
    return "\n".join(_lines(failed))


def _lines(failed: Outcome) -> Iterator[str]:
    yield from [f"expected {_expected(expected)}" for expected in failed.missing] or ["expected no more"]
    yield from [f"decided  {_facts(decided.facts)}" for decided in failed.unexpected] or ["decided  no more"]
    for decided in failed.unexpected:
        for opinion in decided.opinions:
            yield _opinion(decided, opinion)


def _expected(expected: Expectation) -> str:
    return _facts(expected.given())


def _facts(facts: Mapping[str, object]) -> str:
    """Write a record as it would stand in the file."""
    return (
        "{" + ", ".join(f"{key}: {_value(value)}" for key, value in facts.items() if value is not None) + "}"
    )


def _value(value: object) -> str:
    return f"[{', '.join(sorted(value))}]" if isinstance(value, frozenset) else str(value)


def _opinion(decided: Decided, opinion: Opinion) -> str:
    rows = verdict_table(opinion.verdicts)
    about = decided.facts.get("target", "no target")
    return f"\n{about}, rule {opinion.rule} (mode {opinion.mode}): {opinion.phase}\n{rows}"
