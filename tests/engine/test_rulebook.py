"""The rules in force: a bad file never takes them out of force, and never goes unsaid."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from receiver import metrics
from receiver.engine import rulebook as rulebook_module
from receiver.engine.rulebook import Rulebook
from receiver.policy.intake import RulesRejected
from receiver.policy.rules import Ruleset
from receiver.rulefiles import RulesError, fingerprint, load_rules
from tests.engine.builders import eventually

RULE = "- name: {name}\n  matchers: [alertname=Down]\n  for: 5m\n"


def gauge(name: str) -> float | None:
    return metrics.REGISTRY.get_sample_value(f"rollback_receiver_{name}")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n" + RULE.format(name="one"))
    return path


@pytest.fixture
def book(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rulebook]:
    monkeypatch.setattr(rulebook_module, "EVERY_SECONDS", 0.01)
    made = Rulebook(lambda: load_rules([file]), lambda: fingerprint([file]))
    yield made
    made.stop()


def names(book: Rulebook) -> list[str]:
    return [rule.name for rule in book.rules().rules]


def swap(file: Path, text: str) -> None:
    """Change a file in one step, as a mounted ConfigMap does."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def test_nothing_is_in_force_before_the_first_load(book: Rulebook) -> None:
    """An empty rulebook matches nothing."""
    assert names(book) == []
    book.load()
    assert names(book) == ["one"]
    assert gauge("rules") == 1
    assert gauge("rules_last_reload_successful") == 1


def test_first_load_fails_loudly(book: Rulebook, file: Path) -> None:
    """At start there are no rules to keep."""
    file.write_text("rules: 5")
    with pytest.raises(RulesError):
        book.load()


def test_reload_takes_new_rules(book: Rulebook, file: Path) -> None:
    """When somebody asks."""
    book.load()
    swap(file, "rules:\n" + RULE.format(name="two"))
    book.reload()
    assert names(book) == ["two"]


def test_bad_file_keeps_the_rules_in_force(
    book: Rulebook, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And is said: to whoever asked, in a metric, and in the log with file and line."""
    book.load()
    before = gauge("rules_last_reload_success_timestamp_seconds")
    swap(file, "rules:\n- name: one\n  nonsense: 5\n")
    with pytest.raises(RulesRejected) as caught, caplog.at_level(logging.ERROR):
        book.reload()
    assert names(book) == ["one"]
    assert gauge("rules_last_reload_successful") == 0
    assert gauge("rules") == 1
    assert gauge("rules_last_reload_success_timestamp_seconds") == before
    assert any("rules.yaml:3" in problem for problem in caught.value.problems)
    assert "those in force stay" in caplog.text
    swap(file, "rules:\n" + RULE.format(name="two"))
    book.reload()
    assert gauge("rules_last_reload_successful") == 1


def test_missing_file_keeps_the_rules_in_force(book: Rulebook, file: Path) -> None:
    """A mount that is gone is a fault, not an empty set of rules."""
    book.load()
    file.unlink()
    with pytest.raises(RulesRejected):
        book.reload()
    assert names(book) == ["one"]


def test_changed_file_is_noticed(book: Rulebook, file: Path) -> None:
    """Without anybody asking; a bad one in between changes nothing, and does not end the watch."""
    book.load()
    book.start()
    swap(file, "rules: 5")
    eventually(lambda: gauge("rules_last_reload_successful") == 0)
    assert names(book) == ["one"]
    swap(file, "rules:\n" + RULE.format(name="two"))
    eventually(lambda: names(book) == ["two"])


def count(book: Rulebook, name: str) -> list[int]:
    """Note each call of one of the functions that the rulebook was given."""
    calls: list[int] = []
    real: Callable[[], object] = getattr(book, name)

    def counted() -> object:
        calls.append(1)
        return real()

    setattr(book, name, counted)
    return calls


def test_bad_file_is_said_once(book: Rulebook, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not every second, until it changes again."""
    loads, looks = count(book, "_load"), count(book, "_fingerprint")
    book.load()
    book.start()
    swap(file, "rules: 5")
    eventually(lambda: len(loads) == 2)
    seen = len(looks)
    eventually(lambda: len(looks) > seen + 5)
    assert len(loads) == 2
    assert caplog.text.count("rules rejected") == 1


def test_change_while_it_is_read_is_noticed(file: Path) -> None:
    """The fingerprint is taken before the files are read."""

    def load() -> Ruleset:
        ruleset = load_rules([file])
        swap(file, "rules:\n" + RULE.format(name="late"))
        return ruleset

    made = Rulebook(load, lambda: fingerprint([file]))
    made.load()
    assert made._seen != fingerprint([file])
