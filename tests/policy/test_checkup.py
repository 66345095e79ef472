"""What a check found: good, wrong, or not asked for, which is neither."""

import pytest

from receiver.policy.checkup import Finding, bad, good, unasked


@pytest.mark.parametrize(
    ("found", "good"),
    [
        pytest.param(good("route", "it is there"), True, id="good"),
        pytest.param(bad("route", "add one"), False, id="bad"),
        pytest.param(unasked("route", "no address is set"), None, id="not-asked-for"),
    ],
)
def test_finding_tells_whether_it_is_as_it_should_be(found: Finding, good: bool | None) -> None:
    """Each of them stands for a cluster that answered."""
    assert (found.what, found.good, found.reached) == ("route", good, True)
