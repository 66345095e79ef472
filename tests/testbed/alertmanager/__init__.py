"""A real Alertmanager on loopback that sends every alert to one webhook, for as long as a `with` block.

By default each alert is a group of its own, sent at once and repeated hourly; `route` changes any of that. It
keeps its alerts in a temporary folder and knows no other Alertmanager.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from tests.testbed.build import build
from tests.testbed.loopback import ask, is_well
from tests.testbed.processes import Process, free_port

ROUTE: Mapping[str, Any] = {
    "receiver": "webhook",
    "group_by": ["..."],
    "group_wait": "0s",
    "group_interval": "1s",
    "repeat_interval": "1h",
}


class Alertmanager:
    """One Alertmanager whose only receiver is `webhook`, which it shows `token` as a bearer token.

    `route` is laid over the default route, `webhook_config` over the receiver's configuration. `port` is free
    to be chosen, `url` is the address.
    """

    def __init__(
        self,
        webhook: str,
        token: str | None = None,
        route: Mapping[str, Any] | None = None,
        *,
        webhook_config: Mapping[str, Any] | None = None,
        port: int | None = None,
    ) -> None:
        (self.tools,) = build("alertmanager")
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="alertmanager-"))
        hook = webhook_of(webhook, token) | dict(webhook_config or {})
        receivers = [{"name": "webhook", "webhook_configs": [hook]}]
        config = self.folder / "alertmanager.yml"
        config.write_text(json.dumps({"route": {**ROUTE, **(route or {})}, "receivers": receivers}))
        self._process = Process("alertmanager", self._command(config), self.folder / "alertmanager.log")

    def _command(self, config: Path) -> list[str]:
        return [
            str(self.tools / "alertmanager"),
            f"--config.file={config}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"--web.external-url={self.url}",
            "--cluster.listen-address=",
        ]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, or start it again with the alerts that it had; return when it is ready."""
        self._process.start()
        self._process.wait_until("/-/ready is not 200", lambda: is_well(self.port, "/-/ready"), seconds=20)

    def stop(self) -> None:
        """Ask it to end, which has it write down what it has sent, and wait for that."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def post(self, *alerts: Mapping[str, Any]) -> None:
        """Send alerts as Prometheus does: `labels` each, and `annotations`, `startsAt`, `endsAt` at will.

        Raises:
            ValueError: Alertmanager refused them; the message is what it said.
        """
        code, answer = ask("POST", self.port, "/api/v2/alerts", json.dumps(alerts).encode())
        if code != 200:
            raise ValueError(f"Alertmanager refused the alerts: {code} {answer}")

    def resolve(self, *alerts: Mapping[str, Any]) -> None:
        """Say that these alerts have ended now."""
        now = datetime.now(UTC).isoformat()
        self.post(*({**alert, "endsAt": now} for alert in alerts))

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it holds for firing."""
        _, answer = ask("GET", self.port, "/api/v2/alerts")
        found: list[dict[str, Any]] = json.loads(answer)
        return found

    def silences(self) -> list[dict[str, Any]]:
        """Return the silences that it knows, those that have ended too."""
        _, answer = ask("GET", self.port, "/api/v2/silences")
        found: list[dict[str, Any]] = json.loads(answer)
        return found


def webhook_of(url: str, token: str | None) -> dict[str, Any]:
    """Return the configuration of a webhook that is told resolved alerts too and never sends elsewhere."""
    http_config: dict[str, Any] = {"follow_redirects": False}
    if token:
        http_config["authorization"] = {"type": "Bearer", "credentials": token}
    return {"url": url, "send_resolved": True, "http_config": http_config}
