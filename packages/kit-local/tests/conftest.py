"""What the tests of templates share."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit_local.stack import Stack
from kit_local.template import Template, load


@pytest.fixture(scope="session")
def translations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for translated templates that nothing else uses."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def load_template(tmp_path: Path, translations: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Template]:
    """Write a template, given as text, beside a folder `src`, and load it."""

    def write(text: str, **options: Any) -> Template:
        folder = tmp_path / "shop"
        (folder / "src").mkdir(parents=True, exist_ok=True)
        (folder / "template.yaml").write_text(textwrap.dedent(text).lstrip())
        with monkeypatch.context() as patch:
            patch.setenv("KIT_LOCAL_HOME", str(translations))
            return load(folder, **options)

    return write


@pytest.fixture
def provision_template(load_template: Callable[..., Template], aws: Any) -> Callable[..., Stack]:
    """Write and load a template, and provision it into `aws`; APIs get port 3000 and up."""
    from kit_local.provision import provision

    def run(text: str, *, postgres: Any = None, redis: Any = None, **options: Any) -> Stack:
        template = load_template(text, **options)
        origins = {api.logical_id: f"http://127.0.0.1:{3000 + at}" for at, api in enumerate(template.apis)}
        return provision(template, cloud=aws, origins=origins, postgres=postgres, redis=redis)

    return run
