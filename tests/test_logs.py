"""The log: one line a record, whatever stands in it."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver import logs

HOSTILE = [
    "a\nb",
    "\r\nfake line",
    "\x1b[2J\x1b[1;1H",
    "\x9b31m",
    "\x7f\x08\x00",
    "\u202e\u2028\u2066",
    "\ud800",
]
FORMATTERS = [logs.JsonFormatter(), logs.PlainFormatter()]
IDS = ["json", "plain"]


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def record(message: str = "said", *args: object, **extra: object) -> logging.LogRecord:
    made = logging.getLogger("x").makeRecord("a.b", logging.INFO, "f.py", 1, message, args, None, extra=extra)
    made.created = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC).timestamp()
    return made


def as_json(made: logging.LogRecord) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(logs.JsonFormatter().format(made))
    return line


def failing(text: str) -> logging.LogRecord:
    made = record("failed")
    try:
        raise ValueError(text)
    except ValueError as e:
        made.exc_info = (ValueError, e, e.__traceback__)
    return made


def test_json_line_has_its_keys() -> None:
    """ts, level, logger, msg first, then every extra with its own type."""
    line = as_json(record("took %d", 3, record="r-1", seconds=0.5, n=2, ok=True, none=None))
    assert line == {
        "ts": "2026-05-01T12:00:00.123Z",
        "level": "info",
        "logger": "a.b",
        "msg": "took 3",
        "record": "r-1",
        "seconds": 0.5,
        "n": 2,
        "ok": True,
        "none": None,
    }


def test_plain_line_reads_well() -> None:
    """Time, level, logger, message, extras."""
    line = logs.PlainFormatter().format(record("patched", record="r-1", why="no choice", empty=""))
    assert line == '2026-05-01T12:00:00.123Z INFO    a.b: patched record=r-1 why="no choice" empty=""'


@pytest.mark.parametrize("formatter", FORMATTERS, ids=IDS)
@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_value_stays_in_its_line(formatter: logging.Formatter, value: str) -> None:
    """Neither message nor arguments nor extras forge a line or move a cursor."""
    for made in (
        record(value),
        record("%s", value),
        record("x", label=value),
        record("x", label={value: [value]}),
    ):
        line = formatter.format(made)
        assert line.isprintable()
        assert len(line.splitlines()) == 1


@given(st.text(), st.text())
def test_no_text_forges_a_line(message: str, value: str) -> None:
    """The same for any text, and JSON gives it back whole."""
    made = record("%s", message, label=value)
    assert logs.PlainFormatter().format(made).isprintable()
    text = logs.JsonFormatter().format(made)
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["msg"] == message


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_exceptions_text_forges_nothing(value: str) -> None:
    """A traceback is one JSON string, or indented lines."""
    assert "ValueError" in as_json(failing(value))["exc"]
    first, *rest = logs.PlainFormatter().format(failing(value)).split("\n")
    assert first.endswith("a.b: failed")
    assert rest
    assert all(line.startswith("    ") and line.isprintable() for line in rest)


def test_exception_info_of_nothing_is_nothing() -> None:
    """`exc_info=True` outside an except block is no traceback."""
    made = record("x")
    made.exc_info = (None, None, None)
    assert "exc" not in as_json(made)


@pytest.mark.parametrize("formatter", FORMATTERS, ids=IDS)
def test_megabytes_are_cut(formatter: logging.Formatter) -> None:
    """A label of a megabyte does not fill the disk."""
    line = formatter.format(record("m" * 10**6, label="l" * 10**6))
    assert len(line) < 10_000
    assert "1000000 characters" in line
    assert len(formatter.format(failing("e" * 10**6))) < 40_000


@pytest.mark.parametrize("formatter", FORMATTERS, ids=IDS)
def test_bearer_tokens_are_hidden(formatter: logging.Formatter) -> None:
    """Not in the message, an extra, or an exception's text."""
    token = "eyJhbGciOi.J9-secret_token"
    for made in (
        record("headers: {'Authorization': 'Bearer %s'}", token),
        record("x", header=f"bearer {token}"),
        record("x", header=f"authorization: basic {token}"),
        failing(f"Bearer {token}"),
    ):
        line = formatter.format(made)
        assert token not in line
        assert "[hidden]" in line
    assert "bearer token from a file" in formatter.format(record("bearer token from a file"))


def test_extras_never_replace_our_keys() -> None:
    """An extra named level is not the level."""
    assert as_json(record("x", level="fake", ts="fake"))["level"] == "info"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 5, 1, tzinfo=UTC), "2026-05-01 00:00:00+00:00"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (("a", 1), ["a", 1]),
        ({1: {"b": None}}, {"1": {"b": None}}),
        (ValueError("x"), "x"),
    ],
    ids=str,
)
def test_any_extra_becomes_json(value: object, expected: object) -> None:
    """What JSON does not know is written as text."""
    assert as_json(record("x", value=value))["value"] == expected


def test_message_that_does_not_fit_its_arguments_is_still_logged() -> None:
    """A mistake in a log call loses no line."""
    assert as_json(record("%d alerts", "many"))["msg"] == "%d alerts ('many',)"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "chosen", "expected"),
    [
        (io.StringIO, None, True),
        (Terminal, None, False),
        (Terminal, True, True),
        (io.StringIO, False, False),
    ],
)
def test_format_follows_the_reader(stream: type[io.StringIO], chosen: bool | None, expected: bool) -> None:
    """A terminal gets plain text, everything else JSON, unless it is said otherwise."""
    out = stream()
    logs.set_up(stream=out, as_json=chosen)
    logging.getLogger("x").info("hello")
    assert out.getvalue().startswith("{") == expected


def test_level_is_kept_and_libraries_are_quiet() -> None:
    """debug shows ours, not whole requests of the HTTP client; warnings of Python are lines too."""
    stream = io.StringIO()
    logs.set_up(stream=stream, level="debug")
    logging.getLogger("receiver").debug("ours")
    logging.getLogger("urllib3.connectionpool").debug("theirs")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("careful", stacklevel=1)
    text = stream.getvalue()
    assert "ours" in text
    assert "theirs" not in text
    assert "careful" in text
    with pytest.raises(ValueError, match="Unknown level"):
        logs.set_up(stream=stream, level="loud")


def test_set_up_twice_logs_once(capsys: pytest.CaptureFixture[str]) -> None:
    """stderr is the default; a second call replaces the first."""
    logs.set_up()
    logs.set_up()
    logging.getLogger("x").info("once")
    assert len(capsys.readouterr().err.splitlines()) == 1
