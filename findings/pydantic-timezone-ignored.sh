#!/usr/bin/env bash
# pydantic: Timezone of annotated-types is taken in an annotation, and enforces nothing.
#
# Expected: "Timezone(...) expresses that the datetime must be tz-aware", "Timezone(None)" that it must be naive (annotated-
#           types' docstring). pydantic enforces Gt, Len, Predicate and the others of that library, and has AwareDatetime and
#           NaiveDatetime for the same rule; it would enforce Timezone, or refuse it when the annotation is read.
# Seen:     TypeAdapter(Annotated[datetime, Timezone(...)]) takes a datetime without a zone, and with Timezone(None) one that
#           has a zone. Nothing raises or warns.
# Matters:  the annotation reads as a guarantee, and the first comparison with an aware datetime is a TypeError far from it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pydantic==2.14.4 annotated-types==0.8.0 2> /dev/null
cat > "$folder/show.py" <<'PY'
import warnings
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Annotated

from annotated_types import Ge, Timezone
from pydantic import AwareDatetime, TypeAdapter, ValidationError

warnings.simplefilter("error")
print("pydantic", version("pydantic"), "annotated-types", version("annotated-types"))
aware = TypeAdapter(Annotated[datetime, Timezone(...)]).validate_python("2026-01-01T12:00:00")
print("Timezone(...) and no offset:", repr(aware))
naive = TypeAdapter(Annotated[datetime, Timezone(None)]).validate_python("2026-01-01T12:00:00Z")
print("Timezone(None) and an offset:", "taken" if naive.tzinfo else "refused")
for name, kind in (("AwareDatetime", AwareDatetime), ("Ge", Annotated[int, Ge(5)])):
    try:
        TypeAdapter(kind).validate_python("2026-01-01T12:00:00" if name == "AwareDatetime" else 1)
    except ValidationError:
        print(name, "is enforced")
try:
    aware < datetime.now(timezone.utc)
except TypeError as error:
    print("later:", error)
PY
seen=$("$folder/venv/bin/python" "$folder/show.py")
echo "$seen"
grep -q 'Timezone(...) and no offset: datetime.datetime(2026, 1, 1, 12, 0)' <<< "$seen" &&
  grep -q 'Timezone(None) and an offset: taken' <<< "$seen" &&
  grep -q 'Ge is enforced' <<< "$seen" &&
  grep -q 'AwareDatetime is enforced' <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
