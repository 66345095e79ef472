"""What the program imports is what pyproject.toml declares, and nothing that is declared lies idle."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOT_IMPORTED = {"tzdata"}
"""zoneinfo reads it where the system has no time zones."""


def imported() -> set[str]:
    """The distributions that the program's modules come from."""
    trees = [ast.parse(file.read_text()) for file in (ROOT / "receiver").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    modules = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"receiver"}
    known = packages_distributions()
    return {_normal(known[module][0]) if module in known else module for module in modules}


def declared() -> tuple[set[str], set[str]]:
    """The distributions that are always installed, and those of the extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [spec for specs in project["optional-dependencies"].values() for spec in specs]
    return {_name(spec) for spec in project["dependencies"]}, {_name(spec) for spec in extras}


def _name(spec: str) -> str:
    found = re.match(r"[\w.-]+", spec)
    assert found, spec
    return _normal(found[0])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_import_is_declared() -> None:
    """A package that only another one brings may go with the other's next version."""
    always, extras = declared()
    assert imported() - extras == always - NOT_IMPORTED
