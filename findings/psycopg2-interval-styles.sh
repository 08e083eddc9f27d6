#!/usr/bin/env bash
# psycopg2 reads intervals right in one of PostgreSQL's four IntervalStyles; in two of the others it returns wrong values.
#
# Expected: IntervalStyle is a setting that a role or a database may have ("Interval Output" in PostgreSQL's manual). A driver
#           sets it, reads each style, or refuses the styles that it does not know, as psycopg2 does with DateStyle.
# Seen:     iso_8601 is refused. Under sql_standard, 1 day 2:03:04 is read as 12:03:04, and 1 year 2 months 3 days 4:05:06 as
#           52 days before zero. Under postgres_verbose all hours, minutes and seconds are lost, and "ago" is ignored.
# Matters:  `ALTER DATABASE … SET intervalstyle` by somebody else makes every interval wrong that a program reads, without
#           an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psycopg2-binary==2.9.13 2> /dev/null
cat > "$folder/show.py" <<'PY'
import psycopg2
from psycopg2.extensions import PYINTERVAL

# The texts of one interval in each style, as PostgreSQL 15 writes them.
TEXTS = {
    "postgres": ("1 day 02:03:04", "-1 days -02:03:04"),
    "sql_standard": ("1 2:03:04", "-1 2:03:04"),
    "postgres_verbose": ("@ 1 day 2 hours 3 mins 4 secs", "@ 1 day 2 hours 3 mins 4 secs ago"),
    "iso_8601": ("P1DT2H3M4S", "P-1DT-2H-3M-4S"),
}


def read(text):
    try:
        return PYINTERVAL(text, None).total_seconds()
    except psycopg2.NotSupportedError as error:
        return f"refused ({error})"


print("psycopg2", psycopg2.__version__, "- right are 93784.0 and -93784.0")
for style, texts in TEXTS.items():
    print(f"{style}:", *map(read, texts))
print("sql_standard, 1 year 2 months 3 days:", PYINTERVAL("+1-2 +3 +4:05:06", None))
PY
seen=$("$folder/venv/bin/python" "$folder/show.py")
echo "$seen"
grep -q '^postgres: 93784.0 -93784.0$' <<< "$seen" &&
  grep -q '^sql_standard: 43384.0 ' <<< "$seen" &&
  grep -q '^postgres_verbose: 86400.0 86400.0$' <<< "$seen" &&
  grep -q '^iso_8601: refused' <<< "$seen" &&
  grep -q '^sql_standard, 1 year 2 months 3 days: -52 days' <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
