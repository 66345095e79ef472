"""Mode, budget and kill switch: in sight wherever somebody has scrolled to, not over what has the focus."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import Visit
from tests.browser.gallery import TOKEN, Shop

Open = Callable[..., Visit]
DESK, TABLET, PHONE = ({"width": width, "height": 740} for width in (1100, 800, 360))
ENLARGED = {"width": 320, "height": 256}
"""What is left of 1280 by 1024 in a window that is enlarged four times."""
BOTTOM = "document.documentElement.scrollHeight"
COVERED = """() => {
  const at = document.activeElement, [line] = at.getClientRects();
  const free = document.querySelector(".bar").getBoundingClientRect().bottom;
  const top = line.height < innerHeight / 2 ? line.top : Math.max(line.top, free);
  const hit = document.elementFromPoint(line.left + line.width / 2, top + 4);
  return at.contains(hit) ? "" : at.outerHTML.slice(0, 200);
}"""
"""What has the focus, where another lies on its upper edge; what is high need not begin in the window."""
sizes = pytest.mark.parametrize("viewport", [DESK, TABLET, PHONE], ids=["desk", "tablet", "phone"])


def long_page(look: Open, shop: Shop, viewport: dict[str, int], name: str = "Kim") -> Page:
    """Open a record's page, which is much higher than the window."""
    window = look(viewport=viewport, reduced_motion="reduce")
    window.sign_in(TOKEN, name, then=f"/rollbacks/{shop.records['Succeeded']}")
    return window.page


def scroll(page: Page) -> None:
    page.evaluate(f"scrollTo(0, {BOTTOM})")
    assert page.evaluate("scrollY") > 0


@sizes
def test_mode_budget_and_kill_switch_stay_in_sight(look: Open, shop: Shop, viewport: dict[str, int]) -> None:
    page = long_page(look, shop, viewport)
    scroll(page)
    for term in ("Mode", "Budget", "Kill switch"):
        expect(page.locator(".glance div").filter(has_text=term)).to_be_in_viewport(ratio=1)
    for short in (".glance .mode-auto", ".glance div:last-child dd"):
        assert page.locator(short).first.evaluate("e => e.scrollWidth <= e.clientWidth")
    box = page.locator(".bar").bounding_box()
    assert box is not None
    assert (box["y"], box["height"] < viewport["height"] / 6) == (0, True)


@sizes
@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_the_bar_covers_nothing_that_has_the_focus(
    look: Open, shop: Shop, viewport: dict[str, int], key: str
) -> None:
    """Backwards too, which is how one comes from below; whoever has the longest name."""
    page = long_page(look, shop, viewport, "K" * 100)
    for summary in page.locator("summary").all():
        summary.click()
    reached = set()
    for _ in range(60):
        page.keyboard.press(key)
        reached.add(page.evaluate("document.activeElement.outerHTML"))
        assert page.evaluate(COVERED) == ""
    assert len(reached) > 15


@sizes
def test_the_switch_is_one_click_away(look: Open, shop: Shop, viewport: dict[str, int]) -> None:
    page = long_page(look, shop, viewport)
    page.get_by_role("link", name="Stop…").click()
    expect(page.get_by_role("button", name="Stop everything")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("heading", name="Kill switch")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Stop all rollbacks, in all replicas. Why?")).to_be_focused()


def test_a_page_that_is_not_up_to_date_covers_no_mode(look: Open, shop: Shop) -> None:
    page = long_page(look, shop, PHONE)
    page.context.clear_cookies()
    warning = page.get_by_role("alert")
    expect(warning).to_contain_text("Not updated since")
    for place in ("0", f"{BOTTOM} / 2", BOTTOM):
        page.evaluate(f"scrollTo(0, {place})")
        expect(warning).to_be_in_viewport(ratio=1)
        expect(page.locator(".glance")).to_be_in_viewport(ratio=1)
    above, below = page.locator(".bar").bounding_box(), warning.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] < below["y"]


def test_an_enlarged_page_leaves_room_to_read(look: Open, shop: Shop) -> None:
    page = long_page(look, shop, ENLARGED)
    scroll(page)
    expect(page.locator(".bar")).not_to_be_in_viewport()
