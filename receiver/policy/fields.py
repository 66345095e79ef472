"""The values in rule and config files, each a type that parses itself and describes itself to JSON Schema.

Each takes plain data or, for callers in Python, the value that it would become.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from receiver.policy.durations import DURATION_PATTERN, parse_duration
from receiver.policy.matchers import Matcher, MatcherError, parse_matchers
from receiver.policy.problems import advice, quoted, shown
from receiver.policy.templates import TEMPLATE_PATTERN, Template, parse_template

E = TypeVar("E", bound=StrEnum)

DNS_LABEL_PATTERN = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DNS_LABEL = re.compile(DNS_LABEL_PATTERN)
_URL_PATTERN = r"https?://[^\s/?#:@][^\s/?#@]*([/?#]\S*)?"
_URL = re.compile(_URL_PATTERN)
_URL_OF_A_USER = re.compile(r"https?://[^\s/?#]*@\S*")


def whole(pattern: str) -> str:
    """Anchor a pattern for JSON Schema, which searches."""
    return f"^({pattern})$"


def choice(enum: type[E], withheld: dict[str, str] | None = None) -> Callable[[object], E]:
    """Return the parser of an enum's words. `withheld` are words that are known and refused, and why."""
    refused = withheld or {}
    words = [member.value for member in enum if member.value not in refused]

    def parse(value: object) -> E:
        if isinstance(value, str) and value in refused:
            raise ValueError(refused[value])
        if isinstance(value, str) and value in words:
            return enum(value)
        raise ValueError(
            f"{shown(value)} is unknown: {advice(value if isinstance(value, str) else '', words)}"
        )

    return parse


def text(value: object) -> str:
    """Return a string that is not empty.

    Raises:
        ValueError: it is empty or something else; YAML's numbers and booleans need quotes to be strings.
    """
    if not isinstance(value, str):
        raise ValueError(f"must be a string, not {shown(value)}")  # noqa: TRY004 # pydantic takes ValueError
    if not value:
        raise ValueError("must not be empty")
    return value


def dns_label(value: object) -> str:
    """Return a name as Kubernetes gives to namespaces.

    Raises:
        ValueError: it is none (RFC 1123: a-z, 0-9 and '-', 1 to 63 of them, no '-' at either end).
    """
    name = text(value)
    if not _DNS_LABEL.fullmatch(name):
        raise ValueError(
            f"{quoted(name)} is no DNS label: use a-z, 0-9 and '-', at most 63, no '-' at the ends"
        )
    return name


def flag(value: object) -> bool:
    """Return true or false.

    Raises:
        ValueError: it is neither.
    """
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {shown(value)}")  # noqa: TRY004 # pydantic takes ValueError
    return value


def duration(value: object) -> timedelta:
    """Return a Prometheus duration; `0` may stand there as a number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return parse_duration(str(value))
    return parse_duration(text(value))


def count(value: object) -> int:
    """Return a whole number of at least 1.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"must be a whole number of at least 1, not {shown(value)}")
    return value


def url(value: object) -> str:
    """Return a web address. Its path may be a secret: no message repeats it.

    Raises:
        ValueError: it has another scheme, no host, a space in it, or a user. Nothing that we ask sends a
            user's password, and addresses stand in logs, on records and in links.
    """
    address = text(value)
    if _URL_OF_A_USER.fullmatch(address):
        raise ValueError(
            "must hold no user and no password, which others would get to read: "
            "leave them out; what is secret belongs in a file"
        )
    if not _URL.fullmatch(address) or not _has_host(address):
        raise ValueError("must be an address that begins with http:// or https:// and a host")
    return address


def template(value: object) -> Template:
    """Return a template of a target.

    Raises:
        ValueError: it is none.
    """
    return value if isinstance(value, Template) else parse_template(text(value))


def matchers(value: object) -> Matcher | tuple[Matcher, ...]:
    """Return the matchers of one string, which may hold several (`{a="b",c!="d"}`), but not none.

    Raises:
        ValueError: Alertmanager would not take it, or it would match every alert.
    """
    return _matchers(value, 'would match every alert: write one like alertname="HighErrorRate"')


def selector(value: object) -> Matcher | tuple[Matcher, ...]:
    """Return what one string selects workloads by: matchers on their labels, at least one.

    Raises:
        ValueError: as `matchers`.
    """
    return _matchers(value, 'would select every workload: write one like tier!="database"')


def _matchers(value: object, no_matcher: str) -> Matcher | tuple[Matcher, ...]:
    if isinstance(value, Matcher):
        return value
    try:
        parsed = parse_matchers(text(value))
    except MatcherError as e:
        raise ValueError(str(e)) from e
    if not parsed:
        raise ValueError(no_matcher)
    return parsed


def all_matchers(value: tuple[Any, ...]) -> tuple[Matcher, ...]:
    """Join the matchers of a list of strings, all of which have to match.

    Raises:
        ValueError: there are none, which would match every alert.
    """
    if not value:
        raise ValueError("would match every alert: list at least one matcher")
    return joined(value)


def joined(value: tuple[Any, ...]) -> tuple[Matcher, ...]:
    """Join the matchers of the strings of a list."""
    return tuple(matcher for item in value for matcher in (item if isinstance(item, tuple) else (item,)))


def _has_host(address: str) -> bool:
    try:
        return urlsplit(address).hostname is not None and urlsplit(address).port != 0
    except ValueError:
        return False


def _string(pattern: str, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": whole(pattern), **more})


_DURATION_SCHEMA = {
    "anyOf": [{"type": "string", "pattern": whole(DURATION_PATTERN)}, {"const": 0}],
    "examples": ["30s", "10m", "1h30m"],
}
_MATCHER_SCHEMA = {"type": "string", "pattern": "=|!~", "examples": ['alertname="HighErrorRate"']}
_TEMPLATE_SCHEMA = _string(TEMPLATE_PATTERN, examples=["{{ $labels.namespace }}"])

Text = Annotated[str, PlainValidator(text), WithJsonSchema({"type": "string", "minLength": 1})]
Flag = Annotated[bool, PlainValidator(flag), WithJsonSchema({"type": "boolean"})]
DnsLabel = Annotated[str, PlainValidator(dns_label), _string(DNS_LABEL_PATTERN)]
Duration = Annotated[timedelta, PlainValidator(duration), WithJsonSchema(_DURATION_SCHEMA)]
Count = Annotated[int, PlainValidator(count), WithJsonSchema({"type": "integer", "minimum": 1})]
Url = Annotated[str, PlainValidator(url), _string(_URL_PATTERN)]
TargetText = Annotated[Template, PlainValidator(template), _TEMPLATE_SCHEMA]
Matchers = Annotated[
    tuple[Annotated[Matcher, PlainValidator(matchers)], ...],
    AfterValidator(all_matchers),
    WithJsonSchema({"type": "array", "minItems": 1, "items": _MATCHER_SCHEMA}),
]
Selectors = Annotated[
    tuple[Annotated[Matcher, PlainValidator(selector)], ...],
    AfterValidator(joined),
    WithJsonSchema({"type": "array", "items": {**_MATCHER_SCHEMA, "examples": ['tier!="database"']}}),
]
