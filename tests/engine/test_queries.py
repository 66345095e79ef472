"""Which records are shown: narrowed by the server and here, newest first within a page."""

from datetime import UTC, datetime
from typing import Any

import pytest

from receiver.cluster.errors import Rejected
from receiver.cluster.records import Records
from receiver.engine.queries import answer_query, list_rollbacks
from receiver.policy.intake import PageGone, RollbackQuery, Unavailable
from receiver.policy.record import Phase
from receiver.policy.workload import WorkloadRef
from tests.engine.builders import CHECKOUT, FOLDER, record
from tests.kubernetes.fake import FakeApi

WEB = {"kind": "Deployment", "namespace": "shop", "name": "web"}


def day(number: int) -> datetime:
    return datetime(2026, 4, number, tzinfo=UTC)


@pytest.fixture
def records(fake: FakeApi) -> Records:
    rows: list[tuple[str, int, str, Any]] = [
        ("one", 1, "Refused", None),
        ("three", 3, "Succeeded", None),
        ("two", 2, "Succeeded", WEB),
        ("four", 4, "Refused", {}),
        ("five", 5, "Refused", {**WEB, "kind": "StatefulSet"}),
    ]
    for name, created, phase, target in rows:
        raw = record(name, created=day(created), phase=phase)
        spec = raw["spec"] if target is None else {**raw["spec"], "target": target}
        fake.put(f"{FOLDER}/{name}", **{**raw, "spec": spec})
    return Records(fake, "rollbacks")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param(RollbackQuery(), ["five", "four", "three", "two", "one"], id="all"),
        pytest.param(RollbackQuery(phase=Phase.SUCCEEDED), ["three", "two"], id="phase"),
        pytest.param(RollbackQuery(target=CHECKOUT), ["three", "one"], id="target"),
        pytest.param(RollbackQuery(target=WorkloadRef("Deployment", "shop", "web")), ["two"], id="kind"),
        pytest.param(RollbackQuery(target=CHECKOUT, phase=Phase.REFUSED), ["one"], id="both"),
        pytest.param(RollbackQuery(since=day(3)), ["five", "four", "three"], id="since"),
        pytest.param(RollbackQuery(since=day(6)), [], id="too-late"),
        pytest.param(RollbackQuery(target=WorkloadRef("Deployment", "blog", "web")), [], id="unknown"),
    ],
)
def test_query_narrows(records: Records, query: RollbackQuery, found: list[str]) -> None:
    """What is not asked for is not there; without a next page nothing says to go on."""
    answer = list_rollbacks(records, query)
    assert [raw["metadata"]["name"] for raw in answer["items"]] == found
    assert "continue" not in answer


def test_page_says_how_to_go_on(records: Records) -> None:
    """Until there is nothing more."""
    names, token = list[str](), None
    for _ in range(3):
        answer = list_rollbacks(records, RollbackQuery(limit=2, continue_token=token))
        names += [raw["metadata"]["name"] for raw in answer["items"]]
        token = answer.get("continue")
    assert sorted(names) == ["five", "four", "one", "three", "two"]
    assert token is None


@pytest.mark.parametrize(
    ("token", "code", "expected"),
    [
        pytest.param("abc", 400, PageGone, id="no token"),
        pytest.param("abc", 410, PageGone, id="too old"),
        pytest.param("abc", 403, Unavailable, id="another refusal"),
        pytest.param(None, 400, Unavailable, id="no page was asked for"),
    ],
)
def test_page_that_is_gone_is_told_from_an_outage(
    records: Records, monkeypatch: pytest.MonkeyPatch, token: str | None, code: int, expected: type[Exception]
) -> None:
    """The one never comes back, however often it is asked for."""

    def refuse(**_: Any) -> None:
        raise Rejected("the provided continue parameter is too old", code=code)

    monkeypatch.setattr(records, "page", refuse)
    with pytest.raises(Unavailable, match="too old") as caught:
        answer_query(records, RollbackQuery(continue_token=token))
    assert caught.type is expected
