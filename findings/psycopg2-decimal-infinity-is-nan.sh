#!/usr/bin/env bash
# psycopg2 writes Decimal("Infinity") as 'NaN'::numeric, without an error.
#
# Expected: numeric has an Infinity of its own since PostgreSQL 14 ("Numeric Types" in its manual), and psycopg2 reads it as
#           Decimal("Infinity"). A value that was read can be written back; or the driver refuses it.
# Seen:     each Decimal that is not finite becomes NaN, also -Infinity. A float's infinity is written as Infinity.
# Matters:  NaN is greater than every number to PostgreSQL, and equal to itself. An upper limit "infinite" still works when it
#           is compared with; -Infinity as a lower limit excludes all rows. Nobody sees an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psycopg2-binary==2.9.13 2> /dev/null
cat > "$folder/show.py" <<'PY'
from decimal import Decimal

import psycopg2
from psycopg2.extensions import DECIMAL, adapt

print("psycopg2", psycopg2.__version__)
for text in ("Infinity", "-Infinity"):
    read = DECIMAL(text, None)
    print(f"{text} is read as {read!r} and written as {adapt(read).getquoted().decode()}")
print("a float is written as", adapt(float("inf")).getquoted().decode())
PY
seen=$("$folder/venv/bin/python" "$folder/show.py")
echo "$seen"
grep -q "^Infinity is read as Decimal('Infinity') and written as 'NaN'::numeric" <<< "$seen" &&
  grep -q "^-Infinity is read as Decimal('-Infinity') and written as 'NaN'::numeric" <<< "$seen" &&
  grep -q "a float is written as 'Infinity'::float" <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
