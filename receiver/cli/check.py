"""`check` and `schema`: are these rules valid, and what is valid. Neither needs a cluster."""

import json
from pathlib import Path

import click

from receiver.policy.rulefile import combine
from receiver.policy.rules import Ruleset
from receiver.policy.schema import rule_file_schema
from receiver.rulefiles import read_rule_files


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(paths: tuple[Path, ...]) -> None:
    """Say whether rule files, or all in a folder, are valid.

    Problems and hints go to standard error, one a line: FILE:LINE: rule NAME: message. Hints forbid nothing.
    """
    files = read_rule_files(paths)
    rules = combine(files)
    if not isinstance(rules, Ruleset):
        for problem in rules:
            click.echo(problem, err=True)
        raise click.exceptions.Exit(1)
    for hint in (hint for file in files for hint in file.hints):
        click.echo(hint, err=True)
    if not rules.rules:
        click.echo(f"hint: {rules.hints()[0]}", err=True)
    click.echo(f"{len(rules.rules)} rules in {len(files)} files: ok")


@click.command()
def schema() -> None:
    """Print the rule file's JSON Schema, for editors."""
    click.echo(json.dumps(rule_file_schema(), indent=2, ensure_ascii=False))
