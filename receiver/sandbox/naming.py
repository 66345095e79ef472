"""The rules for names, labels and annotations, in the real server's words."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from receiver.sandbox.errors import Cause

Object = Mapping[str, Any]
LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
PART = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
VALUE = rf"({PART})?"
ANNOTATION_BYTES = 256 * 1024
USED = "regex used for validation is"
ALPHANUMERIC = "must consist of alphanumeric characters, '-', '_' or '.'"
ENDS = "and must start and end with an alphanumeric character"
BAD_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    f"{ENDS} (e.g. 'my-name',  or '123-abc', {USED} '{LABEL}')"
)
BAD_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    f"{ENDS} (e.g. 'example.com', {USED} '{SUBDOMAIN}')"
)
BAD_PART = f"name part {ALPHANUMERIC}, {ENDS} (e.g. 'MyName',  or 'my.name',  or '123-abc', {USED} '{PART}')"
BAD_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    f"{ENDS} (e.g. 'MyValue',  or 'my_value',  or '12345', {USED} '{VALUE}')"
)

TWO_SLASHES = (
    f"a qualified name {ALPHANUMERIC}, {ENDS} (e.g. 'MyName',  or 'my.name',  or '123-abc', {USED} '{PART}') "
    "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)


def invalid(field: str, value: Any, why: str) -> Cause:
    """Return the cause that a field's value is wrong."""
    shown = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return field, "FieldValueInvalid", f"Invalid value: {shown}: {why}" if why else f"Invalid value: {shown}"


def required(field: str, why: str = "") -> Cause:
    """Return the cause that a field is not set."""
    return field, "FieldValueRequired", f"Required value: {why}" if why else "Required value"


def duplicate(field: str, value: Any) -> Cause:
    """Return the cause that a value was there already."""
    return field, "FieldValueDuplicate", f"Duplicate value: {json.dumps(value, separators=(',', ':'))}"


def unsupported(field: str, value: Any, supported: Iterable[object]) -> Cause:
    """Return the cause that a value is none of those that there are."""
    shown = json.dumps(value, separators=(",", ":"))
    options = ", ".join(json.dumps(str(option)) for option in supported)
    return field, "FieldValueNotSupported", f"Unsupported value: {shown}: supported values: {options}"


def label(text: str) -> Iterator[str]:
    """Yield what is wrong with a DNS label."""
    if "." in text:
        yield "must not contain dots"
        return
    if len(text) > 63:
        yield "must be no more than 63 characters"
    if not re.fullmatch(LABEL, text):
        yield BAD_LABEL


def subdomain(text: str) -> Iterator[str]:
    """Yield what is wrong with a DNS name."""
    if len(text) > 253:
        yield "must be no more than 253 characters"
    if not re.fullmatch(SUBDOMAIN, text):
        yield BAD_SUBDOMAIN


def qualified(text: str) -> Iterator[str]:
    """Yield what is wrong with a label's or an annotation's key."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        yield TWO_SLASHES
        return
    if slash and not prefix:
        yield "prefix part must be non-empty"
    elif slash:
        yield from (f"prefix part {why}" for why in subdomain(prefix))
    if not name:
        yield "name part must be non-empty"
    elif len(name) > 63:
        yield "name part must be no more than 63 bytes"
    if not re.fullmatch(PART, name):
        yield BAD_PART


def label_value(text: str) -> Iterator[str]:
    """Yield what is wrong with a label's value."""
    if len(text.encode()) > 63:
        yield "must be no more than 63 bytes"
    if not re.fullmatch(VALUE, text):
        yield BAD_VALUE


def labels(found: Mapping[str, str], field: str) -> Iterator[Cause]:
    """Yield what is wrong with an object's labels."""
    for key, value in found.items():
        yield from (invalid(field, key, why) for why in qualified(key))
        yield from (invalid(field, value, why) for why in label_value(value))


def annotations(found: Mapping[str, str], field: str) -> Iterator[Cause]:
    """Yield what is wrong with an object's annotations."""
    for key in found:
        yield from (invalid(field, key, why) for why in qualified(key.lower()))
    size = sum(len(key.encode()) + len(value.encode()) for key, value in found.items())
    if size > ANNOTATION_BYTES:
        yield field, "FieldValueTooLong", f"Too long: may not be more than {ANNOTATION_BYTES} bytes"
