"""Every page in a real browser: in light and dark, on a phone, by keyboard, without JavaScript."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from receiver.policy.record import Phase
from tests.browser.browsing import Visit
from tests.browser.gallery import TOKEN, Shop

Open = Callable[..., Visit]
PHASES = [phase.value for phase in Phase]
PHONE = {"width": 360, "height": 740}
STANDARDS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
}


def pages(shop: Shop) -> list[str]:
    return [
        "/",
        "/?phase=Refused",
        "/rollbacks/none",
        *(f"/rollbacks/{name}" for name in shop.records.values()),
    ]


def violations(page: Page) -> str:
    found = Axe().run(page, options=STANDARDS)
    return found.generate_report() if found.violations_count else ""


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_has_its_page(look: Open, shop: Shop, phase: str) -> None:
    window = look()
    window.sign_in(TOKEN, then=f"/rollbacks/{shop.records[phase]}")
    expect(window.page.locator(".outcome .phase")).to_have_text(phase)
    expect(window.page.get_by_role("heading", level=1)).to_contain_text("/")
    assert window.seen.faults == []


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1100, "height": 900}, PHONE], ids=["desk", "phone"])
def test_no_page_violates_an_accessibility_rule(
    look: Open, shop: Shop, scheme: str, viewport: dict[str, int]
) -> None:
    """Contrast, names, roles, landmarks: axe-core's rules of WCAG 2.1 AA and its best practices."""
    window = look(color_scheme=scheme, viewport=viewport)
    window.open("/login")
    assert violations(window.page) == ""
    window.sign_in(TOKEN)
    for path in pages(shop):
        window.open(path)
        assert violations(window.page) == "", path
        assert not is_too_wide(window.page), path


def test_the_list_has_what_is_under_way_on_top(look: Open, shop: Shop) -> None:
    window = look()
    window.sign_in(TOKEN)
    first, second = window.page.get_by_role("table").all()
    now = {"AwaitingApproval", "Pending", "RollingBack", "Verifying"}
    assert set(first.locator(".phase").all_inner_texts()) == now
    assert set(second.locator(".phase").all_inner_texts()) == set(PHASES) - now


def test_the_list_is_kept_up_to_date(look: Open, shop: Shop) -> None:
    """And what somebody types meanwhile stays, with the focus and what they have opened."""
    window = look()
    window.sign_in(TOKEN, then=f"/rollbacks/{shop.records['AwaitingApproval']}")
    note, footer = window.page.get_by_label("Or reject it. Why?"), window.page.locator("footer")
    window.page.get_by_text("Labels (").click()
    note.fill("half a sent")
    before = footer.inner_text()
    for _ in range(2):
        expect(footer).not_to_have_text(before)
        before = footer.inner_text()
    expect(note).to_have_value("half a sent")
    expect(note).to_be_focused()
    expect(window.page.get_by_text("HighLatency", exact=True).last).to_be_visible()
    assert window.seen.faults == []


def test_a_page_that_cannot_be_kept_up_to_date_says_so(look: Open) -> None:
    window = look()
    window.sign_in(TOKEN)
    window.context.clear_cookies()
    expect(window.page.get_by_role("alert")).to_contain_text("Not updated since")
    expect(window.page.get_by_role("heading", name="Before")).to_be_visible()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(look: Open, shop: Shop) -> None:
    window = look()
    window.sign_in(TOKEN, then=f"/rollbacks/{shop.records['AwaitingApproval']}")
    window.open(f"/rollbacks/{shop.records['AwaitingApproval']}")
    window.page.keyboard.press("Tab")
    skip = window.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    window.page.keyboard.press("Enter")
    for _ in range(30):
        window.page.keyboard.press("Tab")
        style = "e => [getComputedStyle(e).outlineStyle, e.textContent.trim()]"
        outline, text = window.page.locator(":focus").evaluate(style)
        assert outline == "solid", text
        if text.startswith("Approve"):
            return
    pytest.fail("the keyboard did not reach the button")


def test_without_javascript_everything_can_be_read_and_filtered(look: Open, shop: Shop) -> None:
    window = look(java_script_enabled=False)
    window.sign_in(TOKEN)
    window.page.get_by_label("Phase").select_option("Succeeded")
    window.page.get_by_role("button", name="Show").click()
    assert window.page.locator(".phase").all_inner_texts() == ["Succeeded"]
    window.page.get_by_role("link", name=re.compile("checkout$")).click()
    expect(window.page.locator(".headline")).to_contain_text(
        re.compile(r"Rolled \S+ back from 2 to 1 at .* the alert cleared")
    )
    expect(window.page.get_by_role("table")).to_contain_text("preflight")
