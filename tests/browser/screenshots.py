"""`python -m tests.browser.screenshots`: the pictures in docs/img, of the page and of a terminal.

A receiver has made the records from alerts, on the embedded cluster; only those of `gallery.POSED` are posed.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.browsing import Visit, chromium, visit
from tests.browser.gallery import TOKEN, Shop, opened, pose
from tests.browser.terminal import take_terminal
from tests.cluster.conftest import install_crd
from tests.cluster.receivers import ROOT
from tests.cluster.stories import Story
from tests.testbed.sandbox import SandboxPlane

PICTURES = ROOT / "docs" / "img"
DESK, SMALL = {"width": 1000, "height": 760}, {"width": 720, "height": 560}
PHONE = {"width": 360, "height": 740}


def main() -> None:
    """Take them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, SandboxPlane() as plane:
        install_crd(plane)
        for name in ("shop", "rollback-receiver"):
            plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        story = Story(plane, "shop", "rollback-receiver")
        with opened(plane, story, Path(folder), posing=False) as shop, chromium() as browser:
            take_all(browser, shop)
            take_commands(browser, shop, plane.kubeconfig_for("receiver-1"))
            take_phases(browser, shop)


def take_all(browser: Browser, shop: Shop) -> None:
    """Take the list, a record that awaits approval, one that succeeded, and that on a phone at night."""
    url = shop.receiver.url
    asking, done = (f"/rollbacks/{shop.records[phase]}" for phase in ("AwaitingApproval", "Succeeded"))
    with visit(browser, url, viewport=DESK) as window:
        window.sign_in(TOKEN)
        for name, path in {"list": "/", "awaiting-approval": asking, "succeeded": done}.items():
            take(window, name, path)
    with visit(browser, url, viewport=PHONE, color_scheme="dark") as window:
        window.sign_in(TOKEN)
        take(window, "phone-dark", done)


def take_phases(browser: Browser, shop: Shop) -> None:
    """Take a record of every phase; some pass too quickly, and are posed."""
    records = {**shop.records, **pose(shop.story, shop.records["Succeeded"])}
    with visit(browser, shop.receiver.url, viewport=SMALL) as window:
        window.sign_in(TOKEN)
        for phase, name in records.items():
            take(window, f"phases/{phase}", f"/rollbacks/{name}")


def take_commands(browser: Browser, shop: Shop, kubeconfig: Path) -> None:
    """Take what the on-call sees in a terminal: the records, and why one of them was refused."""
    settings = {
        "ROLLBACK_RECEIVER_KUBECONFIG": str(kubeconfig),
        "ROLLBACK_RECEIVER_NAMESPACE": shop.story.home,
    }
    commands = (("list",), ("show", shop.records["Refused"]))
    take_terminal(browser, PICTURES / "terminal.png", commands, settings)


def take(window: Visit, name: str, path: str) -> None:
    """Take one picture of what fits the window."""
    window.open(path)
    window.page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
