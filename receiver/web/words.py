"""POST /api/v1/rollbacks/NAME/approve, reject, review; /api/v1/pause, resume: the on-call's words, in JSON.

All of them need the review token. A body is checked whole before anything is asked of the engine.
"""

import json
import re
from typing import Any

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, LengthRequired, RequestEntityTooLarge

from receiver.policy.problems import advice, quoted, shown
from receiver.policy.record import Review
from receiver.policy.times import format_time
from receiver.policy.words import NAME_LIMIT, NOTE_LIMIT
from receiver.web.access import demand_review_token
from receiver.web.api import checked, found
from receiver.web.ports import doors

blueprint = Blueprint("words", __name__, url_prefix="/api/v1")
LONGEST_BODY = 16 * 1024
BY_DEFAULT = "review token"
HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
LIMITS = {"by": NAME_LIMIT, "note": NOTE_LIMIT, "reason": NOTE_LIMIT}


@blueprint.before_request
def _demand_token() -> None:
    demand_review_token()


@blueprint.post("/rollbacks/<name>/approve")
def approve(name: str) -> ResponseReturnValue:
    """Have a record that awaits approval acted on: 200 with the record, which is Pending then."""
    said = _said("by")
    return jsonify(found(name, doors().receiver.approve(checked(name), said["by"])))


@blueprint.post("/rollbacks/<name>/reject")
def reject(name: str) -> ResponseReturnValue:
    """End a record that awaits approval: 200 with the record."""
    said = _said("by", "note")
    return jsonify(found(name, doors().receiver.reject(checked(name), said["by"], said["note"])))


@blueprint.post("/rollbacks/<name>/review")
def review(name: str) -> ResponseReturnValue:
    """Keep a verdict on a decision: 200 with the record."""
    said = _said("by", "note", "verdict")
    verdict = _verdict(said["verdict"])
    return jsonify(found(name, doors().receiver.review(checked(name), verdict, said["note"], said["by"])))


@blueprint.post("/pause")
def pause() -> ResponseReturnValue:
    """Switch the kill switch on: 200 with what holds then, and whether it was on already."""
    said = _said("by", "reason")
    held, before = doors().receiver.pause(said["by"], said["reason"])
    kept = {"by": held.by, "reason": held.reason, "since": format_time(held.at)}
    return jsonify(paused=True, already=before is not None, **kept)


@blueprint.post("/resume")
def resume() -> ResponseReturnValue:
    """Switch the kill switch off."""
    said = _said("by")
    doors().receiver.resume(said["by"])
    return jsonify(paused=False, by=said["by"])


def _verdict(text: str) -> Review:
    if text not in set(Review):
        known = f"known are {', '.join(Review)}"
        raise BadRequest(f"verdict: {quoted(text)} is no verdict: {known}" if text else f"verdict: {known}")
    return Review(text)


def _said(*keys: str) -> dict[str, str]:
    """Read the body: these keys, each of them a string; what is left out is empty, `by` the token's holder.

    Raises:
        BadRequest: it is something else.
    """
    given = _body()
    for key, value in given.items():
        if key not in keys:
            raise BadRequest(f"{quoted(key)}: unknown key: {advice(key, keys)}")
        if not isinstance(value, str):
            raise BadRequest(f"{key}: must be a string, not {shown(value)}")
        if HALF_A_CHARACTER.search(value):
            raise BadRequest(f"{key}: has half a surrogate pair: write the character itself")
        if len(value.encode()) > LIMITS.get(key, NAME_LIMIT):
            raise BadRequest(f"{key}: is too long: at most {LIMITS.get(key, NAME_LIMIT)} bytes")
    said = dict.fromkeys(keys, "") | given
    by = said["by"].strip() or BY_DEFAULT
    if not by.isprintable():
        raise BadRequest(f"by: {quoted(by)} has unprintable characters: write a name")
    return {**said, "by": by}


def _body() -> dict[str, Any]:
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired("send the body with a Content-Length, not in chunks")
    if (request.content_length or 0) > LONGEST_BODY:
        raise RequestEntityTooLarge(f"the body is too long: at most {LONGEST_BODY} bytes are taken")
    raw = request.get_data(cache=False)
    g.body_was_read = True
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as e:
        raise BadRequest(f"the body is no JSON: {e}") from e
    if not isinstance(body, dict):
        raise BadRequest(f"the body must be a JSON object, not {shown(body)}")
    return body
