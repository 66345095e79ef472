"""A headless browser for a test or a picture: Chromium by way of Playwright, and what it was seen to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect, sync_playwright

from tests.browser.chromium import find_or_fetch

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions")
"""Without its own sandbox: in a container, and as root, there is none to be had."""
TIMEOUT_MILLISECONDS = 30_000
expect.set_options(timeout=TIMEOUT_MILLISECONDS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; end it again."""
    found = find_or_fetch()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.program, args=list(FLAGS), env=dict(found.environment)
        )
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a page did that a test wants to know of."""

    hosts: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def dismiss(self, dialog: Dialog) -> None:
        """Close a dialog, so that the page goes on."""
        self.dialogs.append(dialog.message)
        dialog.dismiss()


@dataclass
class Visit:
    """One browser window at a receiver."""

    url: str
    context: BrowserContext
    page: Page
    seen: Seen

    def open(self, path: str) -> None:
        """Go to a page of the receiver."""
        self.page.goto(f"{self.url}{path}")

    def sign_in(self, token: str, name: str = "Kim", *, then: str = "/") -> None:
        """Sign in as a person does."""
        self.open(f"/login?next={then}")
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_label("Review token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.url}{then}")


@contextmanager
def visit(browser: Browser, url: str, **options: Any) -> Iterator[Visit]:
    """Open a window; `options` are a browser context's: color_scheme, java_script_enabled, viewport."""
    context = browser.new_context(**{"viewport": {"width": 1100, "height": 900}, **options})
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page, seen = context.new_page(), Seen()
    page.on("request", lambda request: seen.hosts.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: seen.faults.append(str(error)))
    page.on("console", lambda said: seen.faults.append(said.text) if said.type == "error" else None)
    page.on("dialog", seen.dismiss)
    try:
        yield Visit(url, context, page, seen)
    finally:
        context.close()
