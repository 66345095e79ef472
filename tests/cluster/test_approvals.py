"""A rule that asks: approve, reject, review and expire, each once, whoever says it and whatever happens."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import scenes
from tests.cluster.proxy import Proxy, is_dry_run
from tests.cluster.receivers import Receiver
from tests.cluster.scenes import BAD, GOOD, Deploy, Object, Start, bad_release, blocked_by, resolved, rules
from tests.cluster.stories import Story, metric, run

NEW = "x/web:3"
TOKEN = "review-secret"
COMMANDS_USER = "receiver-4"
Asking = Callable[..., Receiver]


@pytest.fixture
def asking(receiver: Start, tmp_path: Path) -> Asking:
    """Start a receiver whose rule asks, with changes to the rule; `mode` and `flags` are for `serve`."""
    token = tmp_path / "review.token"
    token.write_text(TOKEN)

    def start(*flags: str, mode: str = "auto", rule_mode: str = "approve", **changes: Any) -> Receiver:
        file = rules({"mode": rule_mode, **changes})
        return receiver(file, mode=mode, extra=[f"--review-token-file={token}", *flags])

    return start


@pytest.fixture
def told(deploy: Deploy, release: Deploy) -> None:
    """web was GOOD, and is BAD."""
    bad_release(deploy, release)


def ask(story: Story, receiver: Receiver, *alerts: Object) -> str:
    """Tell of an alert, and return the record that awaits approval then."""
    (name,) = story.tell(receiver, *alerts)
    story.wait_for(name, "AwaitingApproval")
    return name


def say(receiver: Receiver, path: str, **body: str) -> tuple[int, Any]:
    """Say a word as the on-call does, and return the answer."""
    return receiver.post(body, path=f"/api/v1/{path}", token=TOKEN)


def approve(receiver: Receiver, name: str, by: str = "ann") -> tuple[int, Any]:
    return say(receiver, f"rollbacks/{name}/approve", by=by)


def reject(receiver: Receiver, name: str, by: str = "bob") -> tuple[int, Any]:
    return say(receiver, f"rollbacks/{name}/reject", by=by, note="it is the network")


def command(story: Story, *words: str) -> tuple[int, str]:
    """Run a command on the test's records, and return its exit status and what it said."""
    flags = (f"--kubeconfig={story.plane.kubeconfig_for(COMMANDS_USER)}", f"--namespace={story.home}")
    done = run(words[0], *flags, *words[1:])
    return done.returncode, done.stdout + done.stderr


@contextmanager
def alertmanager(*fingerprints: str) -> Iterator[str]:
    """Answer as an Alertmanager for which these alerts fire; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps([{"fingerprint": fingerprint} for fingerprint in fingerprints]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"--alertmanager-url=http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.usefixtures("told")
def test_what_is_approved_is_patched_once_and_proves_itself(story: Story, asking: Asking) -> None:
    """Nothing but the server's dry run before; who approved stays on the record."""
    running, alert = asking(), story.firing()
    since = scenes.version(story.plane, story.home)
    name = ask(story, running, alert)
    assert story.tell(running, alert) == [name]
    assert [entry.dry_run for entry in scenes.patches(story.plane, story.namespace)] == [True]
    assert story.spent() == []
    status, answer = say(running, f"rollbacks/{name}/approve")
    assert (status, answer["status"]["phase"]) == (200, "Pending")
    story.wait("Verifying")
    story.tell(running, resolved(alert))
    record = story.wait("Succeeded")
    entered = scenes.phases_since(story.plane, story.home, since)
    assert entered == ["AwaitingApproval", "Pending", "RollingBack", "Verifying", "Succeeded"]
    assert (story.image(), len(story.patches()), story.spent()) == (GOOD, 1, [name])
    assert record["status"]["approvedBy"] == "review token"
    assert metric(running, 'words_total{act="approve",outcome="done"}') == 1
    assert approve(running, name)[0] == 409


@pytest.mark.usefixtures("told")
def test_what_nobody_approves_expires(story: Story, asking: Asking) -> None:
    """Who comes later is told so, and nothing was done."""
    running = asking(approval={"expires_in": "1s"})
    (name,) = story.tell(running)
    record = story.wait("Expired")
    assert "Nobody approved the rollback of Deployment" in record["status"]["message"]
    status, answer = approve(running, name)
    assert (status, story.patches()) == (409, [])
    assert "is Expired: nobody approved it by " in answer["error"]


@pytest.mark.usefixtures("told")
def test_what_is_rejected_stays_rejected(story: Story, asking: Asking) -> None:
    """However often the alert is told, and whoever approves it after all."""
    running, alert = asking(), story.firing()
    name = ask(story, running, alert)
    status, answer = reject(running, name)
    assert (status, answer["status"]["rejectionNote"]) == (200, "it is the network")
    status, answer = approve(running, name)
    assert status == 409
    assert "is Rejected: rejected by bob at " in answer["error"]
    for again in (alert, story.firing(pod="x")):
        assert story.tell(running, again) == [name]
    assert (scenes.phase_of(story.record(name)), story.patches()) == ("Rejected", [])


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("fires", [True, False], ids=["still fires", "has cleared"])
def test_alertmanager_is_asked_whether_the_approved_still_fires(
    story: Story, asking: Asking, *, fires: bool
) -> None:
    """One that has cleared unheard is left alone, and the record says who approved and why not."""
    alert = story.firing()
    with alertmanager(*([alert["fingerprint"]] if fires else [])) as flag:
        running = asking(flag)
        name = ask(story, running, alert)
        assert approve(running, name)[0] == 200
        record = story.wait("Verifying" if fires else "Refused")
    assert len(story.patches()) == fires
    assert blocked_by(record) == ([] if fires else ["firing"])
    if not fires:
        assert "was approved by ann at " in record["status"]["message"]
        assert ", but refused: firing: the alert has cleared" in record["status"]["message"]
        story.wait_given_back()


