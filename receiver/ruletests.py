"""Rule test files on disk: read together with the rules that they name, and run."""

from dataclasses import dataclass
from pathlib import Path

from receiver.files import read_text
from receiver.policy.problems import Problem
from receiver.policy.rulefile import combine
from receiver.policy.rules import Ruleset
from receiver.policy.ruletests.file import parse_rule_tests
from receiver.policy.ruletests.trial import Outcome, try_test
from receiver.rulefiles import read_rule_files


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """How the tests of a file came out; where it or its rules have `problems`, nothing was run."""

    file: Path
    outcomes: tuple[Outcome, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def passed(self) -> bool:
        """Tell whether every test passed."""
        return not self.problems and all(outcome.passed for outcome in self.outcomes)


def run_rule_tests(file: Path) -> FileOutcome:
    """Run the tests of one file; its rules are found from the folder that it stands in."""
    content = read_text(file)
    if isinstance(content, Problem):
        return FileOutcome(file, problems=(content,))
    parsed = parse_rule_tests(content, filename=str(file))
    document = parsed.document
    if document is None:
        return FileOutcome(file, problems=parsed.problems)
    paths = (file.parent / path for path in document.rules)
    ruleset = combine(read_rule_files(paths, document.settings.defaults))
    if not isinstance(ruleset, Ruleset):
        return FileOutcome(file, problems=ruleset)
    installation = document.settings
    outcomes = (try_test(test, ruleset=ruleset, installation=installation) for test in document.tests)
    return FileOutcome(file, tuple(outcomes))
