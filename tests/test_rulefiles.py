import os
from datetime import timedelta
from pathlib import Path

import pytest

from receiver.policy.rules import GuardSettings, Ruleset
from receiver.policy.source import MAX_BYTES
from receiver.rulefiles import RulesError, fingerprint, load_rules, read_rule_files


def write(path: Path, name: str = "shop") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"rules:\n- name: {name}\n  matchers: [alertname=Down]\n")
    return path


def names(*paths: Path) -> list[str]:
    return [rule.name for rule in load_rules(paths).rules]


def problems(*paths: Path) -> list[str]:
    with pytest.raises(RulesError) as caught:
        load_rules(paths)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def mount(folder: Path, version: str, name: str) -> None:
    """Do what the kubelet does when a ConfigMap changes: a new folder, and one link renamed onto the old."""
    folder.mkdir(exist_ok=True)
    write(folder / version / "rules.yaml", name)
    (folder / "..tmp").symlink_to(version)
    (folder / "..tmp").rename(folder / "..data")
    if not (folder / "rules.yaml").is_symlink():
        (folder / "rules.yaml").symlink_to("..data/rules.yaml")


class TestLoading:
    def test_files_are_read_in_the_order_given_whatever_they_are_called(self, tmp_path: Path) -> None:
        assert names(write(tmp_path / "b.txt", "b"), write(tmp_path / "a_test.yaml", "a")) == ["b", "a"]

    def test_of_a_folder_the_rule_files_are_read_by_name(self, tmp_path: Path) -> None:
        for file in ("b.yml", "a.yaml", "c.d.yaml"):
            write(tmp_path / file, file[0])
        assert names(tmp_path) == ["a", "b", "c"]

    @pytest.mark.parametrize(
        "file",
        [
            ".hidden.yaml",
            "shop_test.yaml",
            "shop.test.yml",
            "README.md",
            "shop.yaml.bak",
            "shop.YAML",
            "sub/shop.yaml",
        ],
    )
    def test_of_a_folder_nothing_else_is_read(self, tmp_path: Path, file: str) -> None:
        write(tmp_path / file)
        assert names(tmp_path) == []

    def test_a_folder_that_is_called_like_a_rule_file_is_passed_over(self, tmp_path: Path) -> None:
        write(tmp_path / "sub.yaml" / "a.yaml")
        assert names(tmp_path) == []

    def test_a_mounted_configmap_is_read_once(self, tmp_path: Path) -> None:
        mount(tmp_path / "rules", "..2026_05_01", "shop")
        assert names(tmp_path / "rules") == ["shop"]

    def test_a_file_named_twice_is_read_once(self, tmp_path: Path) -> None:
        file = write(tmp_path / "a.yaml")
        (tmp_path / "b.yaml").symlink_to(file)
        assert names(tmp_path, file) == ["shop"]

    def test_the_installations_defaults_hold(self, tmp_path: Path) -> None:
        defaults = GuardSettings(cooldown=timedelta(hours=3))
        assert load_rules([write(tmp_path / "a.yaml")], defaults).rules[0].guards == defaults

    def test_no_rules_are_allowed_and_a_hint(self, tmp_path: Path) -> None:
        assert load_rules([]) == load_rules([tmp_path]) == Ruleset()
        assert load_rules([tmp_path]).hints()

    def test_the_order_of_a_folders_files_is_not_the_disks(self, tmp_path: Path) -> None:
        for name in ("c", "a", "b"):
            write(tmp_path / f"{name}.yaml", name)
        assert [Path(file.filename).name for file in read_rule_files([tmp_path])] == [
            "a.yaml",
            "b.yaml",
            "c.yaml",
        ]


class TestProblems:
    def test_the_problems_of_all_files_are_told(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yaml")
        write(tmp_path / "b.yaml")
        (tmp_path / "c.yaml").write_text("rules: 1\n")
        assert problems(tmp_path) == [
            f"{tmp_path}/b.yaml:2: rule shop: name: taken by a rule at {tmp_path}/a.yaml:2",
            f"{tmp_path}/c.yaml:1: rules: must be a list, not 1",
        ]

    def test_a_path_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        assert problems(tmp_path / "none") == [f"{tmp_path}/none: cannot be read: No such file or directory"]

    def test_a_link_to_nothing_is_not_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").symlink_to("gone.yaml")
        assert problems(tmp_path) == [f"{tmp_path}/a.yaml: cannot be read: No such file or directory"]

    def test_a_folder_that_cannot_be_listed_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: Path) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "iterdir", refuse)
        assert problems(tmp_path)[0].startswith(f"{tmp_path}: cannot be read: ")

    def test_what_is_not_utf_8_is_named_with_its_line(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_bytes(b"rules:\n# caf\xe9\n")
        assert problems(file) == [f"{file}:2: not UTF-8 text"]

    def test_what_is_too_large_is_not_read_to_its_end(self, tmp_path: Path) -> None:
        file = tmp_path / "a.yaml"
        file.write_bytes("é".encode() * MAX_BYTES)
        assert problems(file) == [f"{file}:1: larger than 1 MiB: split it"]


class TestFingerprint:
    def test_it_stays_equal_while_nothing_changes(self, tmp_path: Path) -> None:
        write(tmp_path / "a.yaml")
        assert fingerprint([tmp_path]) == fingerprint([tmp_path])

    def test_an_edit_is_noticed_also_one_of_the_same_size_and_time(self, tmp_path: Path) -> None:
        file = write(tmp_path / "a.yaml", "aaaa")
        before, times = fingerprint([tmp_path]), file.stat()
        other = write(tmp_path / "other", "bbbb")
        os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
        other.rename(file)
        assert fingerprint([tmp_path]) != before

    def test_a_file_that_comes_goes_or_is_renamed_is_noticed(self, tmp_path: Path) -> None:
        seen = {fingerprint([tmp_path])}
        file = write(tmp_path / "a.yaml")
        seen.add(fingerprint([tmp_path]))
        file = file.rename(tmp_path / "b.yaml")
        seen.add(fingerprint([tmp_path]))
        assert len(seen) == 3
        file.unlink()
        assert fingerprint([tmp_path]) in seen

    def test_the_swap_of_a_mounted_configmap_is_noticed(self, tmp_path: Path) -> None:
        mount(tmp_path / "rules", "..2026_05_01", "shop")
        folder, file = [tmp_path / "rules"], [tmp_path / "rules" / "rules.yaml"]
        before = fingerprint(folder), fingerprint(file)
        mount(tmp_path / "rules", "..2026_05_02", "cart")
        assert names(*folder) == ["cart"]
        assert fingerprint(folder) != before[0]
        assert fingerprint(file) != before[1]

    def test_a_path_that_is_not_there_is_no_failure_and_its_coming_is_noticed(self, tmp_path: Path) -> None:
        before = fingerprint([tmp_path / "none"])
        write(tmp_path / "none")
        assert fingerprint([tmp_path / "none"]) != before
