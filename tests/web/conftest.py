"""An application around a receiver that notes what it is asked; and the real server around a stub."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from receiver.policy.alerts import Payload
from receiver.policy.intake import Accepted, RollbackQuery, WrongPhase
from receiver.policy.ledger import Pause
from receiver.policy.overview import Overview, Rollout
from receiver.policy.record import Review
from receiver.policy.rules import Mode
from receiver.web.application import create_app
from receiver.web.auth import TokenFile
from receiver.web.page import Proxies
from tests.web.server_process import Server

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIMIT = 4 * 1024 * 1024


class Notebook:
    """Takes everything, unless `failure` is set: then it raises that."""

    def __init__(self) -> None:
        self.payloads: list[Payload] = []
        self.received_at: list[datetime] = []
        self.queries: list[RollbackQuery] = []
        self.names: list[str] = []
        self.at_a_glance = Overview(Mode.AUTO)
        self.paused: Pause | None = None
        self.progress: Rollout | None = None
        self.listed: dict[str, Any] = {"items": [], "continue": "abc"}
        self.words: list[tuple[str, ...]] = []
        self.reloads = 0
        self.outcome = Accepted(accepted=1, ignored=0, records=("r-1",))
        self.fault: str | None = None
        self.refusal: WrongPhase | None = None
        self.failure: Exception | None = None
        self.record: dict[str, Any] | None = {"kind": "Rollback"}

    def accept(self, payload: Payload, received_at: datetime) -> Accepted:
        self.payloads.append(payload)
        self.received_at.append(received_at)
        self._fail()
        return self.outcome

    def ready(self) -> str | None:
        self._fail()
        return self.fault

    def reload(self) -> None:
        self.reloads += 1
        self._fail()

    def rollbacks(self, query: RollbackQuery) -> dict[str, Any]:
        self.queries.append(query)
        self._fail()
        return self.listed

    def rollback(self, name: str) -> dict[str, Any] | None:
        self.names.append(name)
        self._fail()
        return self.record

    def approve(self, name: str, by: str) -> dict[str, Any] | None:
        return self._heard("approve", name, by)

    def reject(self, name: str, by: str, note: str) -> dict[str, Any] | None:
        return self._heard("reject", name, by, note)

    def review(self, name: str, verdict: Review, note: str, by: str) -> dict[str, Any] | None:
        return self._heard("review", name, verdict, note, by)

    def pause(self, by: str, reason: str) -> tuple[Pause, Pause | None]:
        self._heard("pause", by, reason)
        return self.paused or Pause(NOON, by, reason), self.paused

    def resume(self, by: str) -> None:
        self._heard("resume", by)

    def overview(self) -> Overview:
        self._fail()
        return self.at_a_glance

    def rollout(self, record: dict[str, Any]) -> Rollout | None:  # noqa: ARG002
        self._fail()
        return self.progress

    def _heard(self, *word: str) -> dict[str, Any] | None:
        self.words.append(word)
        self._fail()
        if self.refusal is not None:
            raise self.refusal
        return self.record

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def webhook_token(tmp_path: Path) -> Path:
    path = tmp_path / "webhook-token"
    path.write_text("hook-secret\n")
    return path


@pytest.fixture
def review_token(tmp_path: Path) -> Path:
    path = tmp_path / "review-token"
    path.write_text("review-secret\n")
    return path


def client_of(
    notebook: Notebook,
    *,
    webhook: Path | None = None,
    review: Path | None = None,
    proxies: Proxies | None = None,
) -> FlaskClient:
    return create_app(
        notebook,
        webhook_token=TokenFile(webhook) if webhook else None,
        review_token=TokenFile(review) if review else None,
        max_body_bytes=LIMIT,
        proxies=proxies or Proxies(),
    ).test_client()


@pytest.fixture
def client(notebook: Notebook) -> FlaskClient:
    return client_of(notebook)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(*args: str, **options: Any) -> Server:
        servers.append(Server(tmp_path, *args, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def server(launch: Callable[..., Server]) -> Server:
    return launch().listening()
