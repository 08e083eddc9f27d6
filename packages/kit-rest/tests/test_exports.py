"""What the package offers, and what importing it costs."""

import subprocess
import sys

import kit_rest
import pytest


def test_all_is_what_is_there():
    for name in kit_rest.__all__:
        assert getattr(kit_rest, name) is not None
    assert list(kit_rest.__all__) == sorted(kit_rest.__all__)
    assert set(kit_rest.__all__) <= set(dir(kit_rest))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Apis"):
        _ = kit_rest.Apis


@pytest.mark.parametrize(
    ("statement", "unloaded"),
    [
        ("import kit_rest", ("kit_db", "kit_handler", "marshmallow", "psycopg2", "typing")),
        (
            "from kit_rest import Api",
            ("psycopg2", "marshmallow", "asyncio", "boto3", "kit_aws", "csv", "hashlib", "kit_rest.batches"),
        ),
    ],
)
def test_nothing_heavy_is_loaded(statement, unloaded):
    script = f"import sys\nsys.path[:] = {sys.path!r}\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint(unloaded)
