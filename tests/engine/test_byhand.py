"""A rollback by hand in the process of a command, and what becomes of it when that process is gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from receiver.cluster.api import Object
from receiver.cluster.errors import Forbidden, Unavailable
from receiver.cluster.rollout import Progress
from receiver.cluster.sightings import Sighting
from receiver.engine.byhand import ByHand, Listener, Order, by_hand, here
from receiver.engine.instance import STALE_AFTER
from receiver.policy.context import Installation
from receiver.policy.record import Phase
from receiver.policy.rules import Mode, To
from receiver.policy.score import Group, parse_case
from receiver.policy.times import format_precise
from tests.engine.builders import CHECKOUT, FOLDER, eventually
from tests.engine.engines import (
    DEPLOYMENT,
    bad_release,
    firing,
    live_image,
    make_engine,
    records,
    roll_out,
    take,
    working,
)
from tests.kubernetes.fake import FakeApi

QUIET = Listener(patched=lambda: None, progress=lambda _: None)


def order(hands: ByHand, to: To | int = To.LAST_GOOD) -> Order:
    seen = hands.see(CHECKOUT)
    assert isinstance(seen, Sighting)
    return hands.judge(seen, to, by="ann")


def carried_out(fake: FakeApi, to: To | int = To.LAST_GOOD, listener: Listener = QUIET) -> Object:
    with by_hand(fake, namespace="rollbacks", installation=Installation(), listener=listener) as hands:
        return hands.carry_out(order(hands, to))


def rolls_out_at_once(fake: FakeApi) -> None:
    """Have the controller follow each patch before it is looked at."""

    def before(method: str, path: str) -> None:
        if (method, path) == ("GET", DEPLOYMENT) and fake.made("PATCH"):
            roll_out(fake)

    fake.before = before


def test_command_patches_once_tells_how_it_goes_and_succeeds(fake: FakeApi) -> None:
    """The record says who ordered it; nobody holds it at the end."""
    bad_release(fake)
    rolls_out_at_once(fake)
    told: list[str] = []

    def progress(seen: Progress) -> None:
        told.append(seen.state.value)

    raw = carried_out(fake, listener=Listener(patched=lambda: told.append("patched"), progress=progress))
    status = raw["status"]
    assert (status["phase"], status["approvedBy"]) == (Phase.SUCCEEDED, "ann")
    assert status["message"].startswith(
        "Rolled Deployment shop/checkout back to revision 6; it was rolled out"
    )
    assert raw["spec"]["alert"]["labels"]["to"] == "last-good"
    assert "holder" not in status
    assert told == ["patched", "done"]
    assert live_image(fake) == "checkout:6"


def test_command_keeps_what_a_rule_had_decided(fake: FakeApi) -> None:
    """It takes the record of a dry run over, and the rule is scored by that all the same."""
    bad_release(fake)
    with working(make_engine(fake, mode=Mode.DRY_RUN)) as engine:
        take(engine)
    rolls_out_at_once(fake)
    raw = carried_out(fake)
    kept = raw["status"]["before"]
    assert (kept["rule"], kept["mode"], kept["phase"]) == ("errors", "dry-run", "DryRun")
    case = parse_case(raw)
    assert case is not None
    assert (case.rule, case.group, case.right) == ("errors", Group.SHADOW, True)


def test_rehearsal_asks_the_server_and_stores_nothing(fake: FakeApi) -> None:
    bad_release(fake)
    with by_hand(fake, namespace="rollbacks", installation=Installation(), listener=QUIET) as hands:
        decision = hands.rehearse(order(hands))
        assert decision.chosen is not None
        assert decision.chosen.number == 6
        fake.put(
            DEPLOYMENT,
            **{**fake.objects[DEPLOYMENT], "spec": {**fake.objects[DEPLOYMENT]["spec"], "paused": True}},
        )
        assert hands.rehearse(order(hands)).leading.blocked_by == ("workload_paused",)
    assert {method for method, _ in fake.calls} <= {"GET", "PATCH", "POST"}
    assert (live_image(fake), records(fake)) == ("checkout:7", {})


@pytest.mark.parametrize(
    "phase", [None, *(p for p in Phase if p.value in {"AwaitingApproval", "Pending", "Verifying"})]
)
def test_record_that_somebody_is_at_is_under_way(fake: FakeApi, phase: Phase | None) -> None:
    """A second command must not begin beside a receiver, nor take the place of an approval."""
    bad_release(fake)
    with by_hand(fake, namespace="rollbacks", installation=Installation(), listener=QUIET) as hands:
        fresh = order(hands)
        assert fresh.under_way is None
        target = {"kind": "Deployment", "namespace": "shop", "name": "checkout", "uid": "uid-1"}
        alert = {"name": "A", "fingerprint": "f1", "startsAt": "2026-04-07T11:58:00Z"}
        status = {} if phase is None else {"status": {"phase": phase.value}}
        spec = {"target": target, "rule": "errors", "alert": alert}
        fake.put(f"{FOLDER}/{fresh.record}", spec=spec, **status)
        assert order(hands).under_way is not None


def cut_off(raw: Object, **status: Any) -> Object:
    """A record as a command leaves it that was killed: its holder says nothing any more."""
    gone = datetime.now(UTC) - 2 * STALE_AFTER
    kept = {
        key: value
        for key, value in raw["status"].items()
        if key not in {"patchedAt", "finishedAt", "conditions"}
    }
    return {
        **raw,
        "metadata": {**raw["metadata"], "creationTimestamp": gone.strftime("%Y-%m-%dT%H:%M:%SZ")},
        "status": {**kept, "holder": str(here()), "renewTime": format_precise(gone), **status},
    }


@pytest.mark.parametrize("decided", [True, False], ids=["decided", "only claimed"])
def test_receiver_goes_on_where_a_killed_command_had_not_patched(decided: bool) -> None:
    """By the command's own rule, although no rule file has it, and to the revision that was asked for."""
    first, fake = FakeApi(), FakeApi()
    bad_release(first)
    rolls_out_at_once(first)
    raw = cut_off(carried_out(first, 5), phase="Pending")
    if not decided:
        raw = {**raw, "status": {}}
    bad_release(fake)
    fake.put(f"{FOLDER}/{raw['metadata']['name']}", **raw)
    with working(make_engine(fake)):
        eventually(lambda: live_image(fake) == "checkout:5")
        roll_out(fake)
        eventually(lambda: [one["status"]["phase"] for one in records(fake).values()] == ["Succeeded"])
    assert fake.made("PATCH", "/checkout") == 2  # the dry run, and the patch


