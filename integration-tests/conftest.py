"""The example backend, started once for all tests that drive it from outside."""

from collections.abc import Iterator

import pytest
from backend_process import LOANS, Backend


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    running = Backend.start(LOANS, tmp_path_factory.mktemp("loans"), "--ephemeral")
    yield running
    assert running.stop() == 0, running.log.read_text()
