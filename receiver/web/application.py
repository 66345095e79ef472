"""The Flask application: its doors, and how it refuses. Every error is JSON: `{"error": "…"}`."""

import logging

from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from receiver import metrics
from receiver.policy.intake import Unavailable, WrongPhase
from receiver.web import api, forms, health, review, signing, webhook, words
from receiver.web.access import authorize
from receiver.web.auth import TokenFile
from receiver.web.page import Proxies, make_page
from receiver.web.ports import EXTENSION, Doors, Receiver
from receiver.web.sessions import Sessions

log = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_PROXIES = Proxies()
OF_THE_ERROR_PAGE = frozenset({"content-type", "content-length"})


def create_app(
    receiver: Receiver,
    *,
    webhook_token: TokenFile | None,
    review_token: TokenFile | None,
    max_body_bytes: int,
    proxies: Proxies = NO_PROXIES,
) -> Flask:
    """Make the application.

    `webhook_token` None lets anyone post alerts, which the log says now and a metric as long as it runs.
    `review_token` None lets anyone read, and nobody act. `proxies` are believed on who asks for the page.
    """
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=max_body_bytes, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.url_map.merge_slashes = False
    sessions = None if review_token is None else Sessions(review_token)
    page = make_page(
        sessions,
        proxies,
        list_records=receiver.rollbacks,
        get_record=receiver.rollback,
        get_rollout=receiver.rollout,
    )
    app.extensions[EXTENSION] = Doors(receiver, webhook_token, review_token, max_body_bytes, page)
    for module in (webhook, health, api, words, review, signing, forms):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(review.assets)
    app.before_request(authorize)
    app.after_request(_finish)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Unavailable, _unavailable)
    app.register_error_handler(WrongPhase, _wrong_phase)
    app.register_error_handler(Exception, _failed)
    _say_who_may_post(webhook_token)
    return app


def _say_who_may_post(token: TokenFile | None) -> None:
    metrics.WEBHOOK_AUTHENTICATION_ENABLED.set(token is not None)
    if token is None:
        log.warning("anyone may post alerts: give --webhook-token-file FILE to ask for a token")


def _finish(response: Response) -> Response:
    """Count the answer; close the connection where the rest of the request still lies on it."""
    has_body = request.content_length or "Transfer-Encoding" in request.headers
    if has_body and not g.get("body_was_read", False):
        response.headers["Connection"] = "close"
    response.headers["X-Content-Type-Options"] = "nosniff"
    metrics.HTTP_REQUESTS.labels(
        endpoint=request.endpoint or "unknown",
        method=request.method if request.method in METHODS else "other",
        code=str(response.status_code),
    ).inc()
    return response


def _refused(error: HTTPException) -> ResponseReturnValue:
    """Answer in JSON, with the headers that belong to the status, such as Allow or Retry-After."""
    response = error.get_response()
    headers = [(name, value) for name, value in response.headers if name.lower() not in OF_THE_ERROR_PAGE]
    return jsonify(error=error.description or error.name), response.status_code, headers


def _unavailable(error: Unavailable) -> ResponseReturnValue:
    return jsonify(error=str(error)), 503, {"Retry-After": str(error.retry_after_seconds)}


def _wrong_phase(error: WrongPhase) -> ResponseReturnValue:
    return jsonify(error=str(error)), 409


def _failed(error: Exception) -> ResponseReturnValue:
    """Answer 500 and nothing more; the log says what it was."""
    log.error("a request failed", exc_info=error, extra={"endpoint": request.endpoint})
    return jsonify(error="internal error; the log of the receiver tells more"), 500
