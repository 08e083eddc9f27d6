#!/usr/bin/env bash
# pytest.raises(ExceptionGroup, match=…): the text that the pattern is searched in.
#
# Expected: str(error), as pytest's reference says of match=: "tested against the string representation of the exception".
#           That of a group ends with the number of its exceptions: "upload failed (2 sub-exceptions)".
# Seen:     pytest 8.3 searches in str(error). pytest 9 leaves the number out, for pytest.raises alone: a pattern that ends
#           with `failed$` fails under 8.3 and passes under 9, one with the number the other way round. str(caught.value)
#           has the number under both.
# Matters:  a library whose tests run with the oldest and the newest pytest needs patterns that fit both texts, or
#           compares caught.value.message.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/test_group.py" <<'PY'
import pytest


def fail():
    raise ExceptionGroup("upload failed", [ValueError("a"), ValueError("b")])


def test_without_the_number():
    with pytest.raises(ExceptionGroup, match=r"failed$"):
        fail()


def test_with_the_number():
    with pytest.raises(ExceptionGroup, match=r"\(2 sub-exceptions\)$"):
        fail()


def test_the_text_itself():
    with pytest.raises(ExceptionGroup) as caught:
        fail()
    assert str(caught.value) == "upload failed (2 sub-exceptions)"
    assert caught.value.message == "upload failed"
PY
outcome() {  # VERSION: install it, and print the outcome of each test
    python3 -m venv "$folder/$1"
    "$folder/$1/bin/pip" install --quiet "pytest==$1"
    (cd "$folder" && "$folder/$1/bin/python" -m pytest -rA -q -p no:cacheprovider test_group.py || true) |
        grep -oE '^(PASSED|FAILED) test_group.py::\w+' | sort -k2
}
old=$(outcome 8.3.5)
new=$(outcome 9.0.1)
printf 'pytest 8.3.5\n%s\npytest 9.0.1\n%s\n' "$old" "$new"
[[ $old == *"FAILED test_group.py::test_without_the_number"* && $old == *"PASSED test_group.py::test_with_the_number"* ]]
[[ $new == *"PASSED test_group.py::test_without_the_number"* && $new == *"FAILED test_group.py::test_with_the_number"* ]]
[[ $old == *"PASSED test_group.py::test_the_text_itself"* && $new == *"PASSED test_group.py::test_the_text_itself"* ]]
echo "as described"
