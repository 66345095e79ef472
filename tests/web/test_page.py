"""Many records: what is under way is found among them, and the page says so where not all were read."""

import re
from typing import Any

import pytest

from receiver.policy.intake import RollbackQuery
from receiver.policy.record import Phase
from receiver.web.listing import UNDER_WAY
from receiver.web.page import EVERY_SECONDS, MOST_LISTS, RECORDS_AT_ONCE, _read_all
from tests.web.conftest import Notebook, client_of
from tests.web.pages import record

TOO_MANY = MOST_LISTS * RECORDS_AT_ONCE + 1


def test_many_records_are_read_so_far_and_no_farther(notebook: Notebook) -> None:
    """Then for what is under way alone; and the page says that there are more."""
    notebook.listed = {"items": [record("Refused", "r-1")], "continue": "more"}
    text = client_of(notebook).get("/").text
    assert "there are more than this page reads" in text
    phases = [query.phase for query in notebook.queries]
    assert phases == [*[None] * MOST_LISTS, *UNDER_WAY]


class Archive(Notebook):
    """Has so many records that are over, and one more, whose name is the last, in a phase."""

    def __init__(self, over: int, phase: str | None = None) -> None:
        super().__init__()
        last = [] if phase is None else [record(phase, "zzz-1")]
        self.records = [*(record("Refused", f"r-{n:05}") for n in range(over)), *last]

    def rollbacks(self, query: RollbackQuery) -> dict[str, Any]:
        self.queries.append(query)
        start = int(query.continue_token or 0)
        end = start + query.limit
        found = [raw for raw in self.records if query.phase in {None, raw["status"]["phase"]}]
        return {"items": found[start:end], "continue": str(end) if end < len(found) else None}


@pytest.mark.parametrize("over", [4_000, TOO_MANY], ids=["as kept by default", "too many"])
@pytest.mark.parametrize("phase", UNDER_WAY)
def test_what_is_under_way_is_found_among_many_records(over: int, phase: Phase) -> None:
    """By whatever name: the API server lists by names."""
    client = client_of(Archive(over, phase))
    for query in ("", f"?phase={phase}", "?target=shop"):
        text = client.get(f"/{query}").text
        assert ("1 under way" in text, "/rollbacks/zzz-1" in text) == (True, True), query


@pytest.mark.parametrize("query", ["", "?phase=AwaitingApproval", "?target=nowhere"])
def test_page_that_has_not_read_all_records_does_not_say_that_nothing_is_under_way(query: str) -> None:
    text = client_of(Archive(TOO_MANY)).get(f"/{query}").text
    assert "Nothing under way was found, but not all records were read." in text
    assert not re.search("nothing waits for you|No record fits", text)


@pytest.mark.parametrize(
    ("over", "lists"), [(500, 1), (501, 2), (4_000, 8), (TOO_MANY, MOST_LISTS + len(UNDER_WAY))], ids=str
)
def test_reading_serves_two_seconds_for_each_of_its_lists(over: int, lists: int) -> None:
    """So that there is at most one LIST in two seconds, however many browsers there are."""
    archive = Archive(over)
    reading = _read_all(archive.rollbacks)
    assert (len(archive.queries), reading.serves_seconds) == (lists, lists * EVERY_SECONDS)


def test_what_is_read_twice_is_shown_once_and_as_it_is_now() -> None:
    """A record may go on while the pages are read."""

    class Moving(Archive):
        def rollbacks(self, query: RollbackQuery) -> dict[str, Any]:
            self.records[0] = record("Verifying" if query.phase else "Pending", "a-1")
            return super().rollbacks(query)

    reading = _read_all(Moving(TOO_MANY).rollbacks)
    assert [each.phase for each in reading.value.rows if each.name == "a-1"] == ["Verifying"]
