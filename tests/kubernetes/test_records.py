"""The records: created once, found by what they are about, changed by compare-and-swap."""

from typing import Any

import pytest

from receiver.cluster import records as records_module
from receiver.cluster.errors import Conflict, NotFound, Unavailable
from receiver.cluster.records import TRIES, Records
from receiver.policy.record import CLAIMED_BY, Phase
from receiver.policy.workload import WorkloadRef
from tests.kubernetes.fake import FakeApi

FOLDER = "/apis/rollback-receiver.dev/v1alpha1/namespaces/rollbacks/rollbacks"
CHECKOUT = {"kind": "Deployment", "namespace": "shop", "name": "checkout"}


@pytest.fixture
def records(fake: FakeApi) -> Records:
    return Records(fake, "rollbacks")


def add(fake: FakeApi, name: str, *, created: int = 1, target: Any = None, **status: Any) -> dict[str, Any]:
    metadata = {"name": name, "creationTimestamp": f"2026-04-{created:02}T00:00:00Z"}
    spec = {"target": CHECKOUT if target is None else target}
    return fake.put(
        f"{FOLDER}/{name}", metadata=metadata, spec=spec, **({"status": status} if status else {})
    )


def names(found: list[dict[str, Any]]) -> list[str]:
    return [raw["metadata"]["name"] for raw in found]


def test_record_says_who_made_it(fake: FakeApi, records: Records) -> None:
    """As an annotation, because the API server drops the status of a new object."""
    raw = records.create("a", {"target": CHECKOUT}, {"l": "m"}, claimed_by="host:1/run")
    assert raw["metadata"]["annotations"] == {CLAIMED_BY: "host:1/run"}
    assert raw["metadata"]["labels"] == {"l": "m"}
    assert (raw["apiVersion"], raw["kind"]) == ("rollback-receiver.dev/v1alpha1", "Rollback")
    assert fake.calls == [("POST", FOLDER)]


def test_second_creation_is_a_conflict(records: Records) -> None:
    """Creating is the claim: whoever comes second sees it."""
    records.create("a", {}, {}, claimed_by="x")
    with pytest.raises(Conflict):
        records.create("a", {}, {}, claimed_by="y")
    assert records.get("a")["metadata"]["annotations"] == {CLAIMED_BY: "x"}


def test_unknown_record_is_not_found(records: Records) -> None:
    """A hostile name stays one segment of the path."""
    for name in ("none", "../../secrets/a", "a/status"):
        with pytest.raises(NotFound):
            records.get(name)


@pytest.mark.parametrize("page", [1, 2, 500])
def test_all_pages_are_read_oldest_first(
    fake: FakeApi, records: Records, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """However many there are, none of one workload is missed, and none of another kind is among them."""
    monkeypatch.setattr(records_module, "PAGE", page)
    for number in (3, 1, 2):
        add(fake, f"r{number}", created=number)
    add(fake, "other-name", target={**CHECKOUT, "name": "web"})
    add(fake, "other-namespace", target={**CHECKOUT, "namespace": "blog"})
    add(fake, "other-kind", target={**CHECKOUT, "kind": "StatefulSet"})
    add(fake, "no-target", target={})
    assert names(records.about(WorkloadRef("Deployment", "shop", "checkout"))) == ["r1", "r2", "r3"]
    by_target = records.about_namespace("shop")
    assert {key: names(found) for key, found in by_target.items()} == {
        ("Deployment", "checkout"): ["r1", "r2", "r3"],
        ("Deployment", "web"): ["other-name"],
        ("StatefulSet", "checkout"): ["other-kind"],
    }
    assert by_target.get(("Deployment", "none")) is None


def test_work_is_what_is_not_final(fake: FakeApi, records: Records) -> None:
    """And what was only just claimed, which has no phase yet; an approval is waited for by somebody else."""
    for phase in Phase:
        add(fake, phase.value.lower(), phase=phase.value)
    add(fake, "claimed")
    found = set(names(records.in_work()))
    assert found == {"pending", "rollingback", "verifying", "awaitingapproval", "claimed"}


def test_page_is_asked_for_as_given(fake: FakeApi, records: Records) -> None:
    """The API server's own answer, with where to go on."""
    for number in range(3):
        add(fake, f"r{number}")
    first = records.page(field_selector="", limit=2, continue_=None)
    rest = records.page(field_selector="", limit=2, continue_=first["metadata"]["continue"])
    assert [names(first["items"]), names(rest["items"])] == [["r0", "r1"], ["r2"]]
    assert "continue" not in rest["metadata"]


def test_status_is_changed_from_what_was_seen(fake: FakeApi, records: Records) -> None:
    """One write, no read; the record as it stands comes back."""
    raw = add(fake, "a", phase="Pending")
    stored = records.update_status(raw, lambda old: {**old, "message": "x"})
    assert stored["status"] == {"phase": "Pending", "message": "x"}
    assert fake.calls == [("PUT", f"{FOLDER}/a/status")]
    assert stored["metadata"]["resourceVersion"] != raw["metadata"]["resourceVersion"]


def test_status_that_was_never_written_is_empty(fake: FakeApi, records: Records) -> None:
    """Of a record that was only just claimed."""
    raw = add(fake, "a")
    assert records.update_status(raw, lambda old: {"was": old})["status"] == {"was": {}}


def test_conflict_changes_what_stands_there_by_now(fake: FakeApi, records: Records) -> None:
    """Nobody's change is lost, however often somebody else is faster."""
    raw, seen = add(fake, "a", count=1), list[int]()

    def change(old: dict[str, Any]) -> dict[str, Any]:
        seen.append(old["count"])
        if len(seen) < 4:
            add(fake, "a", count=old["count"] + 10)
        return {**old, "count": old["count"] + 1}

    assert records.update_status(raw, change)["status"] == {"count": 32}
    assert seen == [1, 11, 21, 31]


def test_change_may_leave_it(fake: FakeApi, records: Records) -> None:
    """None writes nothing, at once or after a conflict; what stands there comes back."""
    raw = add(fake, "a", phase="Pending")
    assert records.update_status(raw, lambda _: None) == raw
    assert fake.calls == []
    taken = add(fake, "a", phase="Pending", holder="other")
    found = records.update_status(raw, lambda old: None if "holder" in old else {**old, "holder": "me"})
    assert found == taken


def test_record_deleted_meanwhile_is_not_found(fake: FakeApi, records: Records) -> None:
    """Whoever deletes it ends the work on it."""
    raw = add(fake, "a")
    del fake.objects[f"{FOLDER}/a"]
    with pytest.raises(NotFound):
        records.update_status(raw, dict)


def test_endless_conflicts_end(fake: FakeApi, records: Records) -> None:
    """To be tried later."""
    raw = add(fake, "a")

    def busy(method: str, _path: str) -> None:
        if method == "PUT":
            raise Conflict("busy", code=409)

    fake.before = busy
    with pytest.raises(Unavailable, match="too many changes at once of the record a"):
        records.update_status(raw, dict)
    assert fake.made("PUT") == TRIES