@pytest.mark.usefixtures("told")
def test_approval_after_another_release_is_superseded(story: Story, asking: Asking, release: Deploy) -> None:
    """The colleague's image stays."""
    running = asking()
    name = ask(story, running)
    release("web", NEW)
    assert approve(running, name)[0] == 200
    story.wait("Superseded")
    assert (story.image(), story.patches()) == (NEW, [])


@pytest.mark.usefixtures("told")
def test_approval_under_the_kill_switch_is_refused(story: Story, asking: Asking) -> None:
    """Where the installation asks, whatever the rule says; the next repeat after the pause asks anew."""
    running = asking(mode="approve", rule_mode="auto")
    alert = story.firing()
    name = ask(story, running, alert)
    assert say(running, "pause", by="eve", reason="game day")[0] == 200
    assert approve(running, name)[0] == 200
    record = story.wait("Refused")
    assert (blocked_by(record), story.patches()) == (["paused"], [])
    assert "but refused: paused: paused by eve at " in record["status"]["message"]
    assert say(running, "resume")[0] == 200
    assert ask(story, running, alert) == name


@pytest.mark.usefixtures("told")
def test_of_two_words_at_once_one_counts(story: Story, asking: Asking) -> None:
    """At two receivers: the other hears who was first, and there is one PATCH or none."""
    one, two = asking(), asking()
    name = ask(story, one)
    with ThreadPoolExecutor(2) as pool:
        approving, rejecting = pool.submit(approve, one, name), pool.submit(reject, two, name)
        answers = {"ann": approving.result(), "bob": rejecting.result()}
    (loser,) = [answer["error"] for status, answer in answers.values() if status == 409]
    (winner,) = [who for who, (status, _) in answers.items() if status == 200]
    assert f"by {winner} at " in loser
    story.wait("Verifying" if winner == "ann" else "Rejected")
    assert len(story.patches()) == (winner == "ann")


@pytest.mark.usefixtures("told")
def test_command_approves_and_a_running_receiver_acts(story: Story, asking: Asking) -> None:
    """`--wait` tells how it goes, and ends when it has ended."""
    running, alert = asking(), story.firing()
    name = ask(story, running, alert)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(command, story, "approve", name, "--wait")
        story.wait("Verifying", seconds=30)
        story.tell(running, resolved(alert))
        status, output = waiting.result(timeout=30)
    first, *progress = output.splitlines()
    assert (status, first) == (0, f"{name} approved")
    assert progress[-1].startswith("Succeeded: Rolled Deployment")
    assert (story.image(), len(story.patches())) == (GOOD, 1)
    status, output = command(story, "approve", name)
    assert status == 1
    assert f"record {name} is Succeeded: approved by " in output


@pytest.mark.usefixtures("told")
def test_commands_reject_and_review(story: Story, asking: Asking) -> None:
    """What was said is shown; what cannot be said has exit status 1, what makes no sense 2."""
    name = ask(story, asking())
    assert command(story, "reject", name, "--note=no") == (0, f"{name} rejected\n")
    assert command(story, "review", name, "--verdict=wrong", "--note=dns") == (0, f"{name} reviewed: wrong\n")
    _, shown = command(story, "show", name)
    assert {"no", "wrong,", "dns"} <= set(shown.split())
    assert command(story, "reject", name)[0] == 1
    assert command(story, "approve", "none") == (1, f"no rollback 'none' in namespace {story.home}\n")
    assert command(story, "review", name, "--verdict=maybe")[0] == 2


@pytest.mark.usefixtures("told")
@pytest.mark.real_only("it is about a receiver that is killed")
def test_approval_of_a_receiver_that_dies_is_carried_out(story: Story, asking: Asking, proxy: Proxy) -> None:
    """It has taken the approval, and is killed before the act."""
    running = asking(*proxy.flags)
    name = ask(story, running)
    hold = proxy.hold(is_dry_run)
    assert approve(running, name)[0] == 200
    hold.wait()
    running.kill()
    hold.release()
    running.restart()
    record = story.wait("Verifying", seconds=60)
    assert (record["status"]["approvedBy"], story.image(), len(story.patches())) == ("ann", GOOD, 1)


@pytest.mark.usefixtures("told")
def test_reviews_decide_what_is_gone_back_to(story: Story, asking: Asking, release: Deploy) -> None:
    """Right about a dry run makes its suspect known bad; wrong clears it again."""
    running = asking(mode="dry-run")
    (first,) = story.tell(running)
    story.wait_for(first, "DryRun")
    release("web", NEW)
    alert = story.firing()

    def chosen(verdict: str) -> str:
        status, answer = say(running, f"rollbacks/{first}/review", verdict=verdict, by="ann")
        assert (status, answer["status"]["review"]["verdict"]) == (200, verdict)
        (second,) = story.tell(running, alert)
        to = story.wait_for(second, "DryRun")["status"]["decision"]["to"]
        return str(to["images"]["app"])

    assert [chosen(verdict) for verdict in ("right", "wrong", "right")] == [GOOD, BAD, GOOD]
