from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "db.md"
STORES = GUIDE.with_name("db-stores.md")


@pytest.fixture
def settings_of_a_test(database, monkeypatch):
    for name in ("user", "endpoint", "port", "name", "password"):
        monkeypatch.setenv(f"DB_{name.upper()}", str(database._settings.get(name)))


@pytest.mark.usefixtures("settings_of_a_test")
def test_readme_examples_run(run_document):
    assert "LoanStore" in run_document(PACKAGE / "README.md")


@pytest.mark.usefixtures("settings_of_a_test")
@pytest.mark.skipif(not GUIDE.exists(), reason="outside of the repository")
def test_guide_examples_run(run_document):
    assert "AccountStore" in run_document(GUIDE)


@pytest.mark.usefixtures("settings_of_a_test")
@pytest.mark.skipif(not STORES.exists(), reason="outside of the repository")
def test_the_guide_to_stores_runs(database, run_document, monkeypatch):
    database.execute("drop table documents, loans")
    # The guide sets it; gone again with the test.
    monkeypatch.setenv("KIT_DB_CURSOR_KEY", "")
    assert "LoanStore" in run_document(STORES)
