"""One trouble in several messages: the record knows the other alerts of it, as far as they still fire."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from receiver.policy.alerts import Alert, Status
from tests.engine.builders import FOLDER, eventually, record, rule
from tests.engine.engines import (
    ago,
    bad_release,
    blamed,
    firing,
    live_image,
    make_engine,
    message,
    phases,
    records,
    working,
)
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import deployment, replica_set, shop


def told(fake: FakeApi, *messages: Sequence[str], until: Callable[[], object] = lambda: True) -> None:
    """Have an engine take messages in and run on; the release, revision 7, is six minutes old."""
    bad_release(fake)
    alerts = known_alerts()
    with working(make_engine(fake)) as engine:
        for names in messages:
            engine.accept(message(*(alerts[name] for name in names)), datetime.now(UTC))
        eventually(until)


def known_alerts() -> dict[str, Alert]:
    """`old` began before the release and has `ended`, or begun `anew`; `new` began after it."""
    old = firing(10, instance="a")
    return {
        "old": old,
        "ended": replace(old, status=Status.RESOLVED),
        "anew": firing(1, instance="a"),
        "new": firing(2, instance="b"),
    }


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([["old", "new"]], id="together"),
        pytest.param([["old"], ["new"]], id="one-after-the-other"),
        pytest.param([["old"], ["new"], ["new"]], id="told-again"),
    ],
)
def test_trouble_that_was_there_before_the_release_is_not_blamed_on_it(
    fake: FakeApi, messages: list[list[str]]
) -> None:
    """However Alertmanager groups the alerts of one name."""
    told(fake, *messages)
    (raw,) = records(fake).values()
    assert (raw["status"]["phase"], live_image(fake)) == ("Refused", "checkout:7")
    allowed, evidence = blamed(raw["status"]["decision"])
    assert not allowed
    assert "before that" in evidence


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([["old"], ["ended"], ["new"]], id="in-a-message-before"),
        pytest.param([["old"], ["ended", "new"]], id="in-the-same-message"),
        pytest.param([["old"], ["anew"], ["new"]], id="begun-anew"),
        pytest.param([["old"], ["anew", "new"]], id="begun-anew-in-the-same-message"),
    ],
)
def test_older_alert_that_has_cleared_does_not_count(fake: FakeApi, messages: list[list[str]]) -> None:
    """From the moment on when we hear of it."""
    told(fake, *messages, until=lambda: phases(fake) == ["RollingBack"])
    assert live_image(fake) == "checkout:6"


def release_8(fake: FakeApi) -> None:
    """Replace revision 7, which was live for an hour, five minutes ago."""
    shop(
        fake,
        replica_set(6, created=ago(days=5)),
        replica_set(7, created=ago(minutes=65)),
        replica_set(8, created=ago(minutes=5), replicas=3, available=3),
        of=deployment("checkout:8"),
    )


@pytest.mark.parametrize("again", [[], ["old"]], ids=["not-told-again", "told-again"])
def test_trouble_of_the_release_before_is_not_blamed_on_the_next_one(fake: FakeApi, again: list[str]) -> None:
    """Its alert stands in the record of the release that it was told of first."""
    told(fake, ["old"])
    release_8(fake)
    alerts = known_alerts()
    with working(make_engine(fake)) as engine:
        engine.accept(message(*(alerts[name] for name in (*again, "new"))), datetime.now(UTC))
    assert (phases(fake), live_image(fake)) == (["Refused", "Refused"], "checkout:8")


def test_trouble_of_the_release_before_that_has_cleared_does_not_count(fake: FakeApi) -> None:
    told(fake, ["old"])
    release_8(fake)
    alerts = known_alerts()
    with working(make_engine(fake)) as engine:
        engine.accept(message(alerts["ended"]), datetime.now(UTC))
        engine.accept(message(alerts["new"]), datetime.now(UTC))
        eventually(lambda: "RollingBack" in phases(fake))
    assert live_image(fake) == "checkout:7"


@pytest.mark.parametrize("heard", [False, True], ids=["first-heard-of", "heard-of-before"])
def test_trouble_that_no_rollback_cured_is_not_blamed_on_the_next_release(
    fake: FakeApi, *, heard: bool
) -> None:
    """It is told with the new one, and belongs to the record of that rollback."""
    release_8(fake)
    past = record("checkout-past", phase="NotCured", patchedAt=ago(minutes=30))
    fake.put(f"{FOLDER}/checkout-past", **past)
    uncured = firing(40, instance="a")
    with working(make_engine(fake)) as engine:
        if heard:
            engine.accept(message(uncured), datetime.now(UTC))
        accepted = engine.accept(message(uncured, firing(2, instance="b")), datetime.now(UTC))
    assert "checkout-past" in accepted.records
    assert (sorted(phases(fake)), live_image(fake)) == (["NotCured", "Refused"], "checkout:8")


def test_what_the_record_knows_costs_no_call(fake: FakeApi) -> None:
    """It was read with the workload: an alert whose trouble it knows is one more of those of any message."""
    bad_release(fake)
    engine, alerts, asked = make_engine(fake), known_alerts(), []
    for alert in (firing(10, instance="x"), alerts["old"], alerts["new"]):
        fake.calls.clear()
        engine.accept(message(alert), datetime.now(UTC))
        asked.append(sorted(call for call in fake.calls if call[0] == "GET"))
    engine.stop()
    assert asked[2] == asked[1]
    assert len(asked[2]) <= len(asked[0])


def test_alert_that_fires_after_the_patch_belongs_to_it_where_its_trouble_is_older(fake: FakeApi) -> None:
    """By the alert's `for`; a record of its own, about what we restored, would call somebody for nothing."""
    bad_release(fake)
    with working(make_engine(fake, rule(for_=timedelta(minutes=5)))) as engine:
        for instance in ("a", "late"):
            engine.accept(message(firing(0, instance=instance)), datetime.now(UTC))
            eventually(lambda: phases(fake) == ["RollingBack"])
    (raw,) = records(fake).values()
    late = raw["status"]["alerts"][1]
    assert late["startsAt"] > raw["status"]["patchedAt"]
