"""`serve` does not begin with what it could not do."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from receiver.cli.main import main


def test_a_receiver_of_notifications_that_takes_what_is_not_installed_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("receiver.notify.senders.is_installed", lambda: False)
    config = tmp_path / "config.yaml"
    config.write_text("notifications: {receivers: [{name: phone, apprise: {url_file: url}}]}")
    done = CliRunner().invoke(main, ["serve", "--config", str(config)])
    assert done.exit_code == 2
    assert "receiver phone: apprise is not installed: install it: pip install" in done.output
