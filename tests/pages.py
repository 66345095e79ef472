"""The project's pages as their readers see them: links, anchors, code blocks, tables."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("helm/*/README.md")])

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")


@dataclass(frozen=True)
class MarkdownPage:
    """One page of Markdown."""

    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def prose(self) -> str:
        """The text without its code blocks."""
        return _BLOCK.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        """Return the code blocks of a language, without the indentation of their list."""
        found = _BLOCK.findall(self.text)
        return [textwrap.dedent(code) for _, named, code in found if named == language]

    def codes(self) -> list[str]:
        """Return what stands between backticks in sentences and tables."""
        return [code.strip("`") for code in _CODE.findall(self.prose)]

    def links(self) -> list[str]:
        """Return where the page's links and pictures lead."""
        return _LINK.findall(_CODE.sub("", self.prose))

    def anchors(self) -> set[str]:
        """Return the names that headings have on GitHub."""
        return {_anchor(heading) for heading in _HEADING.findall(self.prose)}

    def rows(self, *header: str) -> Iterator[list[str]]:
        """Yield the cells of each row of the table with this header.

        Raises:
            ValueError: the page has no such table.
        """
        lines = iter(self.text.splitlines())
        if not any(_cells(line) == list(header) for line in lines):
            raise ValueError(f"{self.path.name} has no table with the header {' | '.join(header)}")
        next(lines)
        for line in lines:
            if not line.startswith("|"):
                return
            yield _cells(line)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" |")] if line.startswith("|") else []


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.replace(" ", "-")
