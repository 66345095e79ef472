import re

import pytest

from receiver.sandbox.quantities import canonical


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1", "1"),
        ("2000", "2k"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("2048Ki", "2Mi"),
        ("1000Mi", "1000Mi"),
        ("0", "0"),
        ("1e3", "1e3"),
    ],
)
def test_a_quantity_is_stored_in_its_shortest_form(text: str, found: str) -> None:
    assert canonical(text) == found


@pytest.mark.parametrize("text", ["abc", ".", "1 Gi", "1Xi"])
def test_anything_else_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        canonical(text)
