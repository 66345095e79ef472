"""A regular expression matches what it matches in Alertmanager, or is refused; nothing in between."""

import hashlib
import json
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import re2

from receiver.policy.matcher_syntax.dialect import NEWER, hides_newer
from receiver.policy.matcher_syntax.errors import PatternError, UnsupportedPatternError
from receiver.policy.matcher_syntax.regex import compile_pattern

Case = dict[str, Any]

RECORDED = json.loads((Path(__file__).parent / "matchers/recorded.json").read_text(encoding="utf-8"))
PATTERNS: list[Case] = RECORDED["patterns"]
CLASSES: list[Case] = RECORDED["classes"]
FOLDS: list[str] = RECORDED["folds"].split(" ")
EVERY_CHARACTER = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)

NOT_THE_SAME_HERE = {
    "does not stand alone": [
        "branches that leave the group",
        "branches that leave the group, and classes",
        "brackets the wrong way round",
        "backslash at the end, and a group to close",
    ],
    "has \\pC": ["other, short", "other, long", "not other", "other, in a class"],
    "is not understood": [
        "unassigned",
        "cased letters",
        "category by its name",
        "category in lower case",
        "ASCII as a class",
        "assigned",
        "script in lower case",
        "no such class",
        "no such letter class",
    ],
    "a class like \\pL and new characters": [
        "letters beside a new letter",
        "letters beside a range of new ones",
        "letters beside a range in hex",
    ],
    "letters on whose case Alertmanager differs": [
        "case folded, ligature st",
        "case folded, ligature st in hex",
        "case folded, ligatures in a range",
        "case folded, all ligatures",
        "case folded, iota",
        "case folded, upsilon, group",
        "case folded, Greek range",
    ],
    "is too large": ["too large here"],
    "nests groups deeper": ["deep, beyond ours", "deep, beyond Go's"],
}
REFUSED = {name: says for says, names in NOT_THE_SAME_HERE.items() for name in names}


@pytest.mark.parametrize("case", PATTERNS, ids=lambda case: case["id"])
def test_a_pattern_matches_as_in_alertmanager(case: Case) -> None:
    if case["id"] in REFUSED:
        with pytest.raises(UnsupportedPatternError) as caught:
            compile_pattern(case["pattern"])
        assert REFUSED[case["id"]] in str(caught.value)
    elif "error" in case:
        with pytest.raises(PatternError) as refused:
            compile_pattern(case["pattern"])
        assert type(refused.value) is PatternError
    else:
        pattern = compile_pattern(case["pattern"])
        assert {value: pattern.matches(value) for value in case["values"]} == case["values"]


def test_every_refusal_is_of_a_recorded_pattern() -> None:
    assert REFUSED.keys() <= {case["id"] for case in PATTERNS}


@pytest.mark.parametrize("case", CLASSES, ids=lambda case: case["pattern"])
def test_a_class_takes_the_characters_that_it_takes_in_alertmanager(case: Case) -> None:
    """Guards against a google-re2 with another Unicode: then dialect.py has to be gone over again."""
    compile_pattern(case["pattern"])
    characters = EVERY_CHARACTER.translate(NEWER) if hides_newer(case["pattern"]) else EVERY_CHARACTER
    runs = [found.span() for found in re2.finditer(f"(?:{case['pattern']})+", characters)]
    ranges = " ".join(f"{ord(EVERY_CHARACTER[a]):X}-{ord(EVERY_CHARACTER[b - 1]):X}" for a, b in runs)
    assert hashlib.sha256(ranges.encode()).hexdigest() == case["sha256"]


def test_letters_differ_in_case_alone_where_they_do_in_alertmanager() -> None:
    """The same guard, for (?i)."""
    letters = "".join(FOLDS) + "".join(
        char
        for char in EVERY_CHARACTER
        if len({char, char.lower(), char.upper(), char.title(), char.casefold()}) > 1
    )
    for orbit in FOLDS:
        taken = re2.findall(f"(?i){orbit[0]}", letters)
        assert {char for char, _ in groupby(sorted(taken))} == set(orbit)


@pytest.mark.parametrize("one", sorted(set("ΐ\u1fd3ΰ\u1fe3\ufb05\ufb06")), ids=ascii)
def test_letters_that_only_google_re2_folds_are_refused_with_i_and_fine_without(one: str) -> None:
    with pytest.raises(UnsupportedPatternError):
        compile_pattern(f"(?i){one}")
    assert compile_pattern(one).matches(one)


def test_no_other_letter_is_folded_by_google_re2_alone() -> None:
    alone = "ΐ\u1fd3ΰ\u1fe3\ufb05\ufb06"
    folded = set("".join(FOLDS)) | set(alone)
    rest = [char for char in EVERY_CHARACTER if char not in folded]
    runs = [(a[0], a[-1]) for a in _runs(rest)]
    everything_else = "".join(f"\\x{{{ord(low):X}}}-\\x{{{ord(high):X}}}" for low, high in runs)
    options = re2.Options()
    options.max_mem = 1 << 28
    assert not re2.search(f"(?i)[{everything_else}]", "".join(sorted(folded)), options)


def _runs(chars: list[str]) -> list[list[str]]:
    keyed = groupby(enumerate(chars), key=lambda item: ord(item[1]) - item[0])
    return [[char for _, char in run] for _, run in keyed]


def test_broken_text_in_a_label_is_what_go_reads_instead() -> None:
    assert compile_pattern(".").matches("\ud800")
    assert compile_pattern("\ufffd").matches("\udfff")
    assert not compile_pattern("[a-z]").matches("\ud800")


def test_broken_text_in_a_pattern_is_refused() -> None:
    with pytest.raises(PatternError, match="half a surrogate pair"):
        compile_pattern("a\ud800")


@pytest.mark.timeout(10)
def test_a_hostile_value_costs_no_more_than_its_length() -> None:
    assert not compile_pattern("(a+)+b").matches("a" * 1_000_000)
    assert compile_pattern("(a|b)*a(a|b){20}").matches("ba" * 100_000)


def test_nothing_is_written_to_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    for broken in ("(", r"\Qa"):
        with pytest.raises(PatternError):
            compile_pattern(broken)
    compile_pattern("(?:.*a.{30}b.{40}|.*b.{25}a.{9})").matches("abbabaab" * 20_000)
    assert capfd.readouterr() == ("", "")
