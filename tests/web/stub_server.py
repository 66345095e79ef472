"""The real server around a receiver that only pretends; a process of its own for test_server.

The label `sleep` of an alert says for how many seconds its message takes; `crash` ends the worker.
"""

import logging
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from receiver import logs
from receiver.policy.alerts import Payload
from receiver.policy.intake import Accepted, RollbackQuery
from receiver.policy.ledger import Pause
from receiver.policy.overview import Overview, Rollout
from receiver.policy.record import Review
from receiver.policy.rules import Mode
from receiver.web import server
from receiver.web.application import create_app
from receiver.web.auth import TokenFile
from receiver.web.tls import TlsFiles

log = logging.getLogger("stub")

MAX_BODY_BYTES = 16 * 1024 * 1024


class Pretender:
    """Takes everything."""

    def accept(self, payload: Payload, received_at: datetime) -> Accepted:  # noqa: ARG002
        for alert in payload.alerts:
            if "crash" in alert.labels:
                os._exit(7)
            if "sleep" in alert.labels:
                log.info("sleeping")
                time.sleep(float(alert.labels["sleep"]))
        return Accepted(accepted=len(payload.alerts), ignored=0, records=("r-1",))

    def ready(self) -> str | None:
        return None

    def reload(self) -> None:
        return None

    def rollbacks(self, query: RollbackQuery) -> dict[str, Any]:  # noqa: ARG002
        return {"items": []}

    def rollback(self, name: str) -> dict[str, Any] | None:
        return {"filler": "x" * 20_000_000} if name == "huge" else None

    def approve(self, name: str, by: str) -> dict[str, Any] | None:  # noqa: ARG002
        return None

    def reject(self, name: str, by: str, note: str) -> dict[str, Any] | None:  # noqa: ARG002
        return None

    def review(self, name: str, verdict: Review, note: str, by: str) -> dict[str, Any] | None:  # noqa: ARG002
        return None

    def pause(self, by: str, reason: str) -> tuple[Pause, Pause | None]:
        return Pause(datetime.now(UTC), by, reason), None

    def resume(self, by: str) -> None: ...

    def overview(self) -> Overview:
        return Overview(Mode.DRY_RUN)

    def rollout(self, record: dict[str, Any]) -> Rollout | None:  # noqa: ARG002
        return None


def make_app(_port: int) -> Flask:
    if "fail-app" in sys.argv:
        raise RuntimeError("no application")
    token = TokenFile(Path(os.environ["WEBHOOK_TOKEN"])) if "WEBHOOK_TOKEN" in os.environ else None
    return create_app(Pretender(), webhook_token=token, review_token=None, max_body_bytes=MAX_BODY_BYTES)


def start() -> None:
    if "fail-start" in sys.argv:
        raise RuntimeError("no engine")
    log.info("started", extra={"pid": os.getpid()})


def stop() -> None:
    log.info("stopped")


def tls_files() -> TlsFiles | None:
    cert, key, client_ca = (os.environ.get(f"TLS_{name}") for name in ("CERT", "KEY", "CLIENT_CA"))
    return TlsFiles(Path(cert), Path(key), Path(client_ca) if client_ca else None) if cert and key else None


if __name__ == "__main__":
    logs.set_up()
    port = int(sys.argv[1])
    sys.exit(server.run(make_app, ("127.0.0.1", port), start, stop, tls=tls_files()))
