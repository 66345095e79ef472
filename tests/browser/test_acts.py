"""What a click does to the cluster: exactly that, once; and what a hostile alert does: nothing."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browsing import Visit, visit
from tests.browser.gallery import TOKEN
from tests.cluster import scenes
from tests.cluster.receivers import Receiver
from tests.cluster.scenes import GOOD, Deploy, Start, bad_release, rules
from tests.cluster.stories import Story, metric
from tests.testbed.processes import wait_until

Window = Callable[..., Visit]
ASKING = {"mode": "approve"}
UNDER_WAY = re.compile("Pending|RollingBack|Verifying")
REJECT = 'form[action$="/reject"]'
HOSTILE = (
    "<script>window.hit=1</script>",
    '"><img src=x onerror=window.hit=1>',
    "'><svg/onload=window.hit=1>",
    "javascript:window.hit=1",
    'http://evil.example/"onmouseover=window.hit=1 x="',
    "http://evil.example/<script src=//evil.example></script>",
)


@pytest.fixture
def asking(receiver: Start, tmp_path: Path) -> Receiver:
    """A receiver that asks before it acts."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    return receiver(rules(ASKING), extra=[f"--review-token-file={token}"])


@pytest.fixture
def window(browser: Browser, asking: Receiver) -> Iterator[Window]:
    """Open a window at that receiver."""
    with ExitStack() as stack:

        def enter(**options: Any) -> Visit:
            return stack.enter_context(visit(browser, asking.url, **options))

        yield enter


@pytest.fixture
def asked(story: Story, deploy: Deploy, release: Deploy, asking: Receiver) -> str:
    """The record of a bad release that awaits approval."""
    bad_release(deploy, release)
    (name,) = story.tell(asking)
    story.wait_for(name, "AwaitingApproval")
    return name


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_an_approval_on_the_page_is_one_patch(
    story: Story, asked: str, window: Window, scripts: bool
) -> None:
    person = window(java_script_enabled=scripts)
    person.sign_in(TOKEN, "Kim", then=f"/rollbacks/{asked}")
    person.page.get_by_role("button", name="Approve: roll back to 1").click()
    expect(person.page.locator(".outcome .phase")).to_have_text(UNDER_WAY)
    record = story.wait_for(asked, "Verifying")
    assert (record["status"]["approvedBy"], story.image()) == ("Kim", GOOD)
    assert len(story.sent_patches()) == 1
    assert person.seen.hosts == {person.url.removeprefix("http://")}


def test_a_rejection_on_the_page_changes_nothing(story: Story, asked: str, window: Window) -> None:
    person = window()
    person.sign_in(TOKEN, "Kim", then=f"/rollbacks/{asked}")
    person.page.get_by_label("Or reject it. Why?").fill("a fix is on its way")
    person.page.get_by_role("button", name="Reject").click()
    expect(person.page.locator(".outcome .phase")).to_have_text("Rejected")
    status = story.record(asked)["status"]
    assert (status["rejectedBy"], status["rejectionNote"]) == ("Kim", "a fix is on its way")
    assert story.sent_patches() == []


def test_of_two_at_once_one_wins_and_the_other_is_told_who(story: Story, asked: str, window: Window) -> None:
    first, second = window(), window()
    for person, name in ((first, "Kim"), (second, "Alex")):
        person.sign_in(TOKEN, name, then=f"/rollbacks/{asked}")
    # The page will see that there is nothing left to reject; the form is kept where it does not look.
    second.page.evaluate(f"document.body.append(document.querySelector('{REJECT}').cloneNode(true))")
    first.page.get_by_role("button", name="Approve").click()
    expect(first.page.locator(".outcome .phase")).to_have_text(UNDER_WAY)
    with second.page.expect_response(lambda response: response.request.method == "POST") as answered:
        second.page.evaluate(f"document.querySelector('body > {REJECT}').submit()")
    assert answered.value.status == 409
    expect(second.page.get_by_role("alert")).to_contain_text("approved by Kim")
    story.wait_for(asked, "Verifying")
    assert len(story.sent_patches()) == 1


