"""What the revisions need: read as far as the choice gets, and not at all where nothing is named."""

from collections.abc import Callable
from typing import Any

import pytest

from receiver.cluster.errors import ClusterError, Forbidden, Unavailable
from receiver.policy.intake import NotPersisted
from tests.engine.engines import (
    bad_release,
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

CORE = "/api/v1/namespaces/shop"


def needing(fake: FakeApi, **of_revisions: str) -> None:
    """Have revision N name this ConfigMap, `r6="config-6"`."""
    bad_release(fake)
    for revision, name in of_revisions.items():
        place = f"{SHOP}/replicasets/checkout-hash{revision[1:]}"
        spec = fake.objects[place]["spec"]["template"]["spec"]
        spec["containers"][0]["envFrom"] = [{"configMapRef": {"name": name}}]


def reads(fake: FakeApi) -> list[str]:
    """The names of the ConfigMaps that were read, in order."""
    place = f"{CORE}/configmaps/"
    return [path.removeprefix(place) for method, path in fake.calls if method == "GET" and place in path]


def said(decision: Any, guard: str = "preflight") -> tuple[bool, str]:
    (verdict,) = [verdict for verdict in decision["verdicts"] if verdict["guard"] == guard]
    return verdict["allowed"], verdict["evidence"]


def test_nothing_is_read_where_templates_name_nothing(fake: FakeApi) -> None:
    bad_release(fake)
    decided(fake, firing())
    beside = [path for method, path in fake.calls if method == "GET" and path.startswith(f"{CORE}/")]
    assert beside == []


def test_only_the_chosen_revisions_needs_are_read(fake: FakeApi) -> None:
    """Once, before the patch."""
    needing(fake, r5="config-5", r6="config-6")
    fake.put(f"{CORE}/configmaps/config-6")
    decision = decided(fake, firing())
    assert live_image(fake) == "checkout:6"
    assert reads(fake) == ["config-6"]
    assert said(decision)[1].endswith("what revision 6 needs is there: ConfigMap shop/config-6")


def test_a_revision_whose_needs_are_gone_is_passed_over(fake: FakeApi) -> None:
    needing(fake, r5="config-5", r6="config-6")
    fake.put(f"{CORE}/configmaps/config-5")
    decision = decided(fake, firing())
    assert live_image(fake) == "checkout:5"
    assert reads(fake) == ["config-6", "config-5"]
    assert (
        "revision 6 passed over: what it needs is gone: ConfigMap shop/config-6"
        in said(decision, "history")[1]
    )


def test_where_everything_is_gone_nothing_is_done(fake: FakeApi) -> None:
    needing(fake, r5="config-5", r6="config-6")
    decision = decided(fake, firing())
    assert (live_image(fake), said(decision)[0]) == ("checkout:7", False)


def failing(fault: ClusterError) -> Callable[[str, str], None]:
    def before(_method: str, path: str) -> None:
        if path.startswith(f"{CORE}/configmaps/"):
            raise fault

    return before


def test_what_may_not_be_read_blocks(fake: FakeApi) -> None:
    needing(fake, r6="config-6")
    fake.before = failing(Forbidden("no", code=403))
    assert said(decided(fake, firing())) == (False, "cannot read ConfigMap shop/config-6: no")
    assert live_image(fake) == "checkout:7"


def test_what_nobody_answers_for_asks_for_a_repeat(fake: FakeApi) -> None:
    needing(fake, r6="config-6")
    fake.before = failing(Unavailable("no answer"))
    with working(make_engine(fake)) as engine, pytest.raises(NotPersisted):
        take(engine, firing())
    assert records(fake) == {}
