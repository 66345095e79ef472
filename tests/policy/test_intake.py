"""What the web and the engine say to each other."""

from receiver.policy.intake import (
    Accepted,
    IntakeError,
    NotPersisted,
    RollbackQuery,
    RulesRejected,
    Unavailable,
)


def test_a_refusal_to_retry_says_when() -> None:
    """Whoever is told to come back is told after how many seconds, at least one."""
    assert Unavailable("no API").retry_after_seconds == 5
    assert NotPersisted("3 of 4 stored", 7).retry_after_seconds == 7
    assert NotPersisted("3 of 4 stored", 0).retry_after_seconds == 1
    assert str(NotPersisted("3 of 4 stored", 1)) == "3 of 4 stored"


def test_not_persisted_is_something_to_retry() -> None:
    """One handler answers both; rejected rules are another matter."""
    assert issubclass(NotPersisted, Unavailable)
    assert issubclass(RulesRejected, IntakeError)
    assert not issubclass(RulesRejected, Unavailable)


def test_rejected_rules_name_every_problem() -> None:
    """Each fault is one line; the exception's own text holds them all."""
    rejected = RulesRejected(("a.yaml:1: x", "a.yaml:2: y"))
    assert rejected.problems == ("a.yaml:1: x", "a.yaml:2: y")
    assert str(rejected) == "a.yaml:1: x; a.yaml:2: y"


def test_values_compare_by_what_they_hold() -> None:
    """A query without conditions asks for the first hundred records."""
    assert RollbackQuery() == RollbackQuery(limit=100)
    assert Accepted(1, 0) == Accepted(accepted=1, ignored=0, records=())
