"""Rule files that change under a running receiver: a good one takes force, a bad one leaves the old there."""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster import scenes
from tests.cluster.receivers import Receiver
from tests.cluster.scenes import GOOD, Deploy, Start, bad_release
from tests.cluster.stories import Story, metric
from tests.testbed.processes import wait_until
from tests.web.rotation import put

pytestmark = pytest.mark.real_only("it is about the receiver's own files")
LOADED = "rules_last_reload_successful"
BROKEN = """\
rules:
  - name: bad-release
    matchers: ['alertname="HighErrorRate"']
    gaurds: {cooldown: 1h}
"""
COMPLAINT = "{file}:4: rule bad-release: gaurds: unknown key: did you mean guards?"
TOKEN = "a-review-token"


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    """A file with one rule."""
    file = tmp_path / "the-rules.yaml"
    file.write_text(scenes.rules())
    return file


def wait_metric(running: Receiver, series: str, value: float) -> None:
    """Wait until a series has this value."""
    wait_until(f"{series} {value}", lambda: metric(running, series) == value, seconds=20)


def test_a_broken_rule_file_leaves_the_old_rules_in_force(
    story: Story, deploy: Deploy, release: Deploy, receiver: Start, rule_file: Path
) -> None:
    """The log names file, line and rule, a metric tells; and the mended file takes force by itself."""
    bad_release(deploy, release)
    running = receiver(rule_file)
    assert (metric(running, LOADED), metric(running, "rules")) == (1, 1)
    put(rule_file, BROKEN.encode())
    wait_metric(running, LOADED, 0)
    said = [entry["msg"] for entry in running.log() if entry["level"] == "error"]
    assert [COMPLAINT.format(file=rule_file) in message for message in said] == [True]
    story.tell(running)
    story.wait("Verifying")
    assert (story.image(), len(story.patches()), metric(running, "rules")) == (GOOD, 1, 1)

    put(rule_file, scenes.rules({}, {"name": "another"}).encode())
    wait_metric(running, "rules", 2)
    wait_metric(running, LOADED, 1)


def test_a_rule_that_is_removed_asks_for_nothing_any_more(
    story: Story, receiver: Start, rule_file: Path
) -> None:
    running = receiver(rule_file)
    put(rule_file, b"rules: []\n")
    wait_metric(running, "rules", 0)
    assert story.tell(running) == []
    assert metric(running, 'alerts_ignored_total{reason="no_rule_in_force"}') == 1


def test_a_receiver_does_not_start_with_broken_rules(receiver: Start, rule_file: Path) -> None:
    """There are no old ones to stay in force: it says what is wrong, and ends."""
    rule_file.write_text(BROKEN)
    running = receiver(rule_file, ready=False)
    wait_until("its end", lambda: not running.running, seconds=30)
    assert COMPLAINT.format(file=rule_file) in running.log_text()


def test_reload_needs_a_review_token(receiver: Start, rule_file: Path, tmp_path: Path) -> None:
    """With the right one it tells all problems; what is in force it leaves alone."""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    running = receiver(rule_file, extra=[f"--review-token-file={file}"])

    def reload(token: str | None) -> tuple[int, Any]:
        return running.request("POST", "/-/reload", token=token)

    assert [reload(token)[0] for token in (None, "wrong", f"{TOKEN}x", "")] == [401] * 4
    assert reload(TOKEN) == (200, "reloaded\n")
    rule_file.write_text(BROKEN)
    status, answer = reload(TOKEN)
    assert (status, answer["problems"]) == (500, [COMPLAINT.format(file=rule_file)])
    assert metric(running, LOADED) == 0
    assert metric(running, "rules") == 1
    file.write_text("another\n")
    assert [reload(token)[0] for token in (TOKEN, "another")] == [401, 500]


def test_without_a_review_token_reload_is_switched_off(receiver: Start, rule_file: Path) -> None:
    """403, and how to switch it on; reading is open."""
    running = receiver(rule_file)
    status, answer = running.request("POST", "/-/reload")
    assert status == 403
    assert "--review-token-file" in answer["error"]
    assert running.get("/api/v1/rollbacks") == (200, {"items": []})
