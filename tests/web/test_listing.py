"""The list: what is under way first, the rest newest first; filtered and paged; nothing missing breaks it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from receiver.policy.record import Phase
from receiver.web.listing import JUST_CLAIMED, PER_PAGE, Filters, Row, Rows, arrange, row
from tests.web.pages import record

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def shown(
    name: str, phase: str = "Refused", age: int = 0, rule: str = "errors", where: str = "shop/web"
) -> Row:
    base = row(record(phase, name))
    return replace(base, at=NOON - timedelta(minutes=age), rule=rule, where=where)


def test_a_row_holds_what_the_list_shows() -> None:
    found = row(record("Succeeded"))
    assert (found.kind, found.where, found.rule) == ("Deployment", "shop/checkout", "http-errors")
    assert (found.phase, found.tone, found.came_from, found.goes_to) == ("Succeeded", "good", "7", "6")
    assert found.message == "In its own words"


@pytest.mark.parametrize(
    "raw",
    [
        {"metadata": {"name": "r"}},
        {"metadata": {"name": "r"}, "spec": None, "status": None},
        {"metadata": {"name": "r", "creationTimestamp": "?"}, "spec": {"target": {}}, "status": {}},
    ],
)
def test_a_record_may_lack_everything_but_its_name(raw: dict[str, object]) -> None:
    found = row(raw)
    assert (found.name, found.phase, found.where, found.is_now) == ("r", JUST_CLAIMED, "", True)


def test_what_is_under_way_stands_apart_and_the_newest_first() -> None:
    rows = Rows((shown("old", age=9), shown("asked", "AwaitingApproval", 5), shown("new", age=1)))
    listing = arrange(rows, Filters())
    assert [each.name for each in listing.now] == ["asked"]
    assert [each.name for each in listing.rest] == ["new", "old"]


@pytest.mark.parametrize(
    ("phase", "now", "tone"),
    [
        (Phase.AWAITING_APPROVAL, True, "asking"),
        (Phase.PENDING, True, "running"),
        (Phase.ROLLING_BACK, True, "running"),
        (Phase.VERIFYING, True, "running"),
        (Phase.SUCCEEDED, False, "good"),
        (Phase.NOT_CURED, False, "bad"),
        (Phase.FAILED, False, "bad"),
        *[
            (phase, False, "quiet")
            for phase in (Phase.REFUSED, Phase.DRY_RUN, Phase.SUPERSEDED, Phase.REJECTED, Phase.EXPIRED)
        ],
    ],
)
def test_every_phase_has_its_place(phase: Phase, now: bool, tone: str) -> None:
    found = shown("r", phase.value)
    assert (found.is_now, found.tone) == (now, tone)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["a", "b", "c"]),
        ({"phase": "Refused"}, ["a", "b"]),
        ({"phase": "nonsense"}, ["a", "b", "c"]),
        ({"rule": "slo"}, ["b"]),
        ({"target": "shop/CART"}, ["b"]),
        ({"target": "deployment/shop"}, ["a", "b"]),
        ({"target": "nowhere"}, []),
        ({"phase": "Refused", "rule": "slo"}, ["b"]),
    ],
    ids=str,
)
def test_filters(query: dict[str, str], names: list[str]) -> None:
    rows = Rows(
        (
            shown("a"),
            shown("b", rule="slo", where="shop/cart"),
            shown("c", "Succeeded", where="pay/web"),
        )
    )
    listing = arrange(rows, Filters.read(query))
    assert {each.name for each in (*listing.now, *listing.rest)} == set(names)
    assert len(listing.now) + len(listing.rest) == len(names)


def test_the_list_is_bounded_and_paged() -> None:
    rows = Rows(tuple(shown(f"r{n:03}", age=n) for n in range(2 * PER_PAGE + 1)))
    pages = [arrange(rows, Filters(page=page)) for page in (1, 2, 3, 99)]
    assert [len(each.rest) for each in pages] == [PER_PAGE, PER_PAGE, 1, 1]
    assert (pages[0].pages, pages[3].filters.page, pages[1].rest[0].name) == (3, 3, f"r{PER_PAGE:03}")


def test_all_that_is_under_way_is_counted_where_only_the_newest_is_shown() -> None:
    rows = Rows(tuple(shown(f"r{n:03}", "Pending", n) for n in range(2 * PER_PAGE + 1)))
    listing = arrange(rows, Filters())
    assert (listing.under_way, len(listing.now)) == (2 * PER_PAGE + 1, 2 * PER_PAGE)
    assert listing.now[-1].name == f"r{2 * PER_PAGE - 1:03}"


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "1e9", "999999999999", "٣"])
def test_a_page_that_is_no_number_is_the_first(page: str) -> None:
    assert Filters.read({"page": page}).page == 1


def test_the_next_page_keeps_the_filters() -> None:
    filters = Filters.read({"phase": "Refused", "target": "a&b=c", "rule": "slo", "page": "2"})
    assert filters.query(3) == "phase=Refused&target=a%26b%3Dc&rule=slo&page=3"
    assert filters.query(1) == "phase=Refused&target=a%26b%3Dc&rule=slo"


def test_rules_to_choose_from_are_those_in_force_and_those_on_record() -> None:
    assert arrange(Rows((shown("a", rule="gone"),)), Filters(), ("slo",)).rules == ("gone", "slo")


def test_rule_that_nothing_has_any_more_stays_chosen() -> None:
    """An old link finds nothing: that all rules were chosen would be a lie."""
    assert arrange(Rows((shown("a", rule="slo"),)), Filters(rule="gone")).rules == ("gone", "slo")
