"""GET /api/v1/rollbacks: records as JSON. A query is checked before anything is asked with it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from receiver.policy.durations import parse_duration
from receiver.policy.intake import PageGone, RollbackQuery
from receiver.policy.message import parse_rfc3339
from receiver.policy.problems import quoted
from receiver.policy.record import Phase
from receiver.policy.workload import WorkloadRef
from receiver.web.ports import doors

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
MOST_RECORDS = 500
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
_KIND = re.compile(r"[A-Z][A-Za-z]{0,62}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9._=+/-]{1,4096}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,4}", re.ASCII)


@blueprint.get("/rollbacks")
def rollbacks() -> ResponseReturnValue:
    """List records, newest first as the cluster gives them, `limit` at a time."""
    return jsonify(doors().receiver.rollbacks(_query(datetime.now(UTC))))


@blueprint.errorhandler(PageGone)
def _gone(error: PageGone) -> ResponseReturnValue:
    return jsonify(error=f"continue: begin again without it: {error}"), 400


@blueprint.get("/rollbacks/<name>")
def rollback(name: str) -> ResponseReturnValue:
    """Show one record."""
    return jsonify(found(name, doors().receiver.rollback(checked(name))))


def is_name(text: str) -> bool:
    """Tell whether a record can have this name."""
    return _NAME.fullmatch(text) is not None


def checked(name: str) -> str:
    """Return a name to ask the engine for.

    Raises:
        NotFound: no record can have it.
    """
    if not is_name(name):
        raise _not_found(name)
    return name


def found(name: str, record: dict[str, Any] | None) -> dict[str, Any]:
    """Return the record.

    Raises:
        NotFound: there is none of that name.
    """
    if record is None:
        raise _not_found(name)
    return record


def _not_found(name: str) -> NotFound:
    return NotFound(f"there is no record {quoted(name)}")


def _query(now: datetime) -> RollbackQuery:
    given: dict[str, Any] = {}
    for name, values in request.args.lists():
        if name not in _PARAMETERS:
            raise BadRequest(f"unknown parameter {quoted(name)}: known are {', '.join(_PARAMETERS)}")
        if len(values) > 1:
            raise BadRequest(f"{name} is given {len(values)} times: give it once")
        field, read = _PARAMETERS[name]
        try:
            given[field] = read(values[0], now)
        except ValueError as e:
            raise BadRequest(f"{name}: {e}") from e
    return RollbackQuery(**given)


def _phase(text: str, _now: datetime) -> Phase:
    if text not in set(Phase):
        raise ValueError(f"{quoted(text)} is no phase: known are {', '.join(Phase)}")
    return Phase(text)


def _target(text: str, _now: datetime) -> WorkloadRef:
    kind, *rest = text.split("/")
    if len(rest) != 2 or not _KIND.fullmatch(kind) or not all(map(_NAME.fullmatch, rest)):
        raise ValueError(f"{quoted(text)} is no KIND/NAMESPACE/NAME: write it like Deployment/shop/checkout")
    return WorkloadRef(kind, *rest)


def _since(text: str, now: datetime) -> datetime:
    """Read a time, or a duration until now."""
    try:
        return parse_rfc3339(text) if "T" in text else now - parse_duration(text)
    except (ValueError, OverflowError) as e:
        raise ValueError(
            f"{quoted(text)} is neither a duration nor a time: write it like 24h or 2026-05-01T12:00:00Z"
        ) from e


def _limit(text: str, _now: datetime) -> int:
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= MOST_RECORDS:
        raise ValueError(f"{quoted(text)} is no number from 1 to {MOST_RECORDS}")
    return int(text)


def _continue(text: str, _now: datetime) -> str:
    if not _TOKEN.fullmatch(text):
        raise ValueError("pass on what the last answer gave, unchanged")
    return text


_PARAMETERS: dict[str, tuple[str, Callable[[str, datetime], Any]]] = {
    "phase": ("phase", _phase),
    "target": ("target", _target),
    "since": ("since", _since),
    "limit": ("limit", _limit),
    "continue": ("continue_token", _continue),
}
