"""Templates of a rule's target: text in which `{{ $labels.NAME }}` stands for an alert's label."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TEMPLATE_PATTERN = r"([a-z0-9.-]|\{\{[ \t\r\n]*\$labels\.[a-zA-Z_][a-zA-Z0-9_]*[ \t\r\n]*\}\})+"
"""What parse_template takes, in the syntax that Python and JSON Schema share; not anchored."""

_WHOLE = re.compile(TEMPLATE_PATTERN)
_LABEL = re.compile(r"\{\{[ \t\r\n]*\$labels\.([a-zA-Z_][a-zA-Z0-9_]*)[ \t\r\n]*\}\}")


class MissingLabel(LookupError):
    """The alert does not have `label`, or has it empty, which Prometheus holds to be the same."""

    def __init__(self, label: str) -> None:
        super().__init__(f"the alert has no label {label}")
        self.label = label


@dataclass(frozen=True, slots=True)
class Template:
    """Parsed text: `parts` are, in turn, text as it stands and the name of a label."""

    text: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return self.text

    def render(self, labels: Mapping[str, str]) -> str:
        """Put an alert's labels in. The result is as hostile as they are.

        Raises:
            MissingLabel: the alert lacks a label; the first of several is named.
        """
        return "".join(
            _value(labels, part) if position % 2 else part for position, part in enumerate(self.parts)
        )


def parse_template(text: str) -> Template:
    """Read a template. Around the labels only what a Kubernetes name may hold is taken.

    Raises:
        ValueError: it is empty, holds another `{{ … }}`, or a character that no name may hold.

    Source: the syntax of Prometheus' alert templates, of which this is one expression.
    """
    if not text:
        raise ValueError("must not be empty")
    if _WHOLE.fullmatch(text):
        return Template(text, tuple(_LABEL.split(text)))
    rest = _LABEL.sub("", text)
    if "{{" in rest or "}}" in rest:
        raise ValueError("only {{ $labels.NAME }} may stand in double braces")
    odd = next(character for character in rest if not _WHOLE.fullmatch(character))
    raise ValueError(f"{odd!a} cannot stand in a Kubernetes name: use a-z, 0-9, '-', '.' and labels")


def _value(labels: Mapping[str, str], name: str) -> str:
    value = labels.get(name, "")
    if not value:
        raise MissingLabel(name)
    return value
