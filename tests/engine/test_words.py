"""Approve, reject, review, expire: through a whole engine, at an API server in memory, each word once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from receiver import metrics
from receiver.cluster.errors import Conflict, Unavailable
from receiver.cluster.ledger import LedgerStore, dump_ledger
from receiver.cluster.records import Records
from receiver.engine.instance import Instance
from receiver.engine.service import Engine
from receiver.engine.words import Words
from receiver.policy import intake
from receiver.policy.alerts import Status
from receiver.policy.intake import WrongPhase
from receiver.policy.ledger import Ledger, Pause
from receiver.policy.record import Review
from receiver.policy.rules import Approval, Mode, Rule
from tests.engine.builders import FOLDER, eventually, record, rule
from tests.engine.engines import (
    DEPLOYMENT,
    ago,
    bad_release,
    firing,
    live_image,
    make_engine,
    phases,
    roll_out,
    tell,
    the_record,
    working,
)
from tests.kubernetes.fake import FakeApi

ASKING = rule(mode=Mode.APPROVE)
LEDGER = "/api/v1/namespaces/rollbacks/configmaps/rollback-receiver"


def the_status(fake: FakeApi) -> dict[str, Any]:
    status: dict[str, Any] = the_record(fake)["status"]
    return status


def patches(fake: FakeApi) -> int:
    """Count the changes of the workload: its generation began at 7."""
    return int(fake.objects[DEPLOYMENT]["metadata"]["generation"]) - 7


def said(act: str, outcome: str) -> float:
    labels = {"act": act, "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("rollback_receiver_words_total", labels) or 0


@pytest.fixture
def asked(fake: FakeApi) -> Iterator[tuple[Engine, str]]:
    """A running engine, and its record that awaits approval."""
    bad_release(fake)
    with working(make_engine(fake, ASKING)) as engine:
        name = tell(engine, firing())
        assert phases(fake) == ["AwaitingApproval"]
        yield engine, name


def test_what_is_asked_is_tried_out_and_costs_nothing(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """The server has said yes, half an hour is given, and the budget is as it was."""
    status = the_status(fake)
    decided, expires = (datetime.fromisoformat(t) for t in (status["decision"]["at"], status["expiresAt"]))
    assert expires - decided == timedelta(minutes=30)
    assert status["decision"]["to"]["revision"] == 6
    evidence = {verdict["guard"]: verdict["evidence"] for verdict in status["decision"]["verdicts"]}
    assert "accepts the patch" in evidence["preflight"]
    assert "holder" not in status
    assert patches(fake) == 0
    assert "checkout" not in str(fake.objects.get(LEDGER))


def test_repeat_joins_and_prolongs_nothing(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """It is counted; decision and end of the wait are those of the first."""
    engine, name = asked
    before = the_status(fake)
    assert tell(engine, firing(1, pod="x")) == name
    after = the_status(fake)
    assert (after["phase"], after["occurrences"], len(after["alerts"])) == ("AwaitingApproval", 2, 2)
    for key in ("decision", "expiresAt", "startedAt"):
        assert after[key] == before[key]


def test_approved_record_is_carried_out_once(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """From the word to Succeeded; who said it stays on the record."""
    engine, name = asked
    before = said("approve", "done")
    raw = engine.approve(name, "ann")
    assert raw is not None
    assert (raw["status"]["phase"], raw["status"]["approvedBy"]) == ("Pending", "ann")
    eventually(lambda: phases(fake) == ["RollingBack"])
    roll_out(fake)
    eventually(lambda: phases(fake) == ["Verifying"])
    tell(engine, firing(status=Status.RESOLVED))
    eventually(lambda: phases(fake) == ["Succeeded"])
    status = the_status(fake)
    assert (live_image(fake), patches(fake), status["approvedBy"]) == ("checkout:6", 1, "ann")
    assert status["decision"]["mode"] == "approve"
    assert name in str(fake.objects[LEDGER])
    assert said("approve", "done") == before + 1


def test_of_many_words_at_once_one_counts(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """Two receivers and ten people: one patch, and all others hear who was first."""
    engine, name = asked
    other = make_engine(fake, ASKING, instance=Instance("there:1"))
    gate = threading.Barrier(10)

    def approve(number: int) -> str | None:
        gate.wait(10)
        try:
            (other if number % 2 else engine).approve(name, f"person-{number}")
        except WrongPhase as e:
            return str(e)
        return None

    with working(other), ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(approve, range(10)))
        eventually(lambda: phases(fake) == ["RollingBack"])
    late = [answer for answer in answers if answer is not None]
    assert len(late) == 9
    winner = the_status(fake)["approvedBy"]
    assert all(f"approved by {winner} at " in answer for answer in late)
    assert patches(fake) == 1


def test_rejected_record_is_settled(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """Whoever approves it then hears who rejected it; the alert's repeat is counted, and that is all."""
    engine, name = asked
    raw = engine.reject(name, "bob", "it is the network")
    assert raw is not None
    assert "it is the network" in raw["status"]["message"]
    with pytest.raises(WrongPhase, match="is Rejected: rejected by bob at "):
        engine.approve(name, "ann")
    assert tell(engine, firing(1, pod="x")) == name
    assert (phases(fake), patches(fake)) == (["Rejected"], 0)


