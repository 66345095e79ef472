"""The rule files on disk: which ones, what they say, and whether they changed."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from receiver.files import read_text, stamp
from receiver.policy.problems import Problem
from receiver.policy.rulefile import RuleFile, combine, parse_rule_file
from receiver.policy.rules import GuardSettings, Ruleset

_RULE_FILE = re.compile(r"(?!\.)(?!.*[._]test\.ya?ml).*\.ya?ml", re.DOTALL)


class RulesError(ValueError):
    """The rule files cannot be used; `problems` are all of all files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def load_rules(paths: Iterable[Path], defaults: GuardSettings | None = None) -> Ruleset:
    """Read the rules of files and folders; None of them is fine, and a hint of the ruleset.

    `defaults` as for parse_rule_file. Take the fingerprint before, so that a change in between is noticed.

    Raises:
        RulesError: a path cannot be read, or a file or all of them together have problems.
    """
    rules = combine(read_rule_files(paths, defaults))
    if not isinstance(rules, Ruleset):
        raise RulesError(rules)
    return rules


def read_rule_files(paths: Iterable[Path], defaults: GuardSettings | None = None) -> tuple[RuleFile, ...]:
    """Read each rule file of files and folders once; one that cannot be read is one with a problem.

    Of a folder: `*.yaml` and `*.yml` by name, without hidden ones, tests (`*_test.yaml`, `*.test.yaml`) and
    folders in it. Links are followed, as a mounted ConfigMap needs.
    """
    files: dict[str, RuleFile] = {}
    for path in paths:
        for file in _rule_paths(path):
            if (place := os.path.realpath(file)) not in files:
                files[place] = _read_rule_file(file, defaults)
    return tuple(files.values())


def fingerprint(paths: Iterable[Path]) -> tuple[object, ...]:
    """Return something that stays equal until a rule file comes, goes or changes; as `stamp` of each."""
    return tuple((str(file), stamp(file)) for path in paths for file in _rule_paths(path))


def _rule_paths(path: Path) -> list[Path]:
    """Return the rule files in a folder; what is none, or cannot be listed, stands for itself."""
    try:
        if not path.is_dir():
            return [path]
        return [
            entry
            for entry in sorted(path.iterdir())
            if _RULE_FILE.fullmatch(entry.name) and not entry.is_dir()
        ]
    except OSError:
        return [path]


def _read_rule_file(file: Path, defaults: GuardSettings | None) -> RuleFile:
    content = read_text(file)
    if isinstance(content, Problem):
        return RuleFile(str(file), problems=(content,))
    return parse_rule_file(content, filename=str(file), defaults=defaults)
