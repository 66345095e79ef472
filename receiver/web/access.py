"""Who may do what: the one place that says which door needs which token.

`/alerts` needs the webhook's token. Health and metrics need none. Everything else, what does not exist
included, needs the review token; without one reading is open and acting is off.
"""

from flask import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from receiver.web.auth import TokenFile
from receiver.web.ports import doors

WEBHOOK = frozenset({"webhook.receive"})
OPEN = frozenset({"health.healthy", "health.ready", "health.metrics"})
REALM = "rollback-receiver"


def authorize() -> None:
    """Let the request pass, before anything of its body is read.

    Raises:
        Unauthorized: the door needs a token, and the request does not hold it.
    """
    if request.endpoint in WEBHOOK:
        _demand(doors().webhook_token, "--webhook-token-file")
    elif request.endpoint not in OPEN:
        _demand(doors().review_token, "--review-token-file")


def demand_review_token() -> None:
    """Let the request pass only where there is a review token, which `authorize` has then checked.

    Raises:
        Forbidden: the installation has none.
    """
    if doors().review_token is None:
        raise Forbidden(
            f"{request.method} {request.path} is switched off: "
            "start the receiver with --review-token-file FILE and send that token to switch it on"
        )


def _demand(token: TokenFile | None, flag: str) -> None:
    if token is None or token.admits(request.headers.get("Authorization")):
        return
    raise Unauthorized(
        f"send the token of {flag} as 'Authorization: Bearer TOKEN'",
        www_authenticate=WWWAuthenticate("bearer", {"realm": REALM}),
    )
