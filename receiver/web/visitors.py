"""Who is asking for a page, and from where: the only place that reads cookies and proxies' headers."""

from urllib.parse import urlsplit

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Unauthorized

from receiver.web.ports import doors
from receiver.web.sessions import SESSION_LASTS, Visitor

COOKIE = "rollback-receiver-session"
OPEN = frozenset({"assets.static", "signing.login", "signing.enter"})
BLUEPRINTS = frozenset({"review", "assets", "signing", "forms"})


def visitor() -> Visitor | None:
    """Return who is asking: by a trusted proxy's header, else by the cookie; None for a stranger."""
    page = doors().page
    if page.sessions is None:
        return None
    return page.proxies.visitor(request.remote_addr, request.headers) or page.sessions.read(
        request.cookies.get(COOKIE)
    )


def may_read() -> bool:
    """Tell whether pages may be shown to whoever is asking."""
    token = doors().review_token
    return token is None or visitor() is not None or token.admits(request.headers.get("Authorization"))


def authorize_page() -> ResponseReturnValue | None:
    """Let a request for a page pass, or send a stranger to the door; the forms look for themselves.

    Raises:
        Unauthorized: it is a poll of a page whose session has ended.
    """
    if request.endpoint in OPEN or request.method == "POST" or may_read():
        return None
    if "HX-Request" in request.headers:
        raise Unauthorized("the session has ended: load the page again")
    return redirect(url_for("signing.login", next=request.full_path.rstrip("?")), 303)


def is_https() -> bool:
    """Tell whether the browser speaks HTTPS, to us or to a trusted proxy."""
    return request.is_secure or _told("X-Forwarded-Proto") == "https"


def is_same_origin() -> bool:
    """Tell whether a form was sent from one of our own pages, by what the browser says of that.

    A browser that says nothing is believed: the form's own signature has to do.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc in {request.host, _told("X-Forwarded-Host")}


def keep_session(response: Response, cookie: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=SESSION_LASTS,
        path="/",
        secure=is_https(),
        httponly=True,
        samesite="Strict",
    )


def end_session(response: Response) -> None:
    """Take it away again."""
    response.delete_cookie(COOKIE, path="/", secure=is_https(), httponly=True, samesite="Strict")


def _told(header: str) -> str | None:
    trusted = doors().page.proxies.trust(request.remote_addr)
    return request.headers.get(header) if trusted else None
