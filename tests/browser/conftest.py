"""What a browser test is given: one receiver on the real control plane with a record in every phase.

The fixtures of tests/cluster serve here too. The browser and the tools are fetched and built before the first
test starts, so that no test's time is spent on that.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.browsing import Visit, chromium, visit
from tests.browser.chromium import BrowserError, find_or_fetch
from tests.browser.gallery import Shop, opened
from tests.cluster.conftest import (
    crd,
    deploy,
    home,
    install_crd,
    namespace,
    receiver,
    release,
    story,
    with_crd,
)
from tests.cluster.stories import Story
from tests.testbed import workloads
from tests.testbed.build import MODULES, build
from tests.testbed.controlplane import ControlPlane
from tests.testbed.plane import Plane
from tests.testbed.progress import BuildError

__all__ = ["crd", "deploy", "home", "namespace", "receiver", "release", "story", "with_crd"]
HERE = Path(__file__).parent
Open = Callable[..., Visit]


def is_here(item: pytest.Item) -> bool:
    """Tell whether a test lies in this folder."""
    return HERE in item.path.parents


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, before markers select."""
    for item in filter(is_here, items):
        item.add_marker(pytest.mark.cluster)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Fetch and build if a test here is going to run; where that fails, the fixtures say so."""
    if session.config.option.collectonly or not any(map(is_here, session.items)):
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled(), suppress(BuildError, BrowserError):
        find_or_fetch()
        build(*MODULES)


@pytest.fixture
def plane(real_plane: ControlPlane) -> Plane:
    """The cluster that all tests here run on."""
    return real_plane


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def shop(real_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A receiver and its records, one in each phase; tests only look at them.

    Tests of other files stop this control plane, and take the records' definition away.
    """
    install_crd(real_plane)
    names = [workloads.create_namespace(real_plane, name) for name in ("shop", "home")]
    with opened(real_plane, Story(real_plane, *names), tmp_path_factory.mktemp("shop")) as made:
        yield made
    for name in names:
        workloads.delete_namespace(real_plane, name)


@pytest.fixture
def look(browser: Browser, shop: Shop) -> Iterator[Open]:
    """Open a window at the receiver of the shop; all that a page asked for must have come from there."""
    with ExitStack() as stack:
        windows: list[Visit] = []

        def window(**options: Any) -> Visit:
            windows.append(stack.enter_context(visit(browser, shop.receiver.url, **options)))
            return windows[-1]

        yield window
        host = shop.receiver.url.removeprefix("http://")
        assert [each.seen for each in windows if each.seen.hosts != {host} or each.seen.dialogs] == []
