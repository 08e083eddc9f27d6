#!/usr/bin/env bash
# hatchling 1.33.0 and twine 6.1.0: a plain package that cannot be uploaded any more.
#
# Expected: a project that uses no field of core metadata 2.5 builds a wheel that the tools of the year before take, as a
#           writer that marks a document with the oldest version that holds it would do.
# Seen:     hatchling 1.33.0 writes `Metadata-Version: 2.5` into every wheel; twine 6.1.0, with the newest `packaging`, calls
#           it "not a valid metadata version" before it uploads. With hatchling 1.32.4, or with the option
#           `core-metadata-version`, the same package is taken.
# Matters:  `requires = ["hatchling"]`, the usual bound, makes a release job with a pinned twine fail from one day to the
#           next, and an index or mirror that checks uploads may do the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet build==1.5.1 hatchling==1.33.0 twine==6.1.0 packaging==26.4 2> /dev/null
mkdir -p "$folder/plain/plain"
touch "$folder/plain/plain/__init__.py"
cat > "$folder/plain/pyproject.toml" <<'TOML'
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "plain"
version = "1.0"
TOML
wheel() {
  rm -rf "$folder/dist"
  "$folder/venv/bin/python" -m build --wheel --no-isolation --outdir "$folder/dist" "$folder/plain" > "$folder/log" 2>&1
  "$folder/venv/bin/python" -c 'import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
print(wheel.read("plain-1.0.dist-info/METADATA").decode().splitlines()[0])' "$folder"/dist/*.whl
  NO_COLOR=1 TERM=dumb COLUMNS=200 "$folder/venv/bin/twine" check "$folder"/dist/*.whl 2>&1 | sed 's/.*whl: //' || true
}
"$folder/venv/bin/pip" list 2> /dev/null | grep -E '^(hatchling|twine|packaging) '
seen=$(wheel)
printf '\n[tool.hatch.build.targets.wheel]\ncore-metadata-version = "2.4"\n' >> "$folder/plain/pyproject.toml"
asked=$(wheel)
printf 'by default:\n%s\nwith core-metadata-version = "2.4":\n%s\n' "$seen" "$asked"
grep -q 'Metadata-Version: 2.5' <<< "$seen" && grep -q "'2.5' is not a" <<< "$seen" &&
  grep -q 'PASSED' <<< "$asked" || { echo "the behaviour has changed"; exit 1; }
