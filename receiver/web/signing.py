"""GET and POST /login, POST /logout: from the review token to a session that carries a name."""

import logging
import re
from typing import cast

from flask import Blueprint, Response, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, LengthRequired, RequestEntityTooLarge

from receiver import metrics
from receiver.web.page import NAME_LIMIT
from receiver.web.ports import doors
from receiver.web.review import as_page, show
from receiver.web.sessions import Refusal, Sessions
from receiver.web.visitors import end_session, is_same_origin, keep_session

log = logging.getLogger(__name__)
blueprint = Blueprint("signing", __name__)
as_page(blueprint)
LONGEST_FORM_BYTES = 16 * 1024
_OWN_PAGES = re.compile(r"/(rollbacks/[a-z0-9.-]{1,253})?(\?[A-Za-z0-9%&=+._~/-]*)?", re.ASCII)


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """Show the form that asks for the token."""
    return _page("")


@blueprint.post("/login")
def enter() -> ResponseReturnValue:
    """Open a session for whoever holds the token."""
    sessions = sessions_here()
    given = read_form()
    token, name = given.get("token", "").strip(), given.get("name", "").strip()
    _demand_own_site(name)
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        return _page(f"Give your name, at most {NAME_LIMIT} characters: it is kept with what you do."), 400
    review_token = doors().review_token
    cookie = sessions.open(name) if review_token and review_token.holds(token.encode()) else None
    if cookie is None:
        refuse(Refusal.WRONG_TOKEN, who=name)
        return _page("This is not the review token."), 401
    log.info("signed in", extra={"by": name, "peer": request.remote_addr})
    response = cast("Response", redirect(own_page(given.get("next", "")), 303))
    keep_session(response, cookie)
    return response


@blueprint.post("/logout")
def leave() -> ResponseReturnValue:
    """End the session in this browser."""
    _demand_own_site("")
    response = cast("Response", redirect(url_for("signing.login"), 303))
    end_session(response)
    return response


def read_form() -> dict[str, str]:
    """Return the fields of a form, each once.

    Raises:
        LengthRequired, RequestEntityTooLarge: it is none of ours.
    """
    if request.content_length is None or "Transfer-Encoding" in request.headers:
        raise LengthRequired("send the form with a Content-Length, not in chunks")
    if request.content_length > LONGEST_FORM_BYTES:
        raise RequestEntityTooLarge(f"the form is too long: at most {LONGEST_FORM_BYTES} bytes are taken")
    fields = request.form.to_dict()
    g.body_was_read = True
    return fields


def refuse(reason: Refusal, *, who: str, **more: str) -> None:
    """Count and log what was sent and not done."""
    metrics.FORMS_REFUSED.labels(reason=reason.value).inc()
    log.warning(
        "a form was refused", extra={"reason": reason.value, "by": who, "peer": request.remote_addr, **more}
    )


def own_page(path: str) -> str:
    """Return the page to go on with: one of ours, whatever was asked for."""
    return path if _OWN_PAGES.fullmatch(path) else "/"


def sessions_here() -> Sessions:
    """Return the sessions of this installation.

    Raises:
        Forbidden: it has no review token, so nobody may act.
    """
    sessions = doors().page.sessions
    if sessions is None:
        raise Forbidden(
            "acting is switched off: start the receiver with --review-token-file FILE to switch it on"
        )
    return sessions


def _demand_own_site(who: str) -> None:
    if not is_same_origin():
        refuse(Refusal.CROSS_SITE, who=who)
        raise Forbidden("this form was sent from another site")


def _page(fault: str) -> Response:
    sessions_here()
    target = own_page(request.values.get("next", ""))
    return make_response(show("login.html", fault=fault, target=target))
