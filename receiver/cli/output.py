"""Objects as scripts read them: `-o json` and `-o yaml`."""

import json

import click
import yaml


def print_object(value: object, output: str) -> None:
    """Print a value that is made of plain lists and mappings."""
    text = json.dumps(value, indent=2) if output == "json" else yaml.safe_dump(value, sort_keys=False)
    click.echo(text.rstrip())
