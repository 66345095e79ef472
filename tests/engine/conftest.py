"""An API server in memory for the engine."""

import pytest

from tests.kubernetes.fake import FakeApi


@pytest.fixture
def fake() -> FakeApi:
    return FakeApi()
