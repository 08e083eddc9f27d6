#!/usr/bin/env bash
# multipleOf 0.01: 19.99 is none for two of four validators, and 1E+26 as a Decimal is none for pydantic.
#
# Expected: JSON Schema (validation, 6.2.1): "valid only if division by this keyword's value results in an integer". 19.99 is
#           1999 cents, and 10**26 is 10**28 of them. Libraries for one standard agree on a price.
# Seen:     jsonschema and msgspec calculate with the binary floats and refuse 19.99, msgspec 19.5 as well; pydantic and
#           fastjsonschema take both. pydantic refuses Decimal("1E+26") for MultipleOf(Decimal("0.01")), and takes
#           Decimal("1E+25").
# Matters:  `multipleOf: 0.01` is the usual way to say "at most two decimals". The same document passes in one service and
#           fails in the next, for one price and not for another.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pydantic==2.14.4 annotated-types==0.8.0 msgspec==0.23.0 jsonschema==4.26.0 fastjsonschema==2.22.2 2> /dev/null
cat > "$folder/show.py" <<'PY'
from decimal import Decimal
from importlib.metadata import version
from typing import Annotated

import fastjsonschema
import jsonschema
import msgspec
from annotated_types import MultipleOf
from pydantic import TypeAdapter

SCHEMA = {"type": "number", "multipleOf": 0.01}
CHECKS = {
    "jsonschema": lambda value: jsonschema.Draft202012Validator(SCHEMA).validate(value),
    "msgspec": lambda value: msgspec.convert(value, Annotated[float, msgspec.Meta(multiple_of=0.01)]),
    "fastjsonschema": lambda value: fastjsonschema.validate(SCHEMA, value),
    "pydantic": lambda value: TypeAdapter(Annotated[float, MultipleOf(0.01)]).validate_python(value),
}
OF_DECIMAL = TypeAdapter(Annotated[Decimal, MultipleOf(Decimal("0.01"))])


def said(check, value):
    try:
        check(value)
    except ValueError as error:
        return f"refused ({type(error).__name__})"
    except jsonschema.ValidationError:
        return "refused"
    return "taken"


for name, check in CHECKS.items():
    print(f"{name} {version(name)}:", ", ".join(f"{value} {said(check, value)}" for value in (19.5, 19.99)))
for text in ("19.99", "1E+25", "1E+26"):
    print(f"pydantic, Decimal({text!r}):", said(OF_DECIMAL.validate_python, Decimal(text)))
PY
seen=$("$folder/venv/bin/python" "$folder/show.py")
echo "$seen"
grep -q 'jsonschema .*19.5 taken, 19.99 refused' <<< "$seen" &&
  grep -q 'msgspec .*19.5 refused (ValidationError), 19.99 refused' <<< "$seen" &&
  grep -q 'pydantic 2.14.4: 19.5 taken, 19.99 taken' <<< "$seen" &&
  grep -q "Decimal('1E+25'): taken" <<< "$seen" &&
  grep -q "Decimal('1E+26'): refused" <<< "$seen" || { echo "the behaviour has changed"; exit 1; }