def blocked(fake: FakeApi) -> list[str]:
    return [v["guard"] for v in the_status(fake)["decision"]["verdicts"] if v.get("allowed") is False]


def test_approval_under_the_kill_switch_is_refused(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """The record says who approved, and what stood against it; a repeat asks anew when the pause is over."""
    engine, name = asked
    engine.pause("eve", "game day")
    engine.approve(name, "ann")
    eventually(lambda: phases(fake) == ["Refused"])
    status = the_status(fake)
    assert f"approved by ann at {status['approvedAt'][:19]}Z, but refused: paused: paused by eve" in str(
        status["message"]
    )
    assert (blocked(fake), patches(fake)) == (["paused"], 0)
    engine.resume("eve")
    tell(engine, firing(1, pod="x"))
    assert phases(fake) == ["AwaitingApproval"]
    assert "approvedBy" not in the_status(fake)


def test_approval_after_the_alert_cleared_is_refused(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """The resolved message was entered while it waited."""
    engine, name = asked
    assert tell(engine, firing(status=Status.RESOLVED)) == name
    assert phases(fake) == ["AwaitingApproval"]
    engine.approve(name, "ann")
    eventually(lambda: phases(fake) == ["Refused"])
    assert (blocked(fake), patches(fake)) == (["firing"], 0)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        pytest.param((rule(mode=Mode.DRY_RUN),), "rule errors says dry-run", id="dry-run"),
        pytest.param((rule(mode=Mode.OFF),), "rule errors says off", id="off"),
        pytest.param((rule("others"),), "no rule that asked for it is in force any more", id="gone"),
    ],
)
def test_approval_counts_for_nothing_where_the_rule_was_lowered(
    fake: FakeApi, rules: tuple[Rule, ...], why: str
) -> None:
    """Whoever lowered it meant it."""
    bad_release(fake)
    with working(make_engine(fake, ASKING)) as engine:
        name = tell(engine, firing())
    with working(make_engine(fake, *rules)) as lowered:
        lowered.approve(name, "ann")
        eventually(lambda: phases(fake) == ["Refused"])
    assert "approved by ann at " in the_status(fake)["message"]
    assert why in the_status(fake)["message"]
    assert patches(fake) == 0


