"""The receiver as its users run it: a process of its own, spoken to over HTTP; and the payloads to send it.

Nothing here imports the receiver. A payload has the very shape that Alertmanager gives it, fingerprints
included.
"""

import http.client
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.testbed.api import parse
from tests.testbed.processes import Process, free_port

ROOT = Path(__file__).parents[2]
NEVER = "0001-01-01T00:00:00Z"
GENERATOR_URL = "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"
EXTERNAL_URL = "http://alertmanager.example:9093"


class Receiver:
    """One `serve` process on a port of its own, which it keeps over restarts; its log is in `folder`.

    `mode` None leaves the flag out.
    """

    def __init__(
        self,
        kubeconfig: Path,
        namespace: str,
        rules: Path,
        folder: Path,
        *,
        mode: str | None = "auto",
        extra: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        options = {"kubeconfig": kubeconfig, "namespace": namespace, "rules": rules, "mode": mode}
        flags = [f"--{name}={value}" for name, value in options.items() if value is not None]
        listen = f"--listen=127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "receiver", "serve", *flags, listen, *extra]
        log = folder / f"receiver-{self.port}.log"
        self._process = Process("receiver", command, log, environment())

    @property
    def pid(self) -> int:
        """The id of the process, and of its group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.running

    def start(self) -> None:
        """Start it, and don't wait until it is ready."""
        self._process.start()

    def wait_ready(self, seconds: float = 20) -> None:
        """Return when `/-/ready` answers 200.

        Raises:
            ProcessFailedError: it ended, or does not get ready within `seconds`.
        """
        self._process.wait_until("/-/ready is not 200", self.is_ready, seconds=seconds)

    def is_ready(self, timeout_seconds: float = 2) -> bool:
        """Tell whether `/-/ready` answers 200 now."""
        with suppress(OSError, http.client.HTTPException):
            return self.get("/-/ready", timeout_seconds=timeout_seconds)[0] == 200
        return False

    def post(
        self,
        payload: Mapping[str, Any] | bytes,
        timeout_seconds: float = 15,
        *,
        path: str = "/alerts",
        token: str | None = None,
    ) -> tuple[int, Any]:
        """Send a payload and return the status and the answer, parsed if it is JSON.

        Raises:
            OSError: no answer.
        """
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.request("POST", path, body, token=token, timeout_seconds=timeout_seconds)

    def get(self, path: str, *, token: str | None = None, timeout_seconds: float = 15) -> tuple[int, Any]:
        """Return the status and the body, parsed if it is JSON."""
        return self.request("GET", path, token=token, timeout_seconds=timeout_seconds)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        token: str | None = None,
        timeout_seconds: float = 15,
    ) -> tuple[int, Any]:
        """Send one request and return the status and the body, parsed if it is JSON."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_seconds)
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return response.status, parse(response.read())
        finally:
            connection.close()

    def kill(self) -> None:
        """Kill the whole process group at once, as a lost node does."""
        self._process.kill()

    def terminate(self, seconds: float = 10) -> int | None:
        """Send SIGTERM and return the exit code.

        Raises:
            ProcessFailedError: it had not ended after `seconds`.
        """
        return self._process.terminate(seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group, SIGSTOP and SIGCONT for example."""
        self._process.signal(number)

    def restart(self) -> None:
        """Kill it if it runs, start it on the same port and wait until it is ready."""
        self.kill()
        self.start()
        self.wait_ready()

    def log(self) -> list[dict[str, Any]]:
        """Return the JSON lines of its log, over all its starts; what is not JSON is left out."""
        lines = self.log_text().splitlines()
        return [entry for entry in map(parse, map(str.encode, lines)) if isinstance(entry, dict)]

    def log_text(self) -> str:
        """Return its whole log."""
        return self._process.log.read_text(errors="replace") if self._process.log.exists() else ""


def environment() -> dict[str, str]:
    """Return this process's environment without what would steer a receiver elsewhere.

    Hundreds are started: they may keep their byte code, wherever this process must not.
    """
    foreign = ("ROLLBACK_RECEIVER_", "KUBECONFIG", "KUBERNETES_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def alert(
    name: str,
    labels: Mapping[str, str],
    starts_at: datetime | None = None,
    status: str = "firing",
    *,
    annotations: Mapping[str, str] | None = None,
    ends_at: datetime | None = None,
) -> dict[str, Any]:
    """Return one alert of a webhook payload; it starts, and ends where it is resolved, now unless told."""
    all_labels = {"alertname": name, **labels}
    now = datetime.now(UTC)
    return {
        "status": status,
        "labels": all_labels,
        "annotations": dict(annotations or {}),
        "startsAt": timestamp(starts_at or now),
        "endsAt": NEVER if status == "firing" else timestamp(ends_at or now),
        "generatorURL": GENERATOR_URL,
        "fingerprint": fingerprint(all_labels),
    }


def payload(*alerts: Mapping[str, Any], truncated: int = 0) -> dict[str, Any]:
    """Return the webhook payload for a group of alerts, grouped by `alertname` if they have one in common."""
    labels = common([alert["labels"] for alert in alerts])
    group = {name: value for name, value in labels.items() if name == "alertname"}
    matchers = ", ".join(f"{name}={json.dumps(value)}" for name, value in group.items())
    return {
        "receiver": "webhook",
        "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
        "alerts": list(alerts),
        "notification_reason": "first notification",
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": common([alert["annotations"] for alert in alerts]),
        "externalURL": EXTERNAL_URL,
        "version": "4",
        "groupKey": f"{{}}:{{{matchers}}}",
        "truncatedAlerts": truncated,
        "routeLabels": {},
    }


def common(mappings: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return what all the mappings have in common; nothing if there are none."""
    shared = set.intersection(*(set(mapping.items()) for mapping in mappings)) if mappings else set()
    return dict(sorted(shared))


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return the labels' fingerprint as Prometheus' model.LabelSet does: FNV-1a of 64 bits, 16 hex digits."""
    content = b"".join(part.encode() + b"\xff" for pair in sorted(labels.items()) for part in pair)
    digest = 0xCBF29CE484222325
    for byte in content:
        digest = ((digest ^ byte) * 0x100000001B3) % 2**64
    return f"{digest:016x}"


def timestamp(at: datetime) -> str:
    """Return the time as Go's RFC3339Nano writes it in UTC: no trailing zeros in the fraction."""
    whole, _, fraction = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"
