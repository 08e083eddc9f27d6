"""The README's and the guide's examples run."""

import re
from pathlib import Path

import pytest
from kit_db import Database, set_default_database

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "rest.md"


@pytest.fixture
def postgres_template():
    return None


@pytest.fixture
def run(postgres_url, monkeypatch):
    database = Database.from_url(postgres_url)
    previous = set_default_database(database)
    monkeypatch.setenv("KIT_DB_CURSOR_KEY", "a key of the documents, long enough")

    def blocks(path):
        namespace = {"__name__": "document"}
        text = path.read_text(encoding="utf-8")
        for block in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
            line = text.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], path, "exec"), namespace)
        return namespace

    yield blocks
    set_default_database(previous)
    database.close()


def test_readme_examples_run(run):
    assert "Books" in run(PACKAGE / "README.md")


@pytest.mark.skipif(not GUIDE.exists(), reason="outside of the repository")
def test_guide_examples_run(run):
    assert "Books" in run(GUIDE)
