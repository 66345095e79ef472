"""Alerts about a template whose record is final, told to a whole engine: what the record says of it then."""

from typing import Any

import pytest

from receiver.engine.service import Engine
from receiver.policy.memory import LAST_ROLLBACK
from receiver.policy.rules import Mode
from tests.engine.builders import rule
from tests.engine.engines import (
    DEPLOYMENT,
    bad_release,
    firing,
    make_engine,
    phases,
    tell,
    the_record,
    working,
)
from tests.kubernetes.fake import FakeApi

REPLICA_SET = "/apis/apps/v1/namespaces/shop/replicasets/checkout-hash7"


def released_again(raw: Any) -> dict[str, Any] | None:
    conditions = raw["status"].get("conditions") or []
    return next((one for one in conditions if one["type"] == "ReleasedAgain"), None)


def annotate(fake: FakeApi, place: str, **annotations: str) -> None:
    raw = fake.objects[place]
    merged = {**(raw["metadata"].get("annotations") or {}), **annotations}
    fake.put(place, **{**raw, "metadata": {**raw["metadata"], "annotations": merged}})


def rejected(fake: FakeApi, engine: Engine) -> str:
    """Have a record rejected, and return its name."""
    name = tell(engine, firing(3))
    raw = engine.reject(name, "alice", "it is the network")
    assert raw is not None
    return name


@pytest.fixture
def engine(fake: FakeApi) -> Any:
    bad_release(fake)
    with working(make_engine(fake, rule(mode=Mode.APPROVE))) as made:
        yield made


def test_what_somebody_rejected_and_nobody_took_away_is_not_called_released_again(
    fake: FakeApi, engine: Engine
) -> None:
    """The repeat is counted, and the record says whose word holds, since when, and what is live."""
    name = rejected(fake, engine)
    assert tell(engine, firing(2)) == name
    raw = the_record(fake)
    condition = released_again(raw)
    assert condition is not None
    assert (condition["status"], condition["reason"]) == ("False", "StillLive")
    at = raw["status"]["finishedAt"].partition(".")[0] + "Z"
    assert condition["message"] == f"record {name} was rejected by alice at {at}; revision 7 is still live"
    assert phases(fake) == ["Rejected"]
    assert raw["status"]["occurrences"] == 2


def test_what_was_away_since_somebody_rejected_it_was_released_again(fake: FakeApi, engine: Engine) -> None:
    """The controller has numbered it anew."""
    name = rejected(fake, engine)
    annotate(fake, REPLICA_SET, **{"deployment.kubernetes.io/revision": "9"})
    assert tell(engine, firing(2)) == name
    condition = released_again(the_record(fake))
    assert condition is not None
    assert (condition["status"], condition["reason"]) == ("True", "Settled")
    assert "revision 9 was dealt with before" in condition["message"]
    assert "rejected by alice" in condition["message"]


def test_nothing_is_said_of_a_past_that_cannot_be_read(fake: FakeApi, engine: Engine) -> None:
    """The alert is counted all the same."""
    name = rejected(fake, engine)
    annotate(fake, DEPLOYMENT, **{LAST_ROLLBACK: '{"record":"r"}'})
    assert tell(engine, firing(2)) == name
    raw = the_record(fake)
    assert released_again(raw) is None
    assert (phases(fake), raw["status"]["occurrences"]) == (["Rejected"], 2)
