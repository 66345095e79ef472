"""Looking for what templates name: whether it is there, and of a ConfigMap its keys and its last write."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.cluster.api import Api
from receiver.cluster.errors import Unavailable
from receiver.cluster.items import METADATA_ONLY, read_item
from receiver.cluster.records import Records
from receiver.cluster.snapshots import SnapshotReader
from receiver.policy.inventory import Seen
from receiver.policy.needs import Item, ItemKind
from receiver.policy.workload import Unreadable
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import at
from tests.kubernetes.stub import Answer, Stub

CONFIG = Item(ItemKind.CONFIG_MAP, "shop", "config")
SECRET = Item(ItemKind.SECRET, "shop", "key")


def entry(field: str | None, time: str | None) -> dict[str, Any]:
    return {"manager": "m", "time": time, "fieldsV1": {field: {}} if field else None}


def changed_at(*managed: dict[str, Any]) -> datetime | None:
    """When a ConfigMap made on the fifth was last written."""
    fake = FakeApi()
    metadata = {"creationTimestamp": at(5), "managedFields": list(managed)}
    fake.put("/api/v1/namespaces/shop/configmaps/config", metadata=metadata)
    found = read_item(fake, CONFIG)
    assert isinstance(found, Seen)
    return found.changed_at


@pytest.mark.parametrize(
    ("managed", "day"),
    [
        pytest.param([], 5, id="never-changed"),
        pytest.param([entry("f:data", at(7)), entry("f:data", at(6))], 7, id="the-newest-write"),
        pytest.param([entry("f:binaryData", at(7))], 7, id="binary"),
        pytest.param([entry("f:data", at(3))], 5, id="made-again-since"),
        pytest.param([entry("f:metadata", at(7))], 5, id="a-label-is-no-content"),
        pytest.param([entry(None, at(7)), entry("f:data", None)], 5, id="entries-that-do-not-tell"),
    ],
)
def test_a_configmap_was_changed_when_its_content_was_written(
    managed: list[dict[str, Any]], day: int
) -> None:
    assert changed_at(*managed) == datetime(2026, 4, day, tzinfo=UTC)


def test_a_configmaps_keys_are_read(fake: FakeApi) -> None:
    place = "/api/v1/namespaces/shop/configmaps/config"
    fake.put(place, data={"a": "1"}, binaryData={"b": ""})
    found = read_item(fake, CONFIG)
    assert isinstance(found, Seen)
    assert found.keys == frozenset({"a", "b"})


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        pytest.param(ItemKind.SECRET, "secrets", id="secret"),
        pytest.param(ItemKind.CLAIM, "persistentvolumeclaims", id="claim"),
        pytest.param(ItemKind.ACCOUNT, "serviceaccounts", id="service-account"),
    ],
)
def test_of_the_others_only_the_metadata_is_asked_for(
    api: Api, stub: Stub, kind: ItemKind, plural: str
) -> None:
    """So that no Secret's data is ever read."""
    assert read_item(api, Item(kind, "shop", "a/b")) == Seen()
    (asked,) = stub.asked
    assert asked.path == f"/api/v1/namespaces/shop/{plural}/a%2Fb"
    assert asked.headers["accept"] == METADATA_ONLY


def test_what_does_not_exist_is_gone(fake: FakeApi) -> None:
    assert read_item(fake, SECRET) is None


def test_what_has_no_name_is_gone(fake: FakeApi) -> None:
    """The API server takes a template that names nothing; its path would be that of a list."""
    assert read_item(fake, Item(ItemKind.CONFIG_MAP, "shop", "")) is None
    assert fake.calls == []


def test_what_may_not_be_read_is_unreadable(api: Api, stub: Stub) -> None:
    stub.say(Answer(403, {"message": "no"}))
    found = read_item(api, SECRET)
    assert isinstance(found, Unreadable)
    assert (found.what, "(403)" in found.why) == ("Secret shop/key", True)


def test_what_nobody_answers_for_is_raised(api: Api, stub: Stub) -> None:
    stub.say(Answer(503))
    with pytest.raises(Unavailable):
        read_item(api, SECRET)


def test_many_are_read_ten_at_a_time(fake: FakeApi) -> None:
    """So that no storm of reads keeps the API server from what is urgent."""
    items = [Item(ItemKind.CONFIG_MAP, "shop", f"c{number}") for number in range(23)]
    fake.put("/api/v1/namespaces/shop/configmaps/c22")
    begun, at_once, most, lock = 0, 0, 0, threading.Lock()
    ten = threading.Barrier(10, timeout=60)

    def before(_method: str, _path: str) -> None:
        nonlocal begun, at_once, most
        with lock:
            begun += 1
            at_once += 1
            most = max(most, at_once)
            early = begun <= 10
        if early:
            ten.wait()
        time.sleep(0.01)
        with lock:
            at_once -= 1

    fake.before = before
    with ThreadPoolExecutor(len(items)) as pool:
        found = SnapshotReader(fake, Records(fake, "rollbacks"), pool).items(items)
    assert [item for item, state in found.items() if state] == items[22:]
    assert (list(found), most) == (items, 10)
