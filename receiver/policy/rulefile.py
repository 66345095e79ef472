"""A rule file: from text to rules, every problem told by file, line and rule. Others read the file itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from receiver.policy.parsing import Parsed
from receiver.policy.problems import Fault, Problem, by_line
from receiver.policy.record import BY_HAND
from receiver.policy.rules import GuardSettings, Rule, Ruleset
from receiver.policy.source import Source, survey_source


class RuleDocument(Parsed):
    """Rules for rollback-receiver: which alerts mean that a workload goes back to its last good revision."""

    rules: tuple[Rule, ...]
    """The rules of this file. A rule's name is unique over all files."""


@dataclass(frozen=True, slots=True)
class RuleName:
    """A name that a rule gives itself, at which position of its file's list (from 0) and on which line."""

    name: str
    position: int
    line: int


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What a rule file says. `rules` is empty where there are `problems`; `hints` forbid nothing.

    `names` are there whether the rules have problems or not.
    """

    filename: str
    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()
    hints: tuple[Problem, ...] = ()
    names: tuple[RuleName, ...] = ()


def parse_rule_file(text: str, *, filename: str, defaults: GuardSettings | None = None) -> RuleFile:
    """Read a rule file, or tell all that is wrong with it, in the order of its lines.

    `defaults` are the installation's guard settings, for what a rule leaves out; None: the built-in ones.
    """
    source = survey_source(text)
    names = tuple(_names(source))
    document = RuleDocument.parse(source.data, {"defaults": defaults or GuardSettings()})
    faults = [*_repeated(names), *_reserved(names), *(() if isinstance(document, RuleDocument) else document)]
    problems = source.problems(filename, faults, {("rules", entry.position): entry.name for entry in names})
    if problems or not isinstance(document, RuleDocument):
        return RuleFile(filename, problems=problems, names=names)
    return RuleFile(filename, document.rules, hints=tuple(_hints(filename, names, document)), names=names)


def combine(files: Iterable[RuleFile]) -> Ruleset | tuple[Problem, ...]:
    """Put the rules of all files together, in their order, or return the problems of all files.

    A name that two files use is a problem of the later one.
    """
    rules, problems, taken = list[Rule](), list[Problem](), dict[str, str]()
    for file in files:
        repeated = (
            Problem(file.filename, entry.line, entry.name, f"name: taken by a rule at {taken[entry.name]}")
            for entry in file.names
            if entry.name in taken
        )
        problems += by_line([*file.problems, *repeated])
        taken = {entry.name: f"{file.filename}:{entry.line}" for entry in file.names} | taken
        rules += file.rules
    return tuple(problems) or Ruleset(tuple(rules))


def _names(source: Source) -> Iterator[RuleName]:
    rules = source.data.get("rules") if isinstance(source.data, dict) else None
    for position, rule in enumerate(rules if isinstance(rules, list) else []):
        name = rule.get("name") if isinstance(rule, dict) else None
        if isinstance(name, str) and name:
            yield RuleName(name, position, source.line(("rules", position, "name")))


def _repeated(names: Iterable[RuleName]) -> Iterator[Fault]:
    first: dict[str, RuleName] = {}
    for entry in names:
        if first.setdefault(entry.name, entry) is not entry:
            message = f"taken by a rule on line {first[entry.name].line}"
            yield Fault(("rules", entry.position, "name"), message)


def _reserved(names: Iterable[RuleName]) -> Iterator[Fault]:
    for entry in names:
        if entry.name == BY_HAND:
            message = f"{BY_HAND} stands for rollbacks that people order with `undo`: choose another name"
            yield Fault(("rules", entry.position, "name"), message)


def _hints(filename: str, names: Iterable[RuleName], document: RuleDocument) -> Iterator[Problem]:
    for entry in names:
        for hint in document.rules[entry.position].hints():
            yield Problem(filename, entry.line, entry.name, f"hint: {hint}")
