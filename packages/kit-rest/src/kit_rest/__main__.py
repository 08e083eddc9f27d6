"""`python -m kit_rest check module:api`: name each difference between declarations and the database.

`python -m kit_rest openapi module:api` prints the OpenAPI document.
"""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from kit_rest.api import Api


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0, 1 for differences, 2 if there is no such Api."""
    options = _parser().parse_args(arguments)
    module, _, name = options.api.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        api: Any = getattr(import_module(module), name or "api")
    except (ImportError, AttributeError) as error:
        return _failed(f"{options.api!r} can't be loaded: {error}")
    if not isinstance(api, Api):
        return _failed(f"{options.api!r} is no Api but a {type(api).__qualname__}")
    if options.command == "openapi":
        sys.stdout.write(json.dumps(api.openapi(), indent=2, ensure_ascii=False) + "\n")
        return 0
    from kit_rest.checking import differences

    found = differences(api)
    sys.stdout.writelines(f"{each}\n" for each in found)
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kit_rest", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (("check", "compare declarations with the database"), ("openapi", "print the OpenAPI document")):
        command = commands.add_parser(name, help=about)
        command.add_argument("api", help="module:name of the Api, name is api if it is left out")
    return parser


def _failed(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
