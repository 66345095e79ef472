"""Alerts about many workloads that nobody deployed, told to whole engines: nothing is rolled back then."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from receiver.cluster.errors import Forbidden
from receiver.engine.instance import Instance
from receiver.engine.service import Engine
from receiver.policy.rules import GuardSettings, Rule
from tests.engine.builders import FOLDER, eventually, rule
from tests.engine.engines import (
    ago,
    bad_release,
    firing,
    live_image,
    make_engine,
    phases,
    records,
    take,
    working,
)
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, deployment, replica_set

OLD = [f"old-{number}" for number in range(5)]
LISTED = "5 workloads whose trouble no rollout explains had alerts in the last 10m: "
EVIDENCE = f"{LISTED}Deployment shop/old-0, shop/old-1, shop/old-2 and 2 more; systemic 5"


@pytest.fixture(autouse=True)
def shop(fake: FakeApi) -> None:
    """Checkout's last release is minutes old; that of five others is five days old."""
    bad_release(fake)
    for name in OLD:
        uid = f"uid-{name}"
        fake.put(f"{SHOP}/deployments/{name}", **deployment(metadata={"name": name, "uid": uid}))
        for number, days in ((6, 9), (7, 5)):
            made = replica_set(number, name=f"{name}-{number}", owner=uid, created=ago(days=days))
            fake.put(f"{SHOP}/replicasets/{name}-{number}", **made)


def tell(engine: Engine, *deployments: str) -> None:
    take(engine, *(firing(deployment=name) for name in deployments))


def blocked(fake: FakeApi, name: str = "checkout") -> dict[str, str]:
    """The guards that block the decision about a Deployment, with their evidence."""
    found = [raw for raw in records(fake).values() if raw["spec"]["target"]["name"] == name]
    verdicts: list[dict[str, Any]] = found[0]["status"]["decision"]["verdicts"]
    return {v["guard"]: v["evidence"] for v in verdicts if v.get("allowed") is False}


def bold() -> Rule:
    return rule(guards=GuardSettings(systemic=None))


def test_fresh_release_among_five_that_nobody_deployed_is_left_alone(fake: FakeApi) -> None:
    """In one payload, whichever began first; the five too are refused for both reasons."""
    with working(make_engine(fake)) as engine:
        tell(engine, "checkout", *OLD)
    assert blocked(fake) == {"systemic": EVIDENCE}
    assert {frozenset(blocked(fake, name)) for name in OLD} == {frozenset({"blame", "systemic"})}
    assert live_image(fake) == "checkout:7"


def test_four_are_not_enough(fake: FakeApi) -> None:
    """Below the rule's number the fresh one goes back."""
    with working(make_engine(fake)) as engine:
        tell(engine, "checkout", *OLD[:4])
        eventually(lambda: live_image(fake) == "checkout:6")


def test_systemic_off_rolls_the_fresh_release_back(fake: FakeApi) -> None:
    """The rule's word."""
    with working(make_engine(fake, bold())) as engine:
        tell(engine, "checkout", *OLD)
        eventually(lambda: live_image(fake) == "checkout:6")


def test_payload_for_each_workload_counts_the_same(fake: FakeApi) -> None:
    """Alertmanager that groups by workload sends six messages within a moment."""
    with working(make_engine(fake)) as engine:
        with ThreadPoolExecutor(5) as pool:
            list(pool.map(lambda name: tell(engine, name), OLD))
        tell(engine, "checkout")
    assert blocked(fake) == {"systemic": EVIDENCE}
    assert live_image(fake) == "checkout:7"


def test_records_of_another_receiver_count(fake: FakeApi) -> None:
    """As soon as they are read."""
    with working(make_engine(fake)) as engine:
        tell(engine, *OLD)
    with working(make_engine(fake, instance=Instance("there:1"))) as engine:
        tell(engine, "checkout")
    assert blocked(fake) == {"systemic": EVIDENCE}


def test_late_act_counts_what_came_since(fake: FakeApi) -> None:
    """A decision that was left behind is judged again before its patch."""
    with working(make_engine(fake, instance=Instance("here:1", "one"))) as engine:
        tell(engine, *OLD)
    claimed = {"phase": "Pending", "holder": "here:1/one", "renewTime": ago(seconds=1), "startedAt": ago()}
    with working(make_engine(fake, bold(), instance=Instance("here:1", "two"))) as engine:
        tell(engine, "checkout")
        eventually(lambda: "RollingBack" in phases(fake))
    place = next(path for path, raw in fake.objects.items() if path.startswith(FOLDER) and is_checkout(raw))
    fake.put(place, **{**fake.objects[place], "status": claimed})
    bad_release(fake)
    with working(make_engine(fake, instance=Instance("here:1", "three"))):
        eventually(lambda: set(phases(fake)) == {"Refused"})
    assert "systemic" in blocked(fake)
    assert live_image(fake) == "checkout:7"


def is_checkout(raw: dict[str, Any]) -> bool:
    return bool(raw["spec"]["target"].get("name") == "checkout")


def test_nothing_is_read_for_it_on_the_way_of_an_alert(
    fake: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the alert to the patch nobody lists what was refused."""

    def read() -> Any:
        raise AssertionError("read on an alert's way")

    with working(make_engine(fake)) as engine:
        engine._recollection.recent()
        engine._recollection.stop()
        monkeypatch.setattr(engine._records, "refused", read)
        tell(engine, "checkout")
        eventually(lambda: live_image(fake) == "checkout:6")


def test_records_that_may_not_be_read_stop_it(fake: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """In doubt, no; and systemic off does not ask."""
    engine = make_engine(fake)

    def forbidden() -> Any:
        raise Forbidden("GET x: no (403)")

    monkeypatch.setattr(engine._records, "refused", forbidden)
    with working(engine):
        tell(engine, "checkout")
    assert blocked(fake) == {"systemic": "cannot read the records of the last 10m: GET x: no (403)"}
    with working(make_engine(fake, bold())) as other:
        tell(other, "checkout")
        eventually(lambda: live_image(fake) == "checkout:6")
