"""What people do on the page: approve, reject, review, pause, resume. Each form is ours, and serves once."""

from collections.abc import Callable, Mapping
from typing import NoReturn

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Conflict, Forbidden, HTTPException, Unauthorized

from receiver.policy.record import Review
from receiver.policy.words import Act
from receiver.web.api import checked, found, is_name
from receiver.web.ports import Receiver, doors
from receiver.web.review import as_page
from receiver.web.sessions import FormRefused, Purpose, Refusal, Sessions, Visitor
from receiver.web.signing import own_page, read_form, refuse, sessions_here
from receiver.web.states import state_counts, state_of, state_of_switch
from receiver.web.visitors import is_same_origin, visitor

blueprint = Blueprint("forms", __name__)
as_page(blueprint)
_ERRORS: Mapping[Refusal, type[HTTPException]] = {
    Refusal.NO_SESSION: Unauthorized,
    Refusal.CROSS_SITE: Forbidden,
    Refusal.FORGED: Forbidden,
    Refusal.EXPIRED: Conflict,
    Refusal.REPLAYED: Conflict,
    Refusal.OUTDATED: Conflict,
}
Say = Callable[[Receiver, str, str, Mapping[str, str]], object]


@blueprint.post("/rollbacks/<name>/<any(approve,reject,review):word>")
def act(name: str, word: str) -> ResponseReturnValue:
    """Say something of a record, and show it again."""
    fields, kind = read_form(), Act(word)
    who, sessions = _somebody(kind, name)
    receiver = doors().receiver
    record = found(name, receiver.rollback(checked(name)))
    purpose = Purpose(kind, name, state_of(kind, record))
    _take(sessions, who, purpose, form=fields.get("form", ""), counts=state_counts(kind, record))
    _SAY[kind](receiver, name, who.name, fields)
    doors().page.records.forget(name)
    return redirect(url_for("review.rollback", name=name), 303)


@blueprint.post("/<any(pause,resume):word>")
def switch(word: str) -> ResponseReturnValue:
    """Turn the kill switch, and show the page again."""
    fields, kind = read_form(), Act(word)
    who, sessions = _somebody(kind, "")
    receiver = doors().receiver
    purpose = Purpose(kind, "", state_of_switch(receiver.overview()))
    _take(sessions, who, purpose, form=fields.get("form", ""), counts=True)
    if kind is Act.PAUSE:
        receiver.pause(who.name, fields.get("reason", "").strip())
    else:
        receiver.resume(who.name)
    return redirect(own_page(fields.get("next", "")), 303)


def _somebody(kind: Act, record: str) -> tuple[Visitor, Sessions]:
    """Return who is acting.

    Raises:
        Forbidden: nobody may, or the form comes from elsewhere.
        Unauthorized: there is no session, or it has ended.
    """
    sessions, who = sessions_here(), visitor()
    if not is_same_origin():
        _refuse(Refusal.CROSS_SITE, "this form was sent from another site", who, kind, record)
    if who is None:
        _refuse(Refusal.NO_SESSION, "sign in first: there is no session, or it has ended", who, kind, record)
    return who, sessions


def _take(sessions: Sessions, who: Visitor, purpose: Purpose, *, form: str, counts: bool) -> None:
    try:
        sessions.take(form, who, purpose, state_counts=counts)
    except FormRefused as e:
        _refuse(e.reason, f"{e}: look at the page again, and decide anew", who, purpose.act, purpose.record)


def _refuse(reason: Refusal, message: str, who: Visitor | None, kind: Act, record: str) -> NoReturn:
    shown = record if is_name(record) else ""
    refuse(reason, who="" if who is None else who.name, act=kind.value, record=shown)
    raise _ERRORS[reason](message)


def _review(receiver: Receiver, name: str, by: str, fields: Mapping[str, str]) -> object:
    verdict = fields.get("verdict", "")
    if verdict not in set(Review):
        raise BadRequest(f"choose one of {', '.join(Review)}")
    return receiver.review(name, Review(verdict), _note(fields), by)


def _note(fields: Mapping[str, str]) -> str:
    return fields.get("note", "").strip()


_SAY: Mapping[Act, Say] = {
    Act.APPROVE: lambda receiver, name, by, _: receiver.approve(name, by),
    Act.REJECT: lambda receiver, name, by, fields: receiver.reject(name, by, _note(fields)),
    Act.REVIEW: _review,
}
