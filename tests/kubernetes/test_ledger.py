"""The ledger's home: one ConfigMap, changed by compare-and-swap, over any number of receivers."""

from datetime import UTC, datetime, timedelta

import pytest

from receiver.cluster.errors import Conflict, Forbidden, Unavailable
from receiver.cluster.ledger import TRIES, LedgerStore, Sight, dump_ledger, parse_ledger
from receiver.policy.ledger import Ledger, Pause, Spending
from receiver.policy.workload import Unreadable, WorkloadRef
from tests.kubernetes.fake import FakeApi

NOW = datetime(2026, 4, 7, 12, 0, 0, 123_456, tzinfo=UTC)
PLACE = "/api/v1/namespaces/rollbacks/configmaps/rollback-receiver"
PAUSE = Pause(NOW, "kim", 'a "big"\nmigration ü')


def spending(record: str = "a", rule: str = "errors") -> Spending:
    return Spending(record, WorkloadRef("Deployment", "shop", "checkout"), rule, NOW)


def store(fake: FakeApi) -> LedgerStore:
    return LedgerStore(fake, "rollbacks")


def spend(record: str) -> Ledger:
    return Ledger((spending(record),))


@pytest.mark.parametrize(
    "ledger",
    [
        pytest.param(Ledger(), id="empty"),
        pytest.param(Ledger((spending("a"),)), id="one"),
        pytest.param(Ledger((spending("a"), spending("b", "latency"))), id="two"),
        pytest.param(Ledger(pause=PAUSE), id="paused"),
        pytest.param(Ledger((spending("a"),), PAUSE), id="both"),
        pytest.param(Ledger(pause=Pause(NOW, "", "")), id="nobody-says-why"),
    ],
)
def test_what_is_written_is_read_back(ledger: Ledger) -> None:
    """To the microsecond, whatever people write as their reason."""
    data = dump_ledger(ledger)
    assert parse_ledger(data) == ledger
    assert all(isinstance(text, str) for text in data.values())


def test_rollbacks_stand_one_a_line() -> None:
    """So that `kubectl edit` and a diff show them."""
    lines = dump_ledger(Ledger((spending("a"), spending("b"))))["rollbacks"].splitlines()
    assert [f'"record": "{name}"' in line for name, line in zip("ab", lines, strict=True)] == [True, True]


def test_ledger_that_is_not_there_is_empty_and_made_by_the_first_change(fake: FakeApi) -> None:
    """Nobody has to install it."""
    seen = store(fake).read()
    assert seen == Sight(Ledger(), None)
    assert store(fake).swap(seen, lambda ledger: ledger.spend(spending())) == spend("a")
    assert store(fake).read().ledger == spend("a")


def test_change_keeps_what_others_put_into_the_config_map(fake: FakeApi) -> None:
    """Labels and owner belong to whoever installed it."""
    fake.put(PLACE, metadata={"name": "rollback-receiver", "labels": {"app": "x"}}, data={"rollbacks": ""})
    ledger = store(fake)
    ledger.swap(ledger.read(), lambda old: old.spend(spending()))
    assert fake.objects[PLACE]["metadata"]["labels"] == {"app": "x"}


@pytest.mark.parametrize("there", [False, True], ids=["made-meanwhile", "changed-meanwhile"])
def test_conflict_decides_again_by_what_stands_there(fake: FakeApi, there: bool) -> None:
    """Two replicas at once: both rollbacks count, and the second sees the first."""
    mine, other = store(fake), store(fake)
    if there:
        other.swap(other.read(), lambda old: old.spend(spending("first")))
    seen, asked = mine.read(), list[int]()
    other.swap(other.read(), lambda old: old.spend(spending("other")))

    def change(ledger: Ledger) -> Ledger:
        asked.append(len(ledger.spendings))
        return ledger.spend(spending("mine"))

    stored = mine.swap(seen, change)
    assert isinstance(stored, Ledger)
    assert [s.record for s in stored.spendings] == [*(["first"] if there else []), "other", "mine"]
    assert asked == [int(there), int(there) + 1]


def test_change_may_withdraw_after_a_conflict(fake: FakeApi) -> None:
    """The budget that was free a moment ago is spent: nothing is written then."""
    mine, other = store(fake), store(fake)
    seen = mine.read()
    other.swap(other.read(), lambda old: old.spend(spending("other")))
    assert mine.swap(seen, lambda old: old if old.spendings else old.spend(spending())) == spend("other")
    assert fake.made("PUT") == 0


def test_config_map_deleted_meanwhile_is_made_again(fake: FakeApi) -> None:
    """Whoever deletes it empties the ledger, and nothing more."""
    ledger = store(fake)
    ledger.swap(ledger.read(), lambda old: old.spend(spending("old")))
    seen = ledger.read()
    del fake.objects[PLACE]
    assert ledger.swap(seen, lambda old: old.spend(spending("new"))) == spend("new")


def test_unchanged_and_fresh_is_not_written(fake: FakeApi) -> None:
    """A refused decision costs no write."""
    ledger = store(fake)
    assert ledger.swap(ledger.read(), lambda old: old) == Ledger()
    assert fake.calls == [("GET", PLACE)]


