"""The alerts of a webhook message, frozen: Alertmanager's from 0.25 to 0.34, and Grafana's.

Labels are chosen by whoever reaches Alertmanager: nothing here trusts, cleans or drops their values.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from receiver.policy.message import EARLIEST, PayloadError, WireAlert, first_fault, read_message

__all__ = ["Alert", "Payload", "PayloadError", "Status", "bounded", "cut", "fingerprint_of", "parse_payload"]

RECORDED_BYTES = 4096
RECORDED_ENTRIES = 32
LEFT_OUT = "…"
SMALLEST_CUT = 48
_FNV_OFFSET, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
_FINGERPRINT = re.compile(r"[0-9A-Za-z._:-]{1,64}", re.ASCII)


class Status(StrEnum):
    """Whether an alert fires; the strings are Alertmanager's."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a message.

    `labels` and `annotations` become read-only copies. `starts_at` is when it fired, after its rule's `for`.
    `ends_at` is None while it fires, and where the sender names no end. A `fingerprint` that is left out is
    computed from the labels.
    """

    status: Status
    labels: Mapping[str, str]
    starts_at: datetime
    annotations: Mapping[str, str] = field(default_factory=dict)
    ends_at: datetime | None = None
    generator_url: str = ""
    fingerprint: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))
        object.__setattr__(self, "annotations", MappingProxyType(dict(self.annotations)))
        if not self.fingerprint:
            object.__setattr__(self, "fingerprint", fingerprint_of(self.labels))

    @property
    def name(self) -> str:
        """Return the label alertname; empty where there is none, which Alertmanager allows."""
        return self.labels.get("alertname", "")

    @property
    def key(self) -> tuple[str, datetime]:
        """Return what tells a repeated delivery from a new firing: fingerprint and startsAt."""
        return self.fingerprint, self.starts_at

    @property
    def firing(self) -> bool:
        """Tell whether it fires."""
        return self.status is Status.FIRING


@dataclass(frozen=True, slots=True)
class Payload:
    """One webhook message.

    `truncated_alerts` is how many alerts of the group the sender left out (max_alerts): those are lost.
    `malformed_alerts` is how many of this message cannot be read and are left out of `alerts`, so that they
    do not cost their neighbours; `first_fault` is what is wrong with the first of them, None without any.
    """

    version: str
    group_key: str
    receiver: str
    external_url: str
    truncated_alerts: int
    alerts: tuple[Alert, ...]
    malformed_alerts: int = 0
    first_fault: str | None = None


def parse_payload(body: bytes) -> Payload:
    """Read the body of a webhook request.

    An alert that cannot be read is left out and counted; unknown fields pass.

    Raises:
        PayloadError: it is not JSON, not a message, or has alerts of which not one can be read.
    """
    message, alerts = read_message(body)
    good = tuple(_frozen(alert) for alert in alerts if alert is not None)
    malformed = len(alerts) - len(good)
    fault = first_fault(body) if malformed else None
    if fault is not None and not good:
        raise PayloadError(fault)
    return Payload(
        version=message.version,
        group_key=message.group_key,
        receiver=message.receiver,
        external_url=message.external_url,
        truncated_alerts=message.truncated_alerts,
        alerts=good,
        malformed_alerts=malformed,
        first_fault=fault,
    )


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """Return the fingerprint that Alertmanager gives these labels: LabelSet.Fingerprint of prometheus/common.

    That is FNV-1a of 64 bits over the sorted names and values, each closed by a byte that is no UTF-8.
    """
    digest = _FNV_OFFSET
    for text in (text for pair in sorted(labels.items()) for text in pair):
        for byte in text.encode("utf-8", "surrogatepass") + b"\xff":
            digest = ((digest ^ byte) * _FNV_PRIME) % 2**64
    return f"{digest:016x}"


def bounded(texts: Mapping[str, str], *, limit_bytes: int = RECORDED_BYTES) -> dict[str, str]:
    """Return annotations (or labels) as they are stored on a record: at most `limit_bytes` of UTF-8 in all.

    The longest values are cut first, and marked. Names beyond the first 32, or too long to leave room for a
    value, are left out and counted under the name `…`.
    """
    if sum(_size(name) + _size(text) for name, text in texts.items()) <= limit_bytes:
        return dict(texts)
    left = limit_bytes - SMALLEST_CUT
    kept: dict[str, str] = {}
    names = sorted(sorted(texts)[:RECORDED_ENTRIES], key=lambda name: _size(name) + _size(texts[name]))
    for position, name in enumerate(names):
        share = left // (len(names) - position) - _size(name)
        if share >= min(SMALLEST_CUT, _size(texts[name])):
            kept[name] = cut(texts[name], limit_bytes=share)
            left -= _size(name) + _size(kept[name])
    whole = {name: kept[name] for name in texts if name in kept}
    missing = len(texts) - len(kept)
    return {**whole, LEFT_OUT: f"{missing} more left out"} if missing else whole


def cut(text: str, *, limit_bytes: int) -> str:
    """Return a text in at most `limit_bytes` (48 or more) of UTF-8, ending in a mark if it was longer."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit_bytes:
        return text
    mark = f"… [cut: {len(raw)} bytes]"
    return raw[: limit_bytes - _size(mark)].decode("utf-8", "ignore") + mark


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _frozen(alert: WireAlert) -> Alert:
    status = Status(alert.status)
    ended = status is Status.RESOLVED and alert.ends_at > EARLIEST
    fingerprint = alert.fingerprint or ""
    return Alert(
        status=status,
        labels=alert.labels,
        annotations=alert.annotations,
        starts_at=alert.starts_at,
        ends_at=alert.ends_at if ended else None,
        generator_url=alert.generator_url or "",
        fingerprint=fingerprint if _FINGERPRINT.fullmatch(fingerprint) else "",
    )
