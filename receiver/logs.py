"""The log: one JSON object a line on stderr, or plain text where a terminal reads it.

No value, however hostile, forges a line, moves a terminal's cursor, or fills the disk: in JSON everything
beyond printable ASCII is escaped, in plain text everything unprintable, and every text is bounded. What looks
like a bearer token is hidden.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

LONGEST_TEXT = 4096
LONGEST_TRACEBACK = 16384
_TOKEN = re.compile(r"(?i)(\bbearer\s+|\bauthorization\W{1,4}\w+\s+)[\w.~+/=-]{12,}")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One object a line: ts (RFC 3339, UTC, milliseconds), level, logger, msg, every extra, and exc."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one line of ASCII."""
        line: dict[str, Any] = {
            "ts": _timestamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": _bounded(_message(record)),
        }
        for key, value in _extras(record).items():
            line.setdefault(key, _jsonable(value))
        if trace := _traceback(self, record):
            line["exc"] = trace
        return json.dumps(line, allow_nan=False).replace("\x7f", "\\u007f")


class PlainFormatter(logging.Formatter):
    """One line for people: time, level, logger, message, extras; a traceback stands indented below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one printable line, and indented ones for a traceback."""
        extras = "".join(f" {printable(key)}={_plain(value)}" for key, value in _extras(record).items())
        message = printable(_bounded(_message(record)))
        line = f"{_timestamp(record)} {record.levelname:<7} {record.name}: {message}{extras}"
        trace = _traceback(self, record).split("\n")
        return "\n".join([line, *(f"    {printable(text)}" for text in trace if text)])


def set_up(*, level: str = "info", stream: TextIO | None = None, as_json: bool | None = None) -> None:
    """Send everything that is logged, warnings of Python too, to `stream`.

    `level` is debug, info, warning or error. `stream` None is stderr. `as_json` None means plain text for a
    terminal and JSON for everything else.

    Raises:
        ValueError: there is no such level.
    """
    stream = sys.stderr if stream is None else stream
    as_json = not stream.isatty() if as_json is None else as_json
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if as_json else PlainFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    # Below warning these write whole requests and responses.
    for noisy in ("urllib3", "kubernetes"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def printable(text: str) -> str:
    """Escape what is not printable: control, formatting and bidirectional characters, lone surrogates."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _timestamp(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args!r}"


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Return the exception's traceback, its beginning cut away where it is too long; empty without one."""
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return _hidden(formatter.formatException(record.exc_info)[-LONGEST_TRACEBACK:])


def _bounded(text: str) -> str:
    return _hidden(text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}… ({len(text)} characters)")


def _hidden(text: str) -> str:
    return _TOKEN.sub(r"\1[hidden]", text)


def _jsonable(value: object) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {_bounded(str(key)): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(inner) for inner in value]
    if isinstance(value, float) and abs(value) < float("inf"):
        return value
    return _bounded(str(value))


def _plain(value: object) -> str:
    text = _bounded(str(value))
    return printable(text) if text and " " not in text else f'"{printable(text)}"'