def test_unchanged_by_an_old_sight_looks_again(fake: FakeApi) -> None:
    """What was seen a while ago may not end a decision: the kill switch may be off again by now, or on."""
    ledger, other = store(fake), store(fake)
    ledger.read()
    seen = ledger.last()
    assert not seen.fresh
    other.swap(other.read(), lambda _: Ledger(pause=PAUSE))
    assert ledger.swap(seen, lambda old: old) == Ledger(pause=PAUSE)


def test_last_sight_costs_no_call(fake: FakeApi) -> None:
    """It is what was read or written last; only the very first one is read, and counts as fresh."""
    ledger = store(fake)
    assert ledger.last().fresh
    ledger.swap(ledger.read(), lambda old: old.spend(spending()))
    calls = len(fake.calls)
    seen = ledger.last()
    assert (seen.ledger, seen.fresh, len(fake.calls)) == (spend("a"), False, calls)


def test_old_sight_that_still_holds_is_swapped_in_one_call(fake: FakeApi) -> None:
    """The common case: no read between the alert and the patch."""
    ledger = store(fake)
    ledger.swap(ledger.read(), lambda old: old.spend(spending("a")))
    calls = len(fake.calls)
    ledger.swap(ledger.last(), lambda old: old.spend(spending("b")))
    assert fake.calls[calls:] == [("PUT", PLACE)]


BROKEN = [
    pytest.param({"rollbacks": "hello"}, id="no-json"),
    pytest.param({"rollbacks": "\n\n"}, id="empty-lines"),
    pytest.param({"rollbacks": "5"}, id="number"),
    pytest.param({"rollbacks": "[]"}, id="list"),
    pytest.param({"rollbacks": "null"}, id="null"),
    pytest.param({"rollbacks": "{}"}, id="nothing-in-it"),
    pytest.param({"rollbacks": '{"record":"a","target":"shop","rule":"r","at":null}'}, id="odd-target"),
    pytest.param({"rollbacks": '{"record":"a","target":"a/b/c","rule":"r","at":null}'}, id="no-time"),
    pytest.param({"rollbacks": '{"record":"a","target":"a/b/c","rule":"r","at":5}'}, id="odd-time"),
    pytest.param({"rollbacks": '{"record":"a","target":5,"rule":"r","at":5}'}, id="target-number"),
    pytest.param({"rollbacks": "[" * 100_000}, id="nested-too-deeply"),
    pytest.param({"paused": "true"}, id="paused-true"),
    pytest.param({"paused": "yes"}, id="paused-text"),
    pytest.param({"paused": '{"at": null, "by": "a", "reason": ""}'}, id="paused-no-time"),
    pytest.param({"paused": '{"by": "a", "reason": ""}'}, id="paused-nothing"),
]


@pytest.mark.parametrize("data", BROKEN)
def test_broken_ledger_is_unreadable_and_stays_as_it_is(fake: FakeApi, data: dict[str, str]) -> None:
    """In doubt, no: the guards block, and nobody's note is overwritten."""
    fake.put(PLACE, data=data)
    ledger = store(fake)
    seen = ledger.read()
    assert isinstance(seen.ledger, Unreadable)
    assert str(seen.ledger).startswith("cannot read the ConfigMap rollbacks/rollback-receiver: ")
    assert "mend or delete it" in seen.ledger.why
    assert isinstance(ledger.swap(ledger.last(), lambda _: Ledger()), Unreadable)
    assert fake.objects[PLACE]["data"] == data


def test_unreadable_old_sight_looks_again(fake: FakeApi) -> None:
    """Somebody may have mended it."""
    fake.put(PLACE, data={"paused": "true"})
    ledger = store(fake)
    ledger.read()
    fake.put(PLACE, data={})
    assert ledger.swap(ledger.last(), lambda old: old.spend(spending())) == spend("a")


def test_endless_conflicts_end(fake: FakeApi) -> None:
    """Too many at it at once: to be tried later."""

    def busy(method: str, _path: str) -> None:
        if method != "GET":
            raise Conflict("busy", code=409)

    fake.before = busy
    with pytest.raises(Unavailable, match="too many changes at once"):
        store(fake).swap(store(fake).read(), lambda old: old.spend(spending()))
    assert fake.made("POST") == TRIES


def test_refusal_is_passed_on(fake: FakeApi) -> None:
    """Nothing may be patched that could not be entered."""

    def refuse(_method: str, _path: str) -> None:
        raise Forbidden("no", code=403)

    fake.before = refuse
    with pytest.raises(Forbidden):
        store(fake).read()
    with pytest.raises(Forbidden):
        store(fake).swap(Sight(Ledger(), None), lambda old: old.spend(spending()))


def test_full_ledger_fits_into_a_config_map() -> None:
    """1 MiB is what the API server takes."""
    names = ("n" * 63, "d" * 63)
    many = Ledger()
    for number in range(3_100):
        at = NOW + timedelta(seconds=number)
        one = Spending(f"{'d' * 40}-{number:021}", WorkloadRef("Deployment", *names), "r" * 40, at)
        many = many.spend(one) if number > 3_050 else Ledger((*many.spendings, one)[-3_000:])
    assert sum(len(text) for text in dump_ledger(many).values()) < 1024 * 1024
