"""Pods that alerts name, as witnesses; and the release's own state."""

from collections.abc import Callable

import pytest

from receiver.cluster.errors import ClusterError, Forbidden, Unavailable
from receiver.policy.alerts import Alert
from receiver.policy.intake import NotPersisted
from tests.engine.engines import (
    ago,
    bad_release,
    blamed,
    decided,
    firing,
    live_image,
    make_engine,
    records,
    take,
    working,
)
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP

PODS = "/api/v1/namespaces/shop/pods"


def put_pods(fake: FakeApi, **of_revisions: int) -> list[Alert]:
    """Put so many pods of revision N there, `r7=2`, and return an alert about each."""
    names: list[str] = []
    for revision, count in of_revisions.items():
        marks = {"pod-template-hash": f"hash{revision[1:]}", "app": "checkout"}
        for number in range(count):
            names.append(f"checkout-hash{revision[1:]}-{number}")
            fake.put(f"{PODS}/{names[-1]}", metadata={"name": names[-1], "labels": marks})
    return [firing(pod=name) for name in names]


@pytest.mark.parametrize(
    ("revisions", "image", "counts"),
    [
        pytest.param({"r7": 2, "r6": 1}, "checkout:6", "2 of the 3 pods", id="most-are-the-suspects"),
        pytest.param({"r7": 1, "r6": 2}, "checkout:7", "1 of the 3 pods", id="most-are-older"),
    ],
)
def test_pods_that_alerts_name_are_read_once_and_have_a_say(
    fake: FakeApi, revisions: dict[str, int], image: str, counts: str
) -> None:
    bad_release(fake)
    decision = decided(fake, *put_pods(fake, **revisions))
    assert live_image(fake) == image
    assert counts in blamed(decision)[1]
    assert fake.made("GET", "/pods") == 1


def test_pods_are_not_read_where_no_alert_names_one(fake: FakeApi) -> None:
    bad_release(fake)
    decided(fake, firing())
    assert fake.made("GET", "/pods") == 0


def failing(fault: ClusterError) -> Callable[[str, str], None]:
    def before(_method: str, path: str) -> None:
        if path == PODS:
            raise fault

    return before


def test_pods_that_may_not_be_read_block(fake: FakeApi) -> None:
    """Whose trouble it is cannot be told."""
    bad_release(fake)
    fake.before = failing(Forbidden("no", code=403))
    decision = decided(fake, firing(pod="checkout-hash7-0"))
    assert blamed(decision) == (False, "cannot read the pods of Deployment shop/checkout: no")
    assert live_image(fake) == "checkout:7"


def test_pods_that_nobody_answers_for_ask_for_a_repeat(fake: FakeApi) -> None:
    """They may be there in a moment."""
    bad_release(fake)
    fake.before = failing(Unavailable("no answer"))
    with working(make_engine(fake)) as engine, pytest.raises(NotPersisted):
        take(engine, firing(pod="checkout-hash7-0"))
    assert records(fake) == {}


def test_a_release_that_does_not_get_ready_is_said(fake: FakeApi) -> None:
    """In the evidence; nothing is read for it."""
    bad_release(fake)
    place = f"{SHOP}/replicasets/checkout-hash7"
    fake.put(place, **{**fake.objects[place], "status": {"replicas": 3}})
    fake.objects[place]["metadata"]["creationTimestamp"] = ago(minutes=6)
    assert blamed(decided(fake, firing()))[1].endswith("; none of its pods is available")
