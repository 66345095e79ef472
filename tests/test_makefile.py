"""What a newcomer's machine may lack, make says in a sentence."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOBODY = 65534
OLD = "#!/bin/sh\nexit 1\n"
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *venv*) exit 1;; esac\n'


def make(folder: Path, python: Path, *, user: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run `make demo` in a copy of what it reads before it installs anything."""
    command = ["make", "demo", f"PYTHON={python}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, user=user)


@pytest.fixture
def clone() -> Iterator[Path]:
    """A folder that everybody may read: pytest's own are its user's alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "requirements").mkdir()
        for file in ("Makefile", "pyproject.toml", "requirements/dev.txt"):
            shutil.copy(ROOT / file, folder / file)
        folder.chmod(0o755)
        yield folder


def program(folder: Path, text: str) -> Path:
    file = folder / "python3"
    file.write_text(text)
    file.chmod(0o755)
    return file


@pytest.mark.parametrize(
    ("python", "said"),
    [
        pytest.param(OLD, "Python 3.11 or newer is needed; set PYTHON=/path/to/python3", id="old Python"),
        pytest.param(WITHOUT_VENV, "has no venv module: install it", id="no venv module"),
    ],
)
def test_a_python_that_will_not_do_is_named(clone: Path, tmp_path: Path, python: str, said: str) -> None:
    answer = make(clone, program(tmp_path, python))
    assert answer.returncode == 2
    assert said in answer.stderr
    assert not (clone / ".venv").exists()


def test_a_folder_that_cannot_be_written_to_is_named(clone: Path) -> None:
    """Root may write anywhere: then somebody else runs make."""
    clone.chmod(0o555)
    answer = make(clone, Path("true"), user=NOBODY if os.getuid() == 0 else None)
    assert answer.returncode == 2
    assert f"{clone} cannot be written to: clone the project where you may write" in answer.stderr
    clone.chmod(0o755)


def test_clean_leaves_nothing_that_git_ignores(clone: Path) -> None:
    """But for what Python keeps beside each file."""
    ignored = (ROOT / ".gitignore").read_text().split()
    made = {name.rstrip("/").replace("*", "x") for name in ignored} - {"__pycache__"}
    for name in made:
        (clone / name).mkdir()
    subprocess.run(["make", "clean"], cwd=clone, check=True, capture_output=True)
    assert {path.name for path in clone.iterdir()} & made == set()
