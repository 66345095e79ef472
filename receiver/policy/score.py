"""How often each rule was right: by what came of its rollbacks, and of those that it did not make.

Everything is read as one question: would it have been right to roll back? The on-call's verdict answers it
before anything else; `unsure` takes the record out of the count. A figure never stands without the number of
records that it is made of, and promotes nothing by itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from receiver.policy.aftermath import Aftermath, Kind
from receiver.policy.followed import by_hand_aftermath, parse_aftermath
from receiver.policy.record import BY_HAND, Phase, Review, blocking_guards, phase_of, record_target
from receiver.policy.times import parse_time
from receiver.policy.vocabulary import Mode

ENOUGH = 5
"""So many right answers and no wrong one make a rule ready for more. One that is right every second time gets
five in a row once in 32."""
NEXT: Mapping[Mode, Mode] = {Mode.DRY_RUN: Mode.APPROVE, Mode.APPROVE: Mode.AUTO}
WINDOW = timedelta(days=30)
"""What the metrics look back over: rules and services change, and old answers are about others."""
SHADOW = frozenset({Phase.DRY_RUN, Phase.REJECTED, Phase.EXPIRED})
"""Phases in which the rule would have acted."""
OUTCOMES: Mapping[Phase, bool] = {Phase.SUCCEEDED: True, Phase.NOT_CURED: False}
"""Whether a patch was right where nobody said: the alert cleared, or it did not. Failed and Superseded say
nothing of whether it was."""


class Group(StrEnum):
    """What a record tells of its rule by: a patch made, one that would have been made, one refused."""

    ACTED = "acted"
    SHADOW = "shadow"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Case:
    """A record as far as it counts.

    `at` is when it was last decided. `guards` are those that blocked the leading rule. `recovered` is the
    time from the first alert until all had cleared, None where that is not known.
    """

    rule: str
    phase: Phase | None
    mode: Mode | None
    at: datetime
    patched: bool = False
    review: Review | None = None
    aftermath: Aftermath | None = None
    guards: tuple[str, ...] = ()
    recovered: timedelta | None = None

    @property
    def group(self) -> Group | None:
        """Return what it can tell, None where that is nothing yet."""
        if self.patched:
            return Group.ACTED
        if self.phase is Phase.REFUSED:
            return Group.REFUSED
        return Group.SHADOW if self.phase in SHADOW else None

    @property
    def right(self) -> bool | None:
        """Tell whether it was, or would have been, right to roll back, None where nothing tells.

        A person who went back to another revision, or fixed forward, agrees that the release was bad and not
        with what we would have done: that is for a review to say. Where we refused, any way back counts.
        """
        if self.review is not None:
            return {Review.RIGHT: True, Review.WRONG: False}.get(self.review)
        if self.group is Group.ACTED:
            return None if self.phase is None else OUTCOMES.get(self.phase)
        if self.aftermath is None:
            return None
        if self.aftermath.kind is Kind.CLEARED_BY_ITSELF:
            return False
        went_back = self.aftermath.kind is Kind.ROLLED_BACK_BY_HAND
        return True if went_back and (self.group is Group.REFUSED or self.aftermath.as_chosen) else None


def parse_case(raw: Mapping[str, Any]) -> Case | None:
    """Read a record, None where no rule answers for it: a person's command made it.

    Where that took a record over, the rule answers for what it had decided before, and the command is what
    people did.

    Raises:
        KeyError, TypeError, ValueError: the object is not one of ours.
    """
    spec, status = raw["spec"], raw.get("status") or {}
    decision, review = status.get("decision") or {}, status.get("review")
    rule = str(decision.get("rule") or spec["rule"])
    if rule == BY_HAND:
        return _taken_over(spec, status) if status.get("before") else None
    at = decided_at(raw)
    if at is None:
        return None
    return Case(
        rule=rule,
        phase=phase_of(raw),
        mode=Mode(decision["mode"]) if decision.get("mode") else None,
        at=at,
        patched=bool(status.get("patchedAt")),
        review=Review(review["verdict"]) if review else None,
        aftermath=None if record_target(raw) is None else parse_aftermath(status.get("aftermath")),
        guards=blocking_guards(raw),
        recovered=_recovered(spec, status),
    )


def decided_at(raw: Mapping[str, Any]) -> datetime | None:
    """Return when a record was last decided, when it was made where it is not decided yet."""
    decision = (raw.get("status") or {}).get("decision") or {}
    return parse_time(decision.get("at") or raw["metadata"]["creationTimestamp"])


def _taken_over(spec: Mapping[str, Any], status: Mapping[str, Any]) -> Case | None:
    before, review = status["before"], status.get("review")
    at = parse_time(before.get("at"))
    if at is None:
        return None
    return Case(
        rule=before["rule"],
        phase=Phase(before["phase"]),
        mode=Mode(before["mode"]),
        at=at,
        review=Review(review["verdict"]) if review else None,
        aftermath=by_hand_aftermath(spec, status),
        guards=tuple(before.get("blockedBy") or ()),
    )


def _recovered(spec: Mapping[str, Any], status: Mapping[str, Any]) -> timedelta | None:
    """Return how long a trouble lasted that we have cured."""
    began_at = parse_time(spec["alert"].get("startsAt"))
    ended_at = parse_time(status.get("clearedAt") or status.get("finishedAt"))
    if status.get("phase") != Phase.SUCCEEDED or began_at is None or ended_at is None:
        return None
    return max(ended_at - began_at, timedelta(0))


@dataclass(frozen=True, slots=True)
class Sample:
    """So many answers of each kind."""

    right: int = 0
    wrong: int = 0

    @property
    def size(self) -> int:
        """Return how many there are."""
        return self.right + self.wrong

    @property
    def share(self) -> float | None:
        """Return the share of the right ones, None where there are no answers."""
        return self.right / self.size if self.size else None

    def __str__(self) -> str:
        return "none yet" if self.share is None else f"{self.share:.0%} of {self.size}"


@dataclass(frozen=True, slots=True)
class RuleScore:
    """How one rule did.

    `acted` are its rollbacks, `shadow` those that it would have made; `missed` are those that it refused and
    people made by hand, `rightly_refused` those that nobody needed. `undecided` are records that tell
    nothing, or nothing yet. `saved` is the time that people took to do by hand what it would have done.
    """

    rule: str
    mode: Mode | None
    acted: Sample
    shadow: Sample
    missed: int
    rightly_refused: int
    undecided: int
    saved: timedelta
    reviews: Mapping[Review, int]

    @property
    def recall(self) -> Sample:
        """Return, of what people had to do by hand, what the rule would have done as well."""
        return Sample(right=self.shadow.right, wrong=self.missed)

    @property
    def ready_for(self) -> Mode | None:
        """Return the next mode, None where it is not ready: enough right answers, and no wrong one."""
        right, wrong = self.acted.right + self.shadow.right, self.acted.wrong + self.shadow.wrong
        ready = right >= ENOUGH and not wrong
        return NEXT.get(self.mode) if self.mode and ready else None


def score(cases: Iterable[Case]) -> tuple[RuleScore, ...]:
    """Return the score of each rule that has records, by name; its mode is that of its newest decision."""
    by_rule: dict[str, list[Case]] = {}
    for case in cases:
        by_rule.setdefault(case.rule, []).append(case)
    return tuple(_score(rule, by_rule[rule]) for rule in sorted(by_rule))


def _score(rule: str, cases: list[Case]) -> RuleScore:
    marks = Counter((case.group, case.right) for case in cases)
    newest = max((case for case in cases if case.mode), key=lambda case: case.at, default=None)
    took = [c.aftermath.took for c in cases if c.group is Group.SHADOW and c.right and c.aftermath]
    return RuleScore(
        rule=rule,
        mode=newest.mode if newest else None,
        acted=Sample(marks[Group.ACTED, True], marks[Group.ACTED, False]),
        shadow=Sample(marks[Group.SHADOW, True], marks[Group.SHADOW, False]),
        missed=marks[Group.REFUSED, True],
        rightly_refused=marks[Group.REFUSED, False],
        undecided=sum(count for (_, right), count in marks.items() if right is None),
        saved=sum((time for time in took if time is not None), timedelta(0)),
        reviews=Counter(case.review for case in cases if case.review is not None),
    )
