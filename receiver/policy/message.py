"""The webhook message on the wire: its JSON, checked field by field, and its faults in one line each.

Whatever the bytes are, nothing but `PayloadError` leaves this module. Only `policy/alerts` reads it; the rest
of the program sees what that makes of it.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, PlainValidator, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, core_schema, from_json

from receiver.policy.problems import quoted

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9998, 12, 31, tzinfo=UTC)
MOST_ALERTS = 100_000
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_NO_TIME = "must be a time as in RFC 3339, such as 2026-05-01T12:00:00Z"
_STATUSES = ("firing", "resolved")
_WANTED = {
    "model_type": "must be an object",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be 0 or more",
    "less_than": "must be less than 2^64",
}


class PayloadError(ValueError):
    """The body is no webhook message: one line that says where, what, and what would be right."""


def parse_rfc3339(text: object) -> datetime:
    """Read a time as Go writes it: any offset, any number of digits of a second, cut to microseconds.

    Times before 1970 count as 1970 (Go's zero time among them) and those after 9998 as 9998, so that
    subtracting a duration or writing the time down never fails.

    Raises:
        ValueError: it is not such a time.
    """
    found = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(_NO_TIME)
    date, clock, fraction, zone = found.groups()
    if date.startswith("0000"):
        return EARLIEST
    offset = "+00:00" if zone in "Zz" else zone
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}.{(fraction or '0')[:6]:0<6}{offset}")
        return min(max(moment.astimezone(UTC), EARLIEST), LATEST)
    except OverflowError:
        return EARLIEST if date.startswith("0001") else LATEST
    except ValueError as e:
        raise ValueError(_NO_TIME) from e


def _status(value: object) -> str:
    if value not in _STATUSES:
        raise ValueError("must be 'firing' or 'resolved'")
    return str(value)


def _string_map(value: object) -> dict[str, str]:
    """Accept an object of strings; null, which is Go's empty map, is empty."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("must be an object of strings")  # noqa: TRY004
    for key, text in value.items():
        if not isinstance(text, str):
            raise ValueError(f"must be an object of strings, and {quoted(key)} holds none")  # noqa: TRY004
    return value


class _NullOnFault:
    """Makes None of a value that cannot be read, so that it does not cost its neighbours."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_default_schema(handler(source), default=None, on_error="default")


_StringMap = Annotated[dict[str, str], PlainValidator(_string_map)]
_Time = Annotated[datetime, PlainValidator(parse_rfc3339)]


class WireAlert(BaseModel):
    """One alert; `ends_at` is `EARLIEST` where it is left out."""

    model_config = ConfigDict(strict=True)

    status: Annotated[str, PlainValidator(_status)]
    labels: _StringMap
    annotations: _StringMap = {}
    starts_at: _Time = Field(alias="startsAt")
    ends_at: _Time = Field(alias="endsAt", default=EARLIEST)
    generator_url: str | None = Field(alias="generatorURL", default=None)
    fingerprint: str | None = None


class _Frame(BaseModel):
    model_config = ConfigDict(strict=True)

    version: str = ""
    group_key: str = Field(alias="groupKey", default="")
    receiver: str = ""
    external_url: str = Field(alias="externalURL", default="")
    truncated_alerts: int = Field(alias="truncatedAlerts", default=0, ge=0, lt=2**64)


class WireMessage(_Frame):
    """A message; None stands for what cannot be read: an alert, or the list of them."""

    alerts: Annotated[
        Annotated[list[Annotated[WireAlert | None, _NullOnFault()]], Field(max_length=MOST_ALERTS)] | None,
        _NullOnFault(),
    ] = None


class _StrictMessage(_Frame):
    alerts: Annotated[list[WireAlert], Field(fail_fast=True)]


def read_message(body: bytes) -> tuple[WireMessage, Sequence[WireAlert | None]]:
    """Read the JSON of a message; its alerts come beside it, None for each that cannot be read.

    Raises:
        PayloadError: it is not JSON, or the message around the alerts is not as it should be.
    """
    if b"NaN" in body or b"Infinity" in body:
        _refuse_what_is_no_number(body)
    try:
        message = WireMessage.model_validate_json(body)
    except ValidationError as e:
        raise PayloadError(_first_fault(e)) from e
    if message.alerts is None:
        raise PayloadError(f"alerts must be a list of at most {MOST_ALERTS} alerts")
    return message, message.alerts


def first_fault(body: bytes) -> str:
    """Return what is wrong with the first alert that cannot be read, of a message that has one."""
    try:
        _StrictMessage.model_validate_json(body)
    except ValidationError as e:
        return _first_fault(e)
    raise AssertionError("the strict model refuses what the other makes None of")


def _refuse_what_is_no_number(body: bytes) -> None:
    """Refuse NaN and Infinity, which JSON does not have and pydantic lets pass where no field reads them."""
    try:
        from_json(body, allow_inf_nan=False)
    except ValueError as e:
        raise PayloadError(f"the body is not JSON: {e}") from e


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    if fault["type"] == "json_invalid":
        return f"the body is not JSON: {fault['ctx']['error']}"
    if fault["type"] == "missing":
        return f"{_path(fault)} is missing"
    if fault["type"] == "value_error":
        wanted = str(fault["ctx"]["error"])
    else:
        wanted = _WANTED.get(fault["type"], fault["msg"])
    return f"{_path(fault)} {wanted}{_contrast(fault['input'])}"


def _path(fault: ErrorDetails) -> str:
    """Write the way to a value, `alerts[3].startsAt`: positions and our own field names, nothing hostile."""
    path = ""
    for part in fault["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".") or "the message"


def _contrast(value: object) -> str:
    """Say what stands there instead; nothing of an object, where the fault names the wrong value."""
    if isinstance(value, str):
        return f", not {quoted(value)}"
    if isinstance(value, list):
        return ", not a list"
    return "" if isinstance(value, dict) else f", not {json.dumps(value)[:80]}"
