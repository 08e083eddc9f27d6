from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
GUIDE = PACKAGE.parents[1] / "docs" / "guides" / "schemas.md"


def test_readme_examples_run(run_document):
    assert "LoanParams" in run_document(PACKAGE / "README.md")


@pytest.mark.skipif(not GUIDE.exists(), reason="outside of the repository")
def test_guide_examples_run(run_document):
    assert "Order" in run_document(GUIDE)
