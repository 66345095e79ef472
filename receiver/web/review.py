"""GET / and GET /rollbacks/NAME: the page for whoever is on call, made here, usable without JavaScript."""

from datetime import UTC, datetime

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException
from werkzeug.urls import iri_to_uri

from receiver import __version__
from receiver.policy.intake import Unavailable, WrongPhase
from receiver.policy.overview import Overview
from receiver.policy.record import Phase, Review
from receiver.policy.times import format_age, format_precise, format_time
from receiver.policy.words import Act
from receiver.web.api import checked, found
from receiver.web.detail import Detail, detail
from receiver.web.listing import Filters, arrange
from receiver.web.page import EVERY_SECONDS
from receiver.web.ports import doors
from receiver.web.sessions import Purpose
from receiver.web.states import state_of, state_of_switch
from receiver.web.visitors import visitor
from receiver.web.wording import clock, visible

blueprint = Blueprint("review", __name__, template_folder="templates")
assets = Blueprint("assets", __name__, static_folder="static", static_url_path="/static")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@blueprint.get("/")
def rollbacks() -> ResponseReturnValue:
    """Show the list."""
    overview = doors().receiver.overview()
    listing = arrange(doors().page.lists.get(None), Filters.read(request.args), overview.rules)
    return show("list.html", listing=listing, phases=list(Phase), overview=overview)


@blueprint.get("/rollbacks/<name>")
def rollback(name: str) -> ResponseReturnValue:
    """Show one record."""
    seen = doors().page.records.get(checked(name))
    record = found(name, seen.record)
    overview = doors().receiver.overview()
    shown = detail(record, runbooks=overview.runbooks, now=datetime.now(UTC))
    forms = {act.value: _form(act, name, state_of(act, record)) for act in _acts(shown)}
    given = {"rollout": seen.rollout, "forms": forms, "reviews": list(Review)}
    return show("record.html", record=shown, overview=overview, **given)


def show(template: str, *, overview: Overview | None = None, **given: object) -> str:
    """Render a page; all of them show the installation at a glance, as far as it is known."""
    who, now = visitor(), datetime.now(UTC)
    switch = Act.PAUSE if overview and overview.pause is None else Act.RESUME
    usable = overview is not None and overview.unreadable is None
    return render_template(
        template,
        overview=overview,
        visitor=who,
        can_sign_in=doors().page.sessions is not None,
        switch=switch.value,
        switch_form=_form(switch, "", state_of_switch(overview)) if overview and usable else None,
        every=f"{EVERY_SECONDS:g}s",
        here=iri_to_uri(request.full_path.rstrip("?")),
        now=now,
        version=__version__,
        **given,
    )


def _acts(shown: Detail) -> list[Act]:
    approval = [Act.APPROVE, Act.REJECT] if shown.awaits_approval else []
    return [*approval, *([Act.REVIEW] if shown.can_be_reviewed else [])]


def _form(act: Act, record: str, state: str) -> str | None:
    """Return what makes a form ours, None for somebody who may not act."""
    who, sessions = visitor(), doors().page.sessions
    return None if who is None or sessions is None else sessions.form(who, Purpose(act, record, state))


def harden(response: Response) -> Response:
    """Say what a browser may do with a page: nothing but show it."""
    response.headers.update(HEADERS)
    if request.endpoint != "assets.static":
        response.headers["Cache-Control"] = "no-store"
    return response


def refused(error: HTTPException) -> ResponseReturnValue:
    """Say on a page what cannot be done."""
    kept = [(name, value) for name, value in error.get_response().headers if name in {"Allow", "Retry-After"}]
    page = show("refused.html", title=error.name, message=error.description or error.name)
    return page, error.code or 500, kept


def unavailable(error: Unavailable) -> ResponseReturnValue:
    """Say on a page that the cluster does not answer."""
    page = show("refused.html", title="The cluster does not answer", message=str(error))
    return page, 503, {"Retry-After": str(error.retry_after_seconds)}


def too_late(error: WrongPhase) -> ResponseReturnValue:
    """Say on a page who was first."""
    return show("refused.html", title="Somebody was first", message=str(error)), 409


def as_page(pages: Blueprint) -> None:
    """Have a blueprint's answers hardened, and its errors shown as pages."""
    pages.after_request(harden)
    pages.register_error_handler(HTTPException, refused)
    pages.register_error_handler(Unavailable, unavailable)
    pages.register_error_handler(WrongPhase, too_late)


as_page(blueprint)
assets.after_request(harden)


@blueprint.app_template_filter("clock")
def _clock(at: datetime, now: datetime) -> Markup:
    """Show a moment, with the exact time for machines."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        format_precise(at), format_time(at), clock(at, now=now)
    )


@blueprint.app_template_filter("ago")
def _ago(at: datetime, now: datetime) -> str:
    return format_age(max(now - at, now - now))


@blueprint.app_template_filter("utc")
def _utc(at: datetime) -> str:
    return format_time(at)


@blueprint.app_template_filter("plain")
def _plain(text: object) -> str:
    return visible(text)


@blueprint.app_template_filter("visible")
def _visible(text: object) -> Markup:
    """Escape a text that somebody else chose, and keep its direction to itself."""
    return Markup("<bdi>{}</bdi>").format(escape(visible(text)))
