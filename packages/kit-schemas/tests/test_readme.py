import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "schemas.md"


@pytest.mark.parametrize("module", ["base", "bases"])
def test_examples_in_docstrings_run(module):
    outcome = doctest.testmod(importlib.import_module(f"kit_schemas.{module}"))
    assert (outcome.failed, outcome.attempted > 0) == (0, True)


def test_readme_examples_run(run_document):
    assert "LoanParams" in run_document(PACKAGE / "README.md")


@pytest.mark.skipif(not GUIDE.exists(), reason="outside of the repository")
def test_guide_examples_run(run_document):
    assert "Order" in run_document(GUIDE)