def test_the_kill_switch_on_the_page_stops_everything(story: Story, asked: str, window: Window) -> None:
    person = window()
    person.sign_in(TOKEN, "Kim")
    person.page.get_by_label("Stop all rollbacks, in all replicas. Why?").fill("an incident")
    person.page.get_by_role("button", name="Stop everything").click()
    expect(person.page.get_by_text("Nothing is rolled back.")).to_be_visible()
    assert "an incident" in story.ledger()["data"]["paused"]
    person.page.get_by_role("button", name="Let rollbacks happen again").click()
    expect(person.page.get_by_text("Nothing is rolled back.")).to_be_hidden()
    assert "paused" not in story.ledger()["data"]


def test_a_foreign_site_cannot_act_for_somebody_who_is_signed_in(
    story: Story, asked: str, asking: Receiver, window: Window
) -> None:
    """A page of another origin sends the very form: the browser leaves the cookie at home, and we refuse."""
    person = window()
    person.sign_in(TOKEN, "Kim", then=f"/rollbacks/{asked}")
    form = person.page.locator('form[action$="/approve"] input[name="form"]').get_attribute("value")
    person.page.context.route(
        "http://evil.example/*",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<form method="post" action="{asking.url}/rollbacks/{asked}/approve">'
            f'<input name="form" value="{form}"></form><script>document.forms[0].submit()</script>',
        ),
    )
    with person.page.expect_response(lambda response: response.request.method == "POST") as answered:
        person.page.goto("http://evil.example/")
    assert answered.value.status == 403
    assert metric(asking, 'forms_refused_total{reason="cross_site"}') == 1
    assert story.record(asked)["status"]["phase"] == "AwaitingApproval"


def test_what_an_alert_says_is_never_run(
    story: Story, deploy: Deploy, release: Deploy, asking: Receiver, window: Window
) -> None:
    """Payloads in every label and annotation, and in every address."""
    bad_release(deploy, release)
    labels = {f"label_{n}": text for n, text in enumerate(HOSTILE)}
    alert = story.firing(**labels)
    alert["annotations"] = {**labels, "runbook_url": HOSTILE[3], "dashboard_url": HOSTILE[4]}
    alert["generatorURL"] = HOSTILE[3]
    (name,) = story.tell(asking, alert)
    story.wait_for(name, "AwaitingApproval")
    person = window()
    person.sign_in(TOKEN, then=f"/rollbacks/{name}")
    for summary in person.page.locator("summary").all():
        summary.click()
    expect(person.page.get_by_text(HOSTILE[0], exact=True).first).to_be_visible()
    for link in person.page.locator("main a").all():
        assert re.match("https?://|/", link.get_attribute("href") or "")
        link.hover()
    person.open("/")
    assert person.page.evaluate("window.hit") is None
    assert (person.seen.dialogs, person.seen.faults) == ([], [])
    assert person.seen.hosts == {person.url.removeprefix("http://")}


def test_many_browsers_cost_one_list_in_two_seconds(story: Story, asking: Receiver, window: Window) -> None:
    """By the API server's own audit log."""
    for _ in range(4):
        window().sign_in(TOKEN)
    page = window()
    page.sign_in(TOKEN)
    began = time.monotonic()
    before = lists(story)
    page.page.wait_for_timeout(9_000)
    new = wait_until("a LIST", lambda: lists(story) - before, seconds=30)
    lasted = time.monotonic() - began
    assert 1 <= new <= lasted / 2 + 2


def lists(story: Story) -> int:
    """Return how often the receiver has listed all records for the page."""
    scenes.flush_audit(story.plane)
    found = story.plane.audit.requests(verb="list", resource="rollbacks", namespace=story.home)
    return sum("limit=500" in entry.uri and "fieldSelector" not in entry.uri for entry in found)
