"""Records and browsers for the page's tests: what the engine would give, and what a person would send."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from receiver.policy.byhand import ALERTNAME
from receiver.policy.record import BY_HAND
from receiver.web.page import Proxies
from tests.web.conftest import Notebook, client_of

Object = dict[str, Any]
TOKEN = "review-secret"
TIMES: Mapping[str, str] = {
    "startedAt": "2026-05-01T03:12:41.900000Z",
    "patchedAt": "2026-05-01T03:12:44.000000Z",
    "finishedAt": "2026-05-01T03:14:18.000000Z",
}


def record(phase: str | None = "Succeeded", name: str = "checkout-1", **status: Any) -> Object:
    """Return a record in a phase; `status` is laid over its status."""
    decision = {
        "rule": "http-errors",
        "mode": "auto",
        "at": "2026-05-01T03:12:42.000000Z",
        "to": {"revision": 6, "templateHash": "good", "images": {"app": "checkout:6"}},
        "verdicts": [
            {"guard": "blame", "allowed": True, "reason": "blamed", "evidence": "it went live 6m before"},
            {"guard": "budget", "allowed": False, "reason": "spent", "evidence": "3 of 3"},
            {"guard": "firing", "reason": "not_judged", "evidence": "not judged"},
        ],
        "diff": "--- revision 7\n+++ revision 6\n@@ -1 +1 @@\n-image: a\n+image: b\n same",
    }
    given = {**TIMES, "phase": phase, "decision": decision, "occurrences": 1, "message": "In its own words"}
    return {
        "metadata": {"name": name, "namespace": "receiver", "creationTimestamp": "2026-05-01T03:12:42Z"},
        "spec": {
            "target": {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "u"},
            "suspect": {
                "revision": 7,
                "images": {"app": "checkout:7"},
                "rolledOutAt": "2026-05-01T03:06:00Z",
            },
            "alert": {
                "name": "HighErrorRate",
                "startsAt": "2026-05-01T03:12:30Z",
                "labels": {"severity": "page"},
                "annotations": {"runbook_url": "https://runbooks.example/alert"},
                "generatorURL": "http://prometheus.example/graph",
                "externalURL": "http://alertmanager.example/",
            },
            "rule": "http-errors",
        },
        "status": {key: value for key, value in {**given, **status}.items() if value is not None},
    }


def ordered(phase: str, **status: Any) -> Object:
    """Return a record of a rollback that a person ordered, as `undo` makes it."""
    raw = record(phase, **status)
    raw["spec"] |= {"rule": BY_HAND, "alert": {"name": ALERTNAME, "startsAt": "2026-05-01T03:12:00Z"}}
    raw["status"]["decision"] |= {"rule": BY_HAND}
    return raw


class Person:
    """Somebody at a browser: keeps cookies, reads forms out of pages, and sends them."""

    def __init__(self, notebook: Notebook, review: Path | None, proxies: Proxies | None = None) -> None:
        self.notebook = notebook
        self.client: FlaskClient = client_of(notebook, review=review, proxies=proxies)

    def sign_in(self, name: str = "Kim", token: str = TOKEN, **more: Any) -> TestResponse:
        """Send the form of the login page."""
        return self.client.post("/login", data={"name": name, "token": token, **more.pop("data", {})}, **more)

    def form(self, page: str, action: str) -> str:
        """Return what makes a form of a page ours."""
        text = self.client.get(page).text
        found = re.search(
            rf'action="{re.escape(action)}">\s*<input type="hidden" name="form" value="([^"]+)"', text
        )
        assert found, f"no form for {action} in {text}"
        return found[1]

    def send(self, action: str, page: str | None = None, **more: Any) -> TestResponse:
        """Fill in the form for an action, as the page that shows it has it, and send it."""
        data = {"form": self.form(page or action.rpartition("/")[0] or "/", action), **more.pop("data", {})}
        return self.client.post(action, data=data, **more)