def test_alert_that_joins_meanwhile_is_left_to_the_receivers(fake: FakeApi) -> None:
    """The command ends with the rollout; whether the alert clears a receiver waits for."""
    bad_release(fake)
    waiting = firing(minutes=1)

    def join_then_roll_out(_: Progress) -> None:
        with working(make_engine(fake)) as engine:
            take(engine, waiting)
        roll_out(fake)

    raw = carried_out(fake, listener=Listener(patched=lambda: None, progress=join_then_roll_out))
    assert (raw["status"]["phase"], raw["status"]["holder"]) == (Phase.VERIFYING, "")
    assert {entry["status"] for entry in raw["status"]["alerts"]} == {"firing", "resolved"}


def test_command_that_may_not_record_patches_nothing(fake: FakeApi) -> None:
    bad_release(fake)

    def before(method: str, path: str) -> None:
        if (method, path) == ("POST", FOLDER):
            raise Forbidden("no")

    fake.before = before
    with pytest.raises(Forbidden):
        carried_out(fake)
    assert live_image(fake) == "checkout:7"


def test_lost_answer_is_found_out_and_not_patched_twice(fake: FakeApi) -> None:
    """As receivers do, by the annotation on the workload."""
    bad_release(fake)
    lost: list[str] = []

    def before(method: str, path: str) -> None:
        if (method, path) == ("GET", DEPLOYMENT) and fake.made("PATCH"):
            roll_out(fake)
        if method == "PATCH" and path == DEPLOYMENT and fake.made("PATCH", "/checkout") == 2:
            lost.append(path)
            raise Unavailable("no answer")

    fake.before = before
    raw = carried_out(fake)
    assert raw["status"]["phase"] == Phase.SUCCEEDED
    assert len(lost) == 1
    assert live_image(fake) == "checkout:6"


def test_no_receiver_has_the_address_of_a_command() -> None:
    """Or one would take it for an earlier run of its own."""
    mine = here()
    living = {
        "metadata": {},
        "status": {"holder": str(mine), "renewTime": format_precise(datetime.now(UTC)), "phase": "Pending"},
    }
    other = make_engine(FakeApi())._desk.instance
    assert not other.may_take(living, now=datetime.now(UTC))
    assert other.may_take(living, now=datetime.now(UTC) + STALE_AFTER + timedelta(seconds=5))
