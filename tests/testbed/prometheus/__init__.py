"""A real Prometheus on loopback with rules of one's own, for as long as a `with` block.

It scrapes nothing and evaluates its rules every second; its alerts go to the Alertmanager that it is told.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.testbed.build import build
from tests.testbed.loopback import ask, is_well
from tests.testbed.processes import Process, free_port

EVERY = "1s"


class Prometheus:
    """One Prometheus with these alerting rules, which sends `external_labels` along with every alert.

    `url` is its address.
    """

    def __init__(
        self,
        alertmanager: str,
        *rules: Mapping[str, Any],
        external_labels: Mapping[str, str] | None = None,
    ) -> None:
        (self.tools,) = build("prometheus")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="prometheus-"))
        groups = {"groups": [{"name": "tests", "interval": EVERY, "rules": list(rules)}]}
        (self.folder / "rules.yml").write_text(json.dumps(groups))
        config = {
            "global": {"evaluation_interval": EVERY, "external_labels": dict(external_labels or {})},
            "rule_files": ["rules.yml"],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [urlsplit(alertmanager).netloc]}]}]
            },
        }
        (self.folder / "prometheus.yml").write_text(json.dumps(config))
        self._process = Process("prometheus", self._command(), self.folder / "prometheus.log")

    def _command(self) -> list[str]:
        return [
            str(self.tools / "prometheus"),
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]

    def __enter__(self) -> Self:
        try:
            self._process.start()
            self._process.wait_until(
                "/-/ready is not 200", lambda: is_well(self.port, "/-/ready"), seconds=30
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that are pending or firing, as its API has them."""
        _, answer = ask("GET", self.port, "/api/v1/alerts")
        found: list[dict[str, Any]] = json.loads(answer)["data"]["alerts"]
        return found
