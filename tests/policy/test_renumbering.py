"""Which revisions were released again, told by nothing but their numbers and their order of creation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver.policy.renumbering import FirstNumber, first_numbers


@pytest.mark.parametrize(
    ("numbers", "former"),
    [
        pytest.param([], [], id="none"),
        pytest.param([1], [()], id="one"),
        pytest.param([1, 2, 3], [(), (), ()], id="never-undone"),
        pytest.param([3, 2], [(1,), ()], id="undone"),
        pytest.param([3, 2, 4], [(1,), (), ()], id="undone-and-released-on"),
        pytest.param([3, 5, 4, 6], [(1,), (2,), (), ()], id="two-undone"),
        pytest.param([1, 4, 3], [(), (2,), ()], id="undone-to-the-second"),
    ],
)
def test_number_too_high_for_its_age_was_given_again(
    numbers: list[int], former: list[tuple[int, ...]]
) -> None:
    """The former number is one that nobody has any more, between those of its neighbours in age."""
    found = first_numbers(numbers, complete=True)
    assert [each.former for each in found] == former
    assert all(each.certain for each in found)


def test_of_several_former_numbers_the_lowest_is_told() -> None:
    """No revision has the one after it, so that no time in service is made up."""
    assert first_numbers([9, 5, 6], complete=False)[0] == FirstNumber(9, 1, 4)
    assert first_numbers([9, 5, 6], complete=False)[0].former == (1,)


def test_there_and_back_again_is_not_certain() -> None:
    """1, 2, back to 1, back to 2: the numbers rise with age as if nothing had been undone."""
    found = first_numbers([3, 4], complete=True)
    assert [(each.certain, each.former) for each in found] == [(False, ()), (False, ())]


def test_what_was_cleaned_up_below_makes_nothing_uncertain() -> None:
    """The controllers delete the lowest numbers first; a number that is missing above them was somebody's."""
    assert all(each.certain for each in first_numbers([21, 22, 23], complete=False))
    assert [each.certain for each in first_numbers([21, 23, 24], complete=False)] == [True, False, True]


@pytest.mark.parametrize("numbers", [[2, 1], [3, 1, 2], [5, 1]], ids=str)
def test_order_that_makes_no_sense_is_not_certain(numbers: list[int]) -> None:
    """A clock that went wrong, or somebody's own numbers: nobody had a number before the first."""
    found = first_numbers(numbers, complete=True)
    assert [(each.certain, each.former) for each in found] == [(False, ())] * len(numbers)


@given(st.lists(st.integers(min_value=0, max_value=4), min_size=1, max_size=9))
def test_what_is_certain_is_true(releases: list[int]) -> None:
    """Whatever was released again and again: a first number that is told is the one it was made with."""
    first: dict[int, int] = {}
    latest: dict[int, int] = {}
    live = None
    for each in releases:
        if each != live:
            number = max(latest.values(), default=0) + 1
            first.setdefault(each, number)
            latest[each], live = number, each
    found = first_numbers([latest[each] for each in first], complete=True)
    for each, told in zip(first, found, strict=True):
        assert told.lowest <= first[each] <= told.highest
        assert (first[each] < latest[each]) is bool(told.former) or not told.certain
