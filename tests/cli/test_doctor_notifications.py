"""What `doctor` says of the receivers of notifications, which only a config file can name."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from receiver.cli.main import main
from tests.kubernetes.stub import kubeconfig

RULES = """\
rules:
  - name: errors
    matchers: ['alertname="HighErrorRate"']
    for: 0s
    notify: [shop]
"""


@pytest.mark.parametrize(
    ("config", "state", "said"),
    [
        pytest.param(None, "-", "not set (--config): whom rules notify was not looked at", id="none"),
        pytest.param(
            "mode: auto\n",
            "FAULT",
            "rule errors notifies shop, which the config file does not have",
            id="without-it",
        ),
    ],
)
def test_whom_rules_notify_is_missed_only_in_a_config_file(
    tmp_path: Path, config: str | None, state: str, said: str
) -> None:
    rules, file = tmp_path / "rules.yaml", tmp_path / "config.yaml"
    rules.write_text(RULES)
    file.write_text(config or "")
    more = () if config is None else (f"--config={file}",)
    cluster = kubeconfig(tmp_path, "http://127.0.0.1:1")
    wide = {"COLUMNS": "200"}
    words = ["doctor", f"--kubeconfig={cluster}", f"--rules={rules}", *more]
    done = CliRunner().invoke(main, words, env=wide)
    (line,) = re.findall("^(.*?) +notifications +(.*)$", done.stdout, re.MULTILINE)
    assert line == (state, said)
