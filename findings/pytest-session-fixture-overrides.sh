#!/usr/bin/env bash
# pytest: a session fixture of a plugin that depends on a fixture which two folders override.
#
# Expected: each folder's tests see a value made from the override of their own conftest.py.
# Seen:     the session fixture is made once, from the override of the folder that runs first; the tests of the second
#           folder get the first folder's value, and pytest reports nothing. A function-scoped fixture that asks for
#           the same override gets the right one.
# Matters:  a database server or a template database per test run is such a fixture. Each folder passes alone, and the
#           run of both fails or, worse, tests against the wrong schema. Ask for the override in the function-scoped
#           fixture, and keep what is made per value.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pytest==9.2.0
mkdir -p "$folder/tests/first" "$folder/tests/second"
cat > "$folder/shop_plugin.py" <<'PY'
import pytest

@pytest.fixture(scope="session")
def template():
    return "none"

@pytest.fixture(scope="session")
def database(template):
    return f"database of {template}"

@pytest.fixture
def asked_each_time(template):
    return template
PY
for name in first second; do
  cat > "$folder/tests/$name/conftest.py" <<PY
import pytest

@pytest.fixture(scope="session")
def template():
    return "$name"
PY
  cat > "$folder/tests/$name/test_$name.py" <<PY
def test_it(database, asked_each_time):
    print("SEEN $name:", database, "|", asked_each_time)
PY
done
cd "$folder"
"$folder/venv/bin/pytest" --version
seen=$(PYTHONPATH="$folder" "$folder/venv/bin/python" -m pytest -q -s -p shop_plugin tests | grep -o 'SEEN.*')
echo "$seen"
[ "$seen" = "SEEN first: database of first | first
SEEN second: database of first | second" ] || { echo "the behaviour has changed"; exit 1; }
