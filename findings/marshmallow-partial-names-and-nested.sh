#!/usr/bin/env bash
# marshmallow: `partial=` with names, and a nested Schema that is partial by itself.
#
# Expected: `load(data, partial=("name",))` permits more than `load(data)`: `name` may be missing, too. A nested
#           `fields.Nested(AddressSchema(partial=("zip",)))` may lack its `zip` in both, since no name reaches into it.
# Seen:     `load(data)` and `load(data, partial=True)` take an address without `zip`. With names, even with a name that
#           has nothing to do with the nested field, or with no name at all (`partial=()`), `zip` is required: the list
#           of the names that reach the nested field is empty, is not None, and so replaces the nested Schema's own.
# Matters:  a PATCH that allows one field more refuses data that was valid before. Where a nested part may be
#           incomplete, repeat its names with dots in each call that gives names: `partial=("name", "home.zip")`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet marshmallow==4.4.0
cat > "$folder/show.py" <<'PY'
from importlib.metadata import version

from marshmallow import Schema, ValidationError, fields


class AddressSchema(Schema):
    street = fields.String(required=True)
    zip = fields.String(required=True)


class CustomerSchema(Schema):
    name = fields.String(required=True)
    home = fields.Nested(AddressSchema(partial=("zip",)))


def taken(**options):
    try:
        return CustomerSchema().load({"name": "ann", "home": {"street": "High Street"}}, **options) and "taken"
    except ValidationError as error:
        return error.messages


print("marshmallow", version("marshmallow"))
print("no partial:", taken())
print("partial=True:", taken(partial=True))
print("partial=('name',):", taken(partial=("name",)))
print("partial=():", taken(partial=()))
print("partial=('name', 'home.zip'):", taken(partial=("name", "home.zip")))
PY
seen=$("$folder/venv/bin/python" "$folder/show.py")
echo "$seen"
missing="{'home': {'zip': ['Missing data for required field.']}}"
[ "$(echo "$seen" | tail -n +2)" = "no partial: taken
partial=True: taken
partial=('name',): $missing
partial=(): $missing
partial=('name', 'home.zip'): taken" ] || { echo "the behaviour has changed"; exit 1; }
