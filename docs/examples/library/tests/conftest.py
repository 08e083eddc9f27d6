"""The library as `kit-local run` runs it, once for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from backend_process import Backend

FOLDER = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The running backend; `http` is its URL."""
    backend = Backend.start(FOLDER, tmp_path_factory.mktemp("library"), "--ephemeral")
    yield backend
    backend.stop()
