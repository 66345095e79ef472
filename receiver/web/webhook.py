"""POST /alerts: bound the body, parse it, hand it on, and say so only when it is stored.

Alertmanager sends again what gets a 5xx or no answer, and gives up on a 4xx: nothing transient is a 4xx.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    LengthRequired,
    RequestEntityTooLarge,
    ServiceUnavailable,
)

from receiver import metrics
from receiver.policy.alerts import Payload, PayloadError, parse_payload
from receiver.web.ports import doors

log = logging.getLogger(__name__)

blueprint = Blueprint("webhook", __name__)
LARGE_BODY_BYTES = 1024 * 1024
LONGEST_WAIT_SECONDS = 9.0
RETRY_AFTER_SECONDS = 5


@blueprint.route("/alerts", methods=["POST", "PUT"])
def receive() -> ResponseReturnValue:
    """Take one message of Alertmanager, or of Grafana, which may PUT."""
    received_at = datetime.now(UTC)
    payload = _payload()
    _tell_malformed(payload)
    outcome = doors().receiver.accept(payload, received_at)
    ignored = outcome.ignored + payload.malformed_alerts
    return jsonify(accepted=outcome.accepted, ignored=ignored, records=list(outcome.records)), 202


def _payload() -> Payload:
    length = _length()
    with _turn(length):
        body = _body(length)
        try:
            return parse_payload(body)
        except PayloadError as e:
            raise BadRequest(f"not an Alertmanager webhook message: {e}") from e


def _length() -> int:
    length, limit = request.content_length, doors().max_body_bytes
    if length is None or "Transfer-Encoding" in request.headers:
        raise LengthRequired("send the body with a Content-Length, not in chunks")
    if length > limit:
        raise RequestEntityTooLarge(f"the body has {length} bytes, at most {limit} are taken")
    return length


@contextmanager
def _turn(length: int) -> Iterator[None]:
    """Wait until few enough large bodies are in memory; a small one never waits."""
    large = doors().large_bodies
    if length <= LARGE_BODY_BYTES:
        yield
    elif large.acquire(timeout=LONGEST_WAIT_SECONDS):
        try:
            yield
        finally:
            large.release()
    else:
        raise ServiceUnavailable("too many large messages at once", retry_after=RETRY_AFTER_SECONDS)


def _body(length: int) -> bytes:
    try:
        body = request.get_data(cache=False)
    except ClientDisconnected as e:
        raise ServiceUnavailable("the body did not arrive in time", retry_after=RETRY_AFTER_SECONDS) from e
    if len(body) < length:
        raise BadRequest(f"the body ends after {len(body)} of the {length} bytes that were announced")
    g.body_was_read = True
    return body


def _tell_malformed(payload: Payload) -> None:
    """Count and log what the receiver does not get to see; it counts the rest."""
    if payload.malformed_alerts:
        metrics.ALERTS_IGNORED.labels(reason="malformed").inc(payload.malformed_alerts)
        fields = {"group_key": payload.group_key, "first_fault": payload.first_fault}
        log.warning("%d alerts that cannot be read were left out", payload.malformed_alerts, extra=fields)
