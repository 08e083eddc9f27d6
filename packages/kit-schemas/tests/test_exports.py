import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import kit_schemas


def test_all_is_what_is_there():
    assert all(hasattr(kit_schemas, name) for name in kit_schemas.__all__)
    public = {
        name
        for name, value in vars(kit_schemas).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name != "TYPE_CHECKING"
    }
    assert sorted(public) == sorted(kit_schemas.__all__)


def test_every_exported_name_is_met_in_a_test():
    here = Path(__file__)
    text = "\n".join(path.read_text() for path in here.parent.glob("test_*.py") if path != here)
    assert [name for name in kit_schemas.__all__ if not re.search(rf"\b{name}\b", text)] == []


def test_the_import_needs_marshmallow_alone():
    code = (
        "import marshmallow, sys; before = set(sys.modules); import kit_schemas;"
        "print(sorted({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown.strip() == "['kit_schemas']"


def test_what_a_class_needs_when_it_is_first_used_is_imported_then():
    code = "import sys, kit_schemas; print(*sorted(name for name in sys.modules if name.startswith('kit_schemas.')))"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert shown.split() == [
        "kit_schemas.base",
        "kit_schemas.compiler",
        "kit_schemas.compiler.doubts",
        "kit_schemas.compiler.switch",
        "kit_schemas.declaration",
        "kit_schemas.errors",
        "kit_schemas.mistakes",
        "kit_schemas.validate",
    ]


def test_validation_error_is_marshmallows_own():
    import marshmallow

    assert kit_schemas.ValidationError is marshmallow.ValidationError
