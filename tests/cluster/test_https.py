"""Alertmanager and the receiver over TLS, each showing a certificate, and all of them renewed meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from tests.cluster.receivers import Receiver
from tests.cluster.scenes import GOOD, Deploy, bad_release, rules
from tests.cluster.stories import Story
from tests.cluster.test_main_job import as_prometheus_sends
from tests.testbed.alertmanager import Alertmanager
from tests.testbed.processes import wait_until
from tests.web.certificates import NAME, Party, get, serial
from tests.web.rotation import put


class Client:
    """Alertmanager's side: its certificate, and what it is told of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.renew()

    def renew(self) -> None:
        """Have another CA, and a certificate of it."""
        self.ca = trustme.CA()
        issued = self.ca.issue_cert("alertmanager")
        put(self.folder / "clients.pem", self.ca.cert_pem.bytes())
        put(self.folder / "client.key", issued.private_key_pem.bytes())
        put(self.folder / "client.pem", issued.cert_chain_pems[0].bytes())

    def config(self, server: Party) -> dict[str, object]:
        """Return what stands in alertmanager.yml."""
        put(self.folder / "server-ca.pem", server.ca.cert_pem.bytes())
        files = {"ca_file": "server-ca.pem", "cert_file": "client.pem", "key_file": "client.key"}
        paths = {key: str(self.folder / name) for key, name in files.items()}
        return {"follow_redirects": False, "tls_config": {"server_name": NAME, **paths}}


@pytest.fixture
def start(story: Story, tmp_path: Path) -> Iterator[Callable[..., Receiver]]:
    """Start the receiver with these flags too."""
    started = list[Receiver]()

    def begin(*flags: str) -> Receiver:
        file = tmp_path / "rules.yaml"
        file.write_text(rules())
        kubeconfig = story.plane.kubeconfig_for("receiver-1")
        started.append(Receiver(kubeconfig, story.home, file, tmp_path, extra=flags))
        started[-1].start()
        return started[-1]

    yield begin
    for receiver in started:
        receiver.kill()


def test_alertmanager_is_heard_over_tls_while_every_certificate_is_renewed(
    story: Story, deploy: Deploy, release: Deploy, start: Callable[..., Receiver], tmp_path: Path
) -> None:
    """Its next message comes with the new certificate, and nobody was restarted."""
    bad_release(deploy, release)
    server, client = Party(tmp_path), Client(tmp_path)
    files = {"cert": server.files.cert, "key": server.files.key, "client-ca": tmp_path / "clients.pem"}
    running = start(*(f"--tls-{name}-file={file}" for name, file in files.items()))

    def ready() -> bool:
        with suppress(OSError):
            return get(running.port, server.client(), "/-/ready")[0] == 200
        return False

    wait_until("ready", ready, seconds=20)
    before, alert = serial(running.port, server.client()), as_prometheus_sends(story.firing())
    hook = {"http_config": client.config(server)}
    with Alertmanager(f"https://127.0.0.1:{running.port}/alerts", webhook_config=hook) as alertmanager:
        alertmanager.post(alert)
        story.wait("Verifying")
        server.renew()
        client.renew()
        assert serial(running.port, server.client()) != before
        assert get(running.port, server.client(), "/metrics")[0] == 403
        assert get(running.port, server.client(client.ca), "/metrics")[0] == 200
        alertmanager.resolve(alert)
        story.wait("Succeeded")
    assert (story.image(), len(story.patches())) == (GOOD, 1)
