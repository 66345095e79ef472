"""Which ControllerRevisions were released again, as their numbers and the order of their creation tell.

A template that is released again keeps its ControllerRevision and its creation time; only the number goes up,
and nothing names the former one. But every revision was first numbered when it was made, one higher than all
before it: so the first numbers rise in the order of creation, and each is the number that the revision still
has, or one that no other has any more. After a cleanup that is as much as can be told: what was undone among
revisions that are gone leaves no trace.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirstNumber:
    """The lowest and the highest number under which a revision can have been released first."""

    number: int
    lowest: int
    highest: int

    @property
    def former(self) -> tuple[int, ...]:
        """Return the number that it had before, as far as can be told; empty where it may have had none."""
        return (self.lowest,) if self.highest < self.number else ()

    @property
    def certain(self) -> bool:
        """Tell whether it is known that the revision was released again, or that it was not."""
        return self.highest < self.number or self.lowest == self.number


def first_numbers(numbers: Sequence[int], *, complete: bool) -> list[FirstNumber]:
    """Return the first number of each revision; `numbers` are in order of creation.

    `complete` says that no revision has been cleaned up. Where the order makes no sense, nothing is certain.
    """
    highest = _highest(numbers)
    if any(number < 1 for number in highest):
        return [FirstNumber(number, min(1, number - 1), number) for number in numbers]
    lowest = _lowest(numbers, highest, complete=complete)
    return [FirstNumber(*each) for each in zip(numbers, lowest, highest, strict=True)]


def _highest(numbers: Sequence[int]) -> list[int]:
    """Go back from the youngest: whoever has a number too high for its age has had another before."""
    found: list[int] = []
    for number in reversed(numbers):
        bound = found[-1] if found else number + 1
        found.append(number if number < bound else _free(bound, numbers, step=-1))
    return found[::-1]


def _lowest(numbers: Sequence[int], highest: Sequence[int], *, complete: bool) -> list[int]:
    """Go on from the oldest: a number that nobody has any more was somebody's.

    Numbers below all that are left count only where nothing was cleaned up, or there must have been a former.
    """
    found: list[int] = []
    floor = 0 if complete else min(numbers, default=0) - 1
    for number, high in zip(numbers, highest, strict=True):
        bound = found[-1] if found else 0
        start = bound if high < number else max(bound, floor)
        found.append(min(number, _free(start, numbers, step=1)))
    return found


def _free(bound: int, numbers: Collection[int], *, step: int) -> int:
    """Return the next number beyond the bound that no revision has now."""
    bound += step
    while bound in numbers:
        bound += step
    return bound
