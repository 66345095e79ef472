"""What a hostile sender writes into labels, and what a log must look like afterwards."""

import json

from tests.cluster.receivers import Receiver

FORGED = '{"level": "info", "msg": "forged"}'
HOSTILE = {
    "path": "../../../../api/v1/namespaces/kube-system/secrets",
    "dots": "..",
    "encoded path": "%2e%2e%2f%2e%2e%2fsecrets",
    "query": "web?dryRun=All&force=true#",
    "lines": f"web\n{FORGED}\r\n{FORGED}\u2028{FORGED}",
    "terminal": "\x1b[2J\x1b]0;owned\x07web\x7f\x9b1m",
    "html": "<script>alert(1)</script>'\"&",
    "direction": "\u202ebew\u2066",
    "no characters": "\ufffd\uffff\x00",
    "template": "{{ $labels.namespace }}${jndi:ldap://x}",
    "megabyte": "w" * 1_000_000,
}


def assert_log_is_sound(running: Receiver) -> None:
    """Every line is one of the receiver's own, of JSON in plain ASCII, and they are short together."""
    text = running.log_text()
    assert text.isascii()
    assert not [char for char in text if not char.isprintable() and char != "\n"]
    entries = [json.loads(line) for line in text.splitlines()]
    assert all(entry["logger"].startswith(("receiver.", "gunicorn.")) for entry in entries)
    assert all(entry["msg"] != "forged" for entry in entries)
    assert len(text) < 100_000
