"""CONTRIBUTING's first guard, made by doing what the page says, in a copy: nothing of it may go stale."""

import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = (
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md", "pyproject.toml"),
    *("docs", "helm", "receiver", "rules", "tests"),
)
SECTION = (ROOT / "CONTRIBUTING.md").read_text().partition("\n## A first guard\n")[2].partition("\n## ")[0]
STEP = re.compile(r"```(python|sh)\n(.*?)\n +```", re.DOTALL)
OWED = re.compile(r"^ *\| (tests/\S+) \|", re.MULTILINE)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a guard needs of a checkout, with this one's packages."""
    folder = tmp_path_factory.mktemp("clone")
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy2(source, folder)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def steps() -> Iterator[tuple[str, str]]:
    """Yield what the section has one do, in order: a file's name and content, or "sh" and commands."""
    files = re.findall(r"in `([\w/]+\.py)`", SECTION)
    for language, block in STEP.findall(SECTION):
        yield (files.pop(0) if language == "python" else "sh"), textwrap.dedent(block.lstrip("\n")) + "\n"
    assert not files


def test_the_page_makes_a_guard_that_passes_all_checks_of_its_own(clone: Path) -> None:
    """Then the tests that the page names fail, and say what else is owed."""
    done = []
    for name, text in steps():
        if name == "sh":
            answer = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", text],
                cwd=clone,
                capture_output=True,
                text=True,
                check=False,
            )
            assert answer.returncode == 0, f"{text}\n{answer.stdout}{answer.stderr}"
            done.append(answer.stdout)
        else:
            (clone / name).write_text(text)
    assert re.search(r"\b5 passed\b", done[-1])
    owed = OWED.findall(SECTION)
    assert len(owed) == 4
    for file in owed:
        command = [
            ".venv/bin/python",
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            file,
        ]
        answer = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
        assert answer.returncode == 1, f"{file}: {answer.stdout}{answer.stderr}"
        assert "floating" in answer.stdout, answer.stdout
