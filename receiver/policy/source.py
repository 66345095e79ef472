"""YAML text to plain data that knows its lines: the part of YAML that has one meaning for every reader.

Only `true` and `false` are booleans, integers are decimal, and everything else that stands bare is a string:
`off`, `1.5`, `2026-05-01`. Tags, anchors, aliases, duplicate keys, keys that are no strings and a second
document are refused, and so is what is too big or too deep. It reads the parser's events, not its nodes:
there tags still show, and no file is too deep for the parser before it is too deep for us.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from receiver.policy.problems import Fault, Path, Problem, by_line, keyed, quoted, shown, within

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_VALUE = re.compile("[\x00\ud800-\udfff]")
_INTEGER = re.compile("-?(0|[1-9][0-9]{0,17})")
_TOO_LONG = re.compile("-?[1-9][0-9]{18,}")
_QUOTED = frozenset("'\"|>")
_BARE = {"": None, "~": None, "null": None, "true": True, "false": False}


class SourceError(ValueError):
    """The text cannot be read; `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True)
class Source:
    """What a text says: dicts, lists, strings, integers, booleans and None, in `data`.

    `faults` is what was refused and read over; the values at `unread` are then unknown, None stands there.
    """

    data: Any
    lines: Mapping[Path, int]
    faults: tuple[SourceError, ...] = ()
    unread: frozenset[Path] = frozenset()

    def line(self, path: Path) -> int:
        """Return the line of a key or list item, from 1; of what holds it where the path leads nowhere."""
        known = next(n for n in range(len(path), -1, -1) if path[:n] in self.lines or not n)
        return self.lines.get(path[:known], 1)

    def problems(
        self,
        filename: str,
        faults: Iterable[Fault],
        rules: Mapping[Path, str] | None = None,
        *,
        noun: str = "rule",
    ) -> tuple[Problem, ...]:
        """Tell the text's own faults and those that were found in its data, in the order of the lines.

        `rules` are the names of the rules that stand at a path; the keys of a fault within one start there.
        `noun` is what they are where they are no rules.
        Faults found where the text itself could not be read are left out: they say nothing new.
        """
        named = rules or {}
        problems = [
            Problem(filename, fault.line, self._rule_at(fault.line, named), fault.message, noun)
            for fault in self.faults
        ]
        for fault in faults:
            if not within(fault.path, self.unread):
                rule = named.get(fault.path[:2])
                path = fault.path if rule is None else fault.path[2:]
                line, message = self.line(fault.path), keyed(path, fault.message)
                problems.append(Problem(filename, line, rule, message, noun))
        return by_line(problems)

    def _rule_at(self, line: int, named: Mapping[Path, str]) -> str | None:
        """Return the rule that a line stands in, None where it is in none, or in one without a name."""
        before = [(start, len(path), path) for path, start in self.lines.items() if start <= line]
        *_, holder = max((place for place in before if place[1] <= 2), default=(0, 0, ()))
        return named.get(holder)


def parse_source(text: str) -> Source:
    """Read a text without a fault.

    Raises:
        SourceError: it has one; the first is named.
    """
    source = survey_source(text)
    for fault in source.faults:
        raise fault
    return source


def survey_source(text: str) -> Source:
    """Read a text whatever its faults, so that all of them, and those of its values, can be told at once."""
    reader = _Reader()
    try:
        _refuse_unreadable(text)
        data = reader.document(yaml.parse(text, Loader=_LOADER))
    except SourceError as e:
        reader.faults.append(e)
    except yaml.YAMLError as e:
        reader.faults.append(_not_yaml(e))
    except ValueError:
        # PyYAML's own parser on an escape like "\U00110000"; libyaml's names the line.
        reader.faults.append(SourceError(1, "not YAML: an escape names no character"))
    else:
        return Source(data, reader.lines, _in_order(reader.faults), frozenset(reader.unread))
    return Source(None, {}, _in_order(reader.faults), frozenset({()}))


class _Reader:
    """Builds data from events; what it refuses and can read over, it notes and goes on."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[SourceError] = []
        self.unread: set[Path] = set()
        self.events: Iterator[yaml.Event] = iter(())

    def document(self, events: Iterator[yaml.Event]) -> Any:
        """Read the only document of a stream; an empty stream says nothing, which is None."""
        self.events = events
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            return None
        event = next(events)
        self.lines[()] = _line(event)
        data = self.node(event, ())
        next(events)
        if not isinstance(event := next(events), yaml.StreamEndEvent):
            raise SourceError(_line(event), "a second document begins: a file holds one")
        return data

    def node(self, event: yaml.Event, path: Path) -> Any:
        self.refuse_extras(event, path)
        if isinstance(event, yaml.AliasEvent):
            return None
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if len(path) >= MAX_DEPTH:
            raise SourceError(_line(event), f"nested more than {MAX_DEPTH} deep")
        return self.items(path) if isinstance(event, yaml.SequenceStartEvent) else self.mapping(path)

    def refuse_extras(self, event: yaml.Event, path: Path) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            self.unread.add(path)
            self.refuse(event, f"alias {quoted(str(anchor))}: aliases are not taken, write the value out")
        elif anchor is not None:
            self.refuse(event, f"anchor {quoted(anchor)}: aliases are not taken, so leave it out")
        if tag is not None:
            self.unread.add(path)
            self.refuse(event, f"tag {quoted(tag)}: leave it out, and put what should be a string in quotes")

    def items(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            at = (*path, len(found))
            self.lines.setdefault(at, _line(event))
            found.append(self.node(event, at))
        return found

    def mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event, path)
            at = (*path, key or "")
            first = self.lines.setdefault(at, _line(event))
            value = self.node(next(self.events), at)
            if key in found:
                self.refuse(event, f"key {quoted(key)} for the second time, first on line {first}")
            elif key is not None:
                found[key] = value
        return found

    def key(self, event: yaml.Event, path: Path) -> str | None:
        """Read a key; None for what cannot be one, such as a mapping (a template without quotes)."""
        key = self.node(event, (*path, ""))
        if isinstance(key, str):
            return key
        if isinstance(event, yaml.ScalarEvent):
            self.refuse(event, f"a key must be a string, not {shown(key)}: put it in quotes")
        elif not isinstance(event, yaml.AliasEvent):
            self.unread.add(path)
            self.refuse(
                event, f"{shown(key)} where a key should be: text that begins with {{ or [ needs quotes"
            )
        return None

    def refuse(self, event: yaml.Event, message: str) -> None:
        self.faults.append(SourceError(_line(event), message))


def _scalar(event: yaml.ScalarEvent) -> str | int | bool | None:
    text: str = event.value
    if hidden := _NO_VALUE.search(text):
        raise SourceError(_line(event), _not_allowed(hidden))
    if event.style in _QUOTED:
        return text
    if _TOO_LONG.fullmatch(text):
        raise SourceError(_line(event), "an integer of more than 18 digits: put it in quotes if it is text")
    return int(text) if _INTEGER.fullmatch(text) else _BARE.get(text, text)


def _refuse_unreadable(text: str) -> None:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise SourceError(1, "larger than 1 MiB: split it")
    if hidden := _NO_TEXT.search(text):
        raise SourceError(text.count("\n", 0, hidden.start()) + 1, _not_allowed(hidden))


def _not_allowed(hidden: re.Match[str]) -> str:
    return f"the character U+{ord(hidden.group()):04X} may not stand in a file"


def _not_yaml(error: yaml.YAMLError) -> SourceError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = [getattr(error, "context", None), getattr(error, "problem", None)]
    words = " ".join(", ".join(filter(None, said)).split())
    return SourceError(mark.line + 1 if mark else 1, f"not YAML: {ascii(words)[1:-1]}")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _in_order(faults: list[SourceError]) -> tuple[SourceError, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line))
