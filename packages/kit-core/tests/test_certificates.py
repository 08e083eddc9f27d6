"""One TLS context for each file of certificates."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kit_core.certificates import tls_context


def test_the_process_has_one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: tls_context(), range(16)))
    assert len(made) == 1
    assert tls_context() in made


def test_the_file_of_the_environment_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(FileNotFoundError):
        tls_context(str(tmp_path / "other.pem"))
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(FileNotFoundError):
        tls_context(str(tmp_path / "other.pem"))