def test_approval_of_an_older_release_is_superseded(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """Another template is live."""
    engine, name = asked
    raw = fake.objects[DEPLOYMENT]
    raw["spec"]["template"]["spec"]["containers"][0]["image"] = "checkout:8"
    fake.put(DEPLOYMENT, **raw)
    engine.approve(name, "ann")
    eventually(lambda: phases(fake) == ["Superseded"])
    assert live_image(fake) == "checkout:8"


@pytest.mark.parametrize("approve_first", [True, False], ids=["the-asking-rule-first", "auto-first"])
def test_rule_in_auto_needs_nobodys_word(fake: FakeApi, *, approve_first: bool) -> None:
    """The decision is that of the rule that goes furthest, also where the record waits already."""
    bad_release(fake)
    sure = rule("sure", 'alertname="Down"')
    rules = (ASKING, sure) if approve_first else (sure, ASKING)
    with working(make_engine(fake, *rules)) as engine:
        name = tell(engine, firing())
        assert tell(engine, firing(1, alertname="Down")) == name
        eventually(lambda: phases(fake) == ["RollingBack"])
        with pytest.raises(WrongPhase):
            engine.approve(name, "ann")
    assert patches(fake) == 1
    assert the_status(fake)["decision"]["rule"] == "sure"
    assert "expiresAt" not in the_status(fake)


def test_rejection_wins_against_a_rule_in_auto_that_comes_second(fake: FakeApi) -> None:
    """Nothing is done, and nothing is spent."""
    bad_release(fake)
    with working(make_engine(fake, ASKING, rule("sure", 'alertname="Down"'))) as engine:
        name = tell(engine, firing())
        left = [True]

        def before(method: str, path: str) -> None:
            if method == "PUT" and path.endswith("/status") and left:
                left.clear()
                engine.reject(name, "bob", "")

        fake.before = before
        tell(engine, firing(1, alertname="Down"))
    assert (phases(fake), patches(fake)) == (["Rejected"], 0)
    assert name not in str(fake.objects[LEDGER])


def test_what_nobody_approves_expires_and_is_asked_anew(fake: FakeApi) -> None:
    """By the sweep; approving it then is too late, and a repeat begins another wait."""
    bad_release(fake)
    at_once = rule(mode=Mode.APPROVE, approval=Approval(expires_in=timedelta(0)))
    with working(make_engine(fake, at_once)) as engine:
        name = tell(engine, firing())
        with pytest.raises(WrongPhase, match="nobody approved it by "):
            engine.approve(name, "ann")
        engine._sweep.sweep()
        assert phases(fake) == ["Expired"]
        with pytest.raises(WrongPhase, match="is Expired: nobody approved it by "):
            engine.reject(name, "ann", "")
    first = the_status(fake)
    assert "Nobody approved the rollback of Deployment shop/checkout by " in first["message"]
    with working(make_engine(fake, ASKING)) as engine:
        tell(engine, firing(1, pod="x"))
        assert phases(fake) == ["AwaitingApproval"]
    assert the_status(fake)["expiresAt"] > first["expiresAt"]
    assert "finishedAt" not in the_status(fake)


def test_approval_wins_against_the_expiry_that_comes_second(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """The sweep has read the record before, and finds it changed."""
    engine, name = asked
    raw = the_record(fake)
    stale = {**raw, "status": {**raw["status"], "expiresAt": ago(seconds=1)}}
    engine.approve(name, "ann")
    engine._sweep._expiry.end(stale)
    eventually(lambda: phases(fake) == ["RollingBack"])


def test_sweep_goes_on_where_one_record_cannot_be_ended(fake: FakeApi) -> None:
    """A later one ends it."""
    late: dict[str, Any] = {
        "phase": "AwaitingApproval",
        "expiresAt": ago(minutes=1),
        "decision": {"rule": "errors"},
    }
    for name in ("a", "b"):
        fake.put(f"{FOLDER}/{name}", **record(name, **late))
    engine = make_engine(fake, ASKING)

    def before(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("/a/status"):
            raise Unavailable("no answer")

    fake.before = before
    engine._sweep.sweep()
    assert phases(fake) == ["AwaitingApproval", "Expired"]
    fake.before = lambda _method, _path: None
    engine._sweep.sweep()
    assert phases(fake) == ["Expired", "Expired"]


def test_word_whose_answer_was_lost_counts(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """The write is tried again and finds itself done: it is no conflict with anybody."""
    engine, name = asked
    lost = [True]

    def before(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("/status") and lost:
            lost.clear()
            raw = fake.objects[f"{FOLDER}/{name}"]
            at = engine._words._now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            held = {"holder": str(engine._desk.instance), "renewTime": at}
            kept = {"phase": "Pending", "approvedBy": "ann", "approvedAt": at, **held}
            fake.put(f"{FOLDER}/{name}", **{**raw, "status": {**raw["status"], **kept}})
            raise Conflict("PUT: the object has been modified (409)", code=409)

    now = datetime.now(UTC)
    engine._words._now = lambda: now
    fake.before = before
    assert engine.approve(name, "ann") is not None
    eventually(lambda: phases(fake) == ["RollingBack"])
    assert patches(fake) == 1


def test_approval_of_a_receiver_that_died_is_taken_up(fake: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the next run at its address, at once; and it still counts as approved."""
    bad_release(fake)
    with working(make_engine(fake, ASKING)) as engine:
        name = tell(engine, firing())
    dead = make_engine(fake, ASKING)
    monkeypatch.setattr(dead._works.executor, "begin", lambda _: None)
    dead.approve(name, "ann")
    assert phases(fake) == ["Pending"]
    with working(make_engine(fake, ASKING)):
        eventually(lambda: phases(fake) == ["RollingBack"])
    assert (patches(fake), the_status(fake)["approvedBy"]) == (1, "ann")


def test_reviews_are_kept_and_may_change(fake: FakeApi, asked: tuple[Engine, str]) -> None:
    """The last one counts; a decision that is being carried out has to end first."""
    engine, name = asked
    for verdict, by in ((Review.WRONG, "ann"), (Review.RIGHT, "bob")):
        raw = engine.review(name, verdict, "because", by)
        assert raw is not None
        kept = raw["status"]["review"]
        assert (kept["verdict"], kept["by"], kept["note"]) == (verdict.value, by, "because")
    assert phases(fake) == ["AwaitingApproval"]
    engine.approve(name, "ann")
    with pytest.raises(WrongPhase, match="it can be reviewed when that has ended"):
        engine.review(name, Review.RIGHT, "", "ann")


def test_word_about_no_record_is_none(fake: FakeApi) -> None:
    """Whatever is said."""
    engine = make_engine(fake, ASKING)
    assert engine.approve("none", "ann") is None
    assert engine.reject("none", "ann", "") is None
    assert engine.review("none", Review.RIGHT, "", "ann") is None


def test_words_to_a_silent_cluster_are_unavailable(fake: FakeApi) -> None:
    """They are counted as failed, and can be said again."""

    def before(_method: str, _path: str) -> None:
        raise Unavailable("no answer")

    engine, failed = make_engine(fake, ASKING), said("pause", "failed")
    fake.before = before
    for word in (
        lambda: engine.approve("a", "ann"),
        lambda: engine.reject("a", "ann", ""),
        lambda: engine.review("a", Review.RIGHT, "", "ann"),
        lambda: engine.pause("ann", ""),
        lambda: engine.resume("ann"),
    ):
        with pytest.raises(intake.Unavailable):
            word()
    assert said("pause", "failed") == failed + 1


EARLIER = datetime(2026, 5, 1, 12, tzinfo=UTC)


def switch_at(fake: FakeApi, at: datetime) -> Words:
    return Words(Records(fake, "rollbacks"), LedgerStore(fake, "rollbacks"), now=lambda: at)


@pytest.mark.parametrize(
    ("reason", "held"),
    [
        pytest.param("", Pause(EARLIER, "ann", "game day"), id="none"),
        pytest.param(" ", Pause(EARLIER, "ann", "game day"), id="blank"),
        pytest.param("outage", Pause(EARLIER, "bob", "outage"), id="another"),
    ],
)
def test_who_pauses_second_changes_only_the_reason_and_never_since_when(
    fake: FakeApi, reason: str, held: Pause
) -> None:
    """And hears what held before. Without a reason it changes nothing, so that the first one's stays."""
    first = Pause(EARLIER, "ann", "game day")
    assert switch_at(fake, EARLIER).pause("ann", "game day") == (first, None)
    later = switch_at(fake, EARLIER + timedelta(hours=1))
    assert later.pause("bob", reason) == (held, first)
    assert LedgerStore(fake, "rollbacks").read().ledger == Ledger(pause=held)
    assert later.resume("bob") == held


def test_pause_whose_answer_was_lost_is_no_second_one(fake: FakeApi) -> None:
    said = Pause(EARLIER, "ann", "")
    lost = [True]

    def before(method: str, _: str) -> None:
        if method == "POST" and lost:
            lost.clear()
            fake.put(LEDGER, data=dump_ledger(Ledger(pause=said)))
            raise Conflict("POST: it exists already (409)", code=409)

    fake.before = before
    assert switch_at(fake, EARLIER).pause("ann", "") == (said, None)


def test_kill_switch_that_nobody_can_read_is_no_success(fake: FakeApi) -> None:
    """Somebody broke the ConfigMap: a person must hear that nothing is paused."""
    fake.put(LEDGER, data={"rollbacks": "{"})
    with pytest.raises(intake.Unavailable, match="mend or delete it"):
        make_engine(fake).pause("ann", "")
