"""Who may do what: the one place that says which door needs which token.

`/alerts` needs the webhook's token. Health and metrics need none. Everything else, what does not exist
included, needs the review token; without one reading is open and acting is off. The page takes a session or
a trusted proxy's word instead. Where clients must show a certificate, all but a kubelet's probes needs it.
"""

import logging
import ssl

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from receiver.web.api import is_name
from receiver.web.auth import TokenFile
from receiver.web.ports import doors
from receiver.web.visitors import BLUEPRINTS, authorize_page

log = logging.getLogger(__name__)

WEBHOOK = frozenset({"webhook.receive"})
OPEN = frozenset({"health.healthy", "health.ready", "health.metrics"})
PROBES = frozenset({"health.healthy", "health.ready"})
REALM = "rollback-receiver"


def authorize() -> ResponseReturnValue | None:
    """Let the request pass, before anything of its body is read; or send it to the page's door.

    Raises:
        Forbidden: clients must show a certificate, and this one did not.
        Unauthorized: the door needs a token, and the request does not hold it.
    """
    if request.endpoint not in PROBES:
        _demand_certificate()
    if request.blueprint in BLUEPRINTS:
        return authorize_page()
    if request.endpoint in WEBHOOK:
        _demand(doors().webhook_token, "--webhook-token-file")
    elif request.endpoint not in OPEN:
        _demand(doors().review_token, "--review-token-file")
    return None


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


def _demand_certificate() -> None:
    """The handshake let nobody through with a wrong certificate, but did let through whoever has none."""
    connection = request.environ.get("gunicorn.socket")
    if not isinstance(connection, ssl.SSLSocket) or connection.context.verify_mode == ssl.CERT_NONE:
        return
    if not connection.getpeercert(binary_form=True):
        raise Forbidden("show a client certificate that a CA of --tls-client-ca-file signed")


def _demand(token: TokenFile | None, flag: str) -> None:
    if token is None or token.admits(request.headers.get("Authorization")):
        return
    _tell_refused()
    raise Unauthorized(
        f"send the token of {flag} as 'Authorization: Bearer TOKEN'",
        www_authenticate=WWWAuthenticate("bearer", {"realm": REALM}),
    )


def _tell_refused() -> None:
    """Log who wanted to do something without the token; who only wanted to read is counted, as all are."""
    if request.endpoint is None or request.method in {"GET", "HEAD"}:
        return
    name = (request.view_args or {}).get("name", "")
    fields = {"endpoint": request.endpoint, "record": name if is_name(name) else ""}
    log.warning(
        "a request without the right token was refused", extra={**fields, "peer": request.remote_addr}
    )
