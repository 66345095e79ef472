import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from receiver.policy import source as module
from receiver.policy.problems import Fault
from receiver.policy.source import MAX_BYTES, MAX_DEPTH, SourceError, parse_source, survey_source

SCALARS = {
    "off": "off",
    "on": "on",
    "yes": "yes",
    "no": "no",
    "True": "True",
    "FALSE": "FALSE",
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
    "Null": "Null",
    "5": 5,
    "-5": -5,
    "0": 0,
    "+5": "+5",
    "05": "05",
    "0x1F": "0x1F",
    "0o17": "0o17",
    "1_000": "1_000",
    "1:30": "1:30",
    "1.5": "1.5",
    "1e3": "1e3",
    ".inf": ".inf",
    "2026-05-01": "2026-05-01",
    "2026-05-01T12:00:00Z": "2026-05-01T12:00:00Z",
    "'5'": "5",
    '"true"': "true",
    "''": "",
    "<<": "<<",
    "=": "=",
    "999999999999999999": 999999999999999999,
}

FAULTS = {
    "key-twice": ("a: 1\nb: 2\na: 3\n", 3, "key 'a' for the second time, first on line 1"),
    "key-twice-deeper": ("x:\n  a: 1\n  a: 1\n", 3, "key 'a' for the second time, first on line 2"),
    "alias": ("a: 1\nb: *x\n", 2, "alias 'x': aliases are not taken, write the value out"),
    "anchor": ("a: &x 1\n", 1, "anchor 'x': aliases are not taken, so leave it out"),
    "anchor-on-a-list": ("a: &x [1]\n", 1, "anchor 'x': aliases are not taken, so leave it out"),
    "alias-as-key": ("*x : 1\n", 1, "alias 'x': aliases are not taken, write the value out"),
    "tag": (
        "a: !!python/none x\n",
        1,
        "tag 'tag:yaml.org,2002:python/none': leave it out, and put what should be a string in quotes",
    ),
    "tag-on-a-mapping": (
        "!x\na: 1\n",
        1,
        "tag '!x': leave it out, and put what should be a string in quotes",
    ),
    "key-number": ("a: 1\n5: x\n", 2, "a key must be a string, not 5: put it in quotes"),
    "key-boolean": ("true: x\n", 1, "a key must be a string, not true: put it in quotes"),
    "key-nothing": ("~: x\n", 1, "a key must be a string, not nothing: put it in quotes"),
    "key-list": (
        "? [a]\n: x\n",
        1,
        "a list where a key should be: text that begins with { or [ needs quotes",
    ),
    "template-without-quotes": (
        "a: {{ $labels.x }}\n",
        1,
        "a mapping where a key should be: text that begins with { or [ needs quotes",
    ),
    "two-documents": ("a: 1\n---\nb: 2\n", 2, "a second document begins: a file holds one"),
    "too-deep": ("[" * (MAX_DEPTH + 1), 1, f"nested more than {MAX_DEPTH} deep"),
    "much-too-deep": ("{a: " * 100_000, 1, f"nested more than {MAX_DEPTH} deep"),
    "too-large": ("#" * (MAX_BYTES + 1), 1, "larger than 1 MiB: split it"),
    "too-large-in-bytes": ("é" * (MAX_BYTES // 2 + 1), 1, "larger than 1 MiB: split it"),
    "nul": ("a: 1\nb: \0\n", 2, "the character U+0000 may not stand in a file"),
    "nul-escaped": ('a: 1\nb: "\\0"\n', 2, "the character U+0000 may not stand in a file"),
    "bell": ("a: \a\n", 1, "the character U+0007 may not stand in a file"),
    "surrogate": ("a: \ud800\n", 1, "the character U+D800 may not stand in a file"),
    "number-too-long": (
        "a: 1234567890123456789\n",
        1,
        "an integer of more than 18 digits: put it in quotes if it is text",
    ),
}

NOT_YAML = {
    "open-quote": ("a: 'x\n", 1),
    "open-list": ("a: [1\n", 1),
    "tab": ("a:\n\tb: 1\n", 2),
    "colon": ("a: 1\nb: c: d\n", 2),
    "directive": ("%YAML 9.0\n---\na: 1\n", 1),
    "escape-of-no-character": ('a: "\\U00110000"\n', 1),
    "escape-of-a-surrogate": ('a: "\\uD800"\n', 1),
    "percent": ("%", 1),
}

LOADERS = {"libyaml": yaml.CSafeLoader, "python": yaml.SafeLoader}


@pytest.fixture(params=list(LOADERS.values()), ids=list(LOADERS))
def _each_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libyaml may be missing where this runs; both parsers have to be harmless."""
    monkeypatch.setattr(module, "_LOADER", request.param)


each_parser = pytest.mark.usefixtures("_each_parser")


@each_parser
@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=map(repr, SCALARS))
def test_a_bare_word_has_one_meaning(text: str, value: object) -> None:
    data = parse_source(f"a: {text}\n").data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


@each_parser
@pytest.mark.parametrize(("text", "line", "message"), FAULTS.values(), ids=FAULTS)
def test_what_has_more_than_one_meaning_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_source(text)
    assert (caught.value.line, caught.value.message) == (line, message)
    assert str(caught.value) == f"line {line}: {message}"


@pytest.mark.parametrize(("text", "line"), NOT_YAML.values(), ids=NOT_YAML)
def test_what_is_not_yaml_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(SourceError, match=f"^line [{line}{line + 1}]: not YAML: [ -~]+$"):
        parse_source(text)


def test_pyyamls_own_parser_refuses_what_is_no_character(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOADER", yaml.SafeLoader)
    for text in ('"\\U00110000"', '"\\uD800"'):
        with pytest.raises(SourceError):
            parse_source(text)


@each_parser
@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n"], ids=repr)
def test_a_file_that_says_nothing_is_none(text: str) -> None:
    assert parse_source(text).data is None


@each_parser
@pytest.mark.parametrize("text", ["\ufeffa: é\n", "%YAML 1.1\n---\na: é\n...\n", "a: é\r\n"], ids=ascii)
def test_marks_of_windows_and_of_documents_change_nothing(text: str) -> None:
    assert parse_source(text).data == {"a": "é"}


@each_parser
def test_nesting_has_a_limit_and_not_less() -> None:
    assert parse_source("[" * MAX_DEPTH + "]" * MAX_DEPTH).data is not None


@each_parser
def test_every_value_has_the_line_of_its_key_or_item() -> None:
    source = parse_source("# c\na:\n  b: [1,\n    2]\nc:\n- d: >\n    long\n    text\n- x\n")
    lines = {("a",): 2, ("a", "b"): 3, ("a", "b", 0): 3, ("a", "b", 1): 4, ("c", 0): 6, ("c", 0, "d"): 6}
    assert {path: source.line(path) for path in lines} == lines
    assert source.line(("c", 1)) == 9


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [("a:\n  b: 1\n", ("a", "x", "y"), 1), ("\n- 1\n", ("x",), 2), ("", (), 1), ("", ("x",), 1)],
    ids=["in-a-mapping", "at-the-root", "nothing", "in-nothing"],
)
def test_what_is_not_there_has_the_line_of_what_should_hold_it(
    text: str, path: tuple[str, ...], line: int
) -> None:
    assert parse_source(text).line(path) == line


def test_all_faults_of_a_text_are_found_at_once() -> None:
    source = survey_source("a: &x 1\nb: *x\na: 2\nc: !t 3\n4: 5\n")
    assert [fault.line for fault in source.faults] == [1, 2, 3, 4, 5]
    assert source.data == {"a": 1, "b": None, "c": 3}


def test_problems_are_told_by_line_and_not_where_the_text_itself_was_refused() -> None:
    source = survey_source("rules:\n- {name: n, a: 1, b: *x}\n- 5: 1\n")
    faults = [Fault(("rules", 1), "b"), Fault(("rules", 0, "a"), "a"), Fault(("rules", 0, "b"), "unknown")]
    assert [str(problem) for problem in source.problems("f", faults, {("rules", 0): "n"})] == [
        "f:2: rule n: alias 'x': aliases are not taken, write the value out",
        "f:2: rule n: a: a",
        "f:3: a key must be a string, not 5: put it in quotes",
        "f:3: rules[1]: b",
    ]


def test_nothing_is_said_about_the_data_of_a_text_that_could_not_be_read() -> None:
    problems = survey_source("a: [").problems("f", [Fault((), "must be a mapping, not nothing")])
    assert [problem.line for problem in problems] == [2]


@each_parser
@given(st.text() | st.text(alphabet="a1:-?[]{}&*!|>'\"%@`,# \n\t\\\0\ud800"))
def test_any_text_is_data_or_faults_in_one_line_each(text: str) -> None:
    source = survey_source(text)
    assert all(fault.line >= 1 and str(fault).isprintable() for fault in source.faults)
