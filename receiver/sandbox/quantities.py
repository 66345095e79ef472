"""Quantities (`500m`, `1Gi`) in the form that the real server stores: the shortest without a fraction."""

import math
import re
from fractions import Fraction

PATTERN = re.compile(r"([+-]?[0-9.]+)([eE][-+]?[0-9]+|[KMGTPE]i|[numkMGTPE]?)")
BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
DECIMAL = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")


def canonical(text: str) -> str:
    """Return the stored form of a quantity.

    Raises:
        ValueError: it is none.
    """
    found = PATTERN.fullmatch(text)
    if not found:
        raise ValueError(text)
    number, suffix = Fraction(found[1]), found[2]
    if suffix in BINARY[1:]:
        return _shortest(number * 1024 ** BINARY.index(suffix), 1024, BINARY)
    if suffix[:1] in {"e", "E"} and len(suffix) > 1:
        return _exponent(number * Fraction(f"1{suffix}"))
    return _shortest(number * Fraction(1000) ** (DECIMAL.index(suffix) - 3) * 10**9, 1000, DECIMAL)


def _shortest(value: Fraction, base: int, suffixes: tuple[str, ...]) -> str:
    """Return a value, counted in the unit of the first suffix, with the largest suffix that fits."""
    whole, place = math.ceil(value), 0
    while whole and whole % base == 0 and place + 1 < len(suffixes):
        whole, place = whole // base, place + 1
    return f"{whole}{suffixes[place] if whole else ''}"


def _exponent(value: Fraction) -> str:
    whole, power = math.ceil(value), 0
    while whole and whole % 1000 == 0:
        whole, power = whole // 1000, power + 3
    return f"{whole}e{power}" if power else str(whole)
