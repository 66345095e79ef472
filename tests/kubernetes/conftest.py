"""A stub that answers over real HTTP, the connection to it, and an API server in memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from receiver.cluster.api import Api
from tests.kubernetes.fake import FakeApi
from tests.kubernetes.stub import Stub, access_to, serving


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        yield running


@pytest.fixture
def api(stub: Stub, tmp_path: Path) -> Iterator[Api]:
    with access_to(stub.url, tmp_path) as access:
        yield Api(access)


@pytest.fixture
def fake() -> FakeApi:
    return FakeApi()
