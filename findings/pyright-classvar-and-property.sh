#!/usr/bin/env bash
# pyright and mypy: a Protocol with a read-only property, and a class that has a ClassVar of that name.
#
# Expected: reading `event.names` works for an instance of each class that has `names`, so each class fits a Protocol
#           whose member is a read-only property; at run time and for mypy it does.
# Seen:     pyright refuses the class that says `names: ClassVar[...]` ("not defined as a ClassVar in protocol"), and takes
#           the same class without the word ClassVar, with or without an annotation. A Protocol that says ClassVar is taken
#           with the first class by both checkers.
# Matters:  a library that is checked by mypy alone publishes a Protocol that its own documented classes don't fit for
#           every user of pyright and of the editors that are built on it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet basedpyright==1.40.2 mypy==1.18.2
cat > "$folder/property.py" <<'PY'
from typing import Any, ClassVar, Protocol


class Event(Protocol):
    @property
    def names(self) -> Any: ...


class Declared(Protocol):
    names: ClassVar[Any]


class Said:
    names: ClassVar[tuple[str, ...]] = ("country",)


class Plain:
    names: tuple[str, ...] = ("country",)


class Bare:
    names = ("country",)


def publish(event: Event) -> None:
    print(event.names)


def declare(event: Declared) -> None:
    print(event.names)


publish(Said())
publish(Plain())
publish(Bare())
declare(Said())
PY
cd "$folder"
"$folder/venv/bin/python" property.py
"$folder/venv/bin/mypy" --version
"$folder/venv/bin/mypy" --strict property.py
"$folder/venv/bin/basedpyright" --version
echo '{"typeCheckingMode": "basic", "include": ["property.py"]}' > pyrightconfig.json
seen=$("$folder/venv/bin/basedpyright" || true)
echo "$seen"
[ "$(echo "$seen" | grep -c ' error: ')" = 1 ] && echo "$seen" | grep -q 'property.py:33:9 - error: Argument of type "Said"' \
  && echo "$seen" | grep -q 'is not defined as a ClassVar in protocol' || { echo "the behaviour has changed"; exit 1; }
