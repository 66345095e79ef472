"""A rule test file: from text to tests, every problem told by file, line and test."""

from dataclasses import dataclass

from receiver.policy.problems import Path, Problem
from receiver.policy.ruletests.document import RuleTestDocument
from receiver.policy.source import Source, survey_source


@dataclass(frozen=True, slots=True)
class RuleTestFile:
    """What a test file says; `document` is None where there are `problems`."""

    document: RuleTestDocument | None
    problems: tuple[Problem, ...] = ()


def parse_rule_tests(text: str, *, filename: str) -> RuleTestFile:
    """Read a test file, or tell all that is wrong with it, in the order of its lines."""
    source = survey_source(text)
    document = RuleTestDocument.parse(source.data)
    faults = () if isinstance(document, RuleTestDocument) else document
    problems = source.problems(filename, faults, _names(source), noun="test")
    if problems or not isinstance(document, RuleTestDocument):
        return RuleTestFile(None, problems)
    return RuleTestFile(document)


def _names(source: Source) -> dict[Path, str]:
    tests = source.data.get("tests") if isinstance(source.data, dict) else None
    named = enumerate(tests if isinstance(tests, list) else [])
    names = {("tests", position): test.get("name") for position, test in named if isinstance(test, dict)}
    return {path: name for path, name in names.items() if isinstance(name, str) and name}
