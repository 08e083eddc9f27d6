"""The Python of the top README and of the guide to kit-core does what it says."""

import re

from backend_process import ROOT


def test_the_single_package_example_passes_its_own_tests() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(block, namespace)
    tests = [value for name, value in namespace.items() if name.startswith("test_") and callable(value)]
    assert len(tests) == 2
    for test in tests:
        test()


def test_the_guide_to_the_shared_contracts_is_true() -> None:
    text = (ROOT / "docs" / "guides" / "core.md").read_text()
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert len(blocks) == 6
    namespace: dict[str, object] = {"__name__": "document"}
    for block in blocks:
        # Blank lines in front, so that a traceback shows the document's own line numbers.
        exec(compile("\n" * text.count("\n", 0, block.start(1)) + block[1], "core.md", "exec"), namespace)
