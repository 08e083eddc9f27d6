"""The commands of kit-handler.

python -m kit_handler openapi module:app        print the OpenAPI document of a Router
python -m kit_handler cold module:function      print what a function's import and first call cost, by package
"""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 2 for a name that can't be loaded or a function that fails."""
    options = _parser().parse_args(arguments)
    return int(options.run(options))


def _cold(options: argparse.Namespace) -> int:
    from kit_handler.cold import FunctionFailedError, measure

    try:
        table = measure(options.function, event=options.event, rounds=options.rounds, lazy=options.lazy)
    except (FunctionFailedError, ValueError) as error:
        return _failed(str(error))
    sys.stdout.write(f"{table}\n")
    return 0


def _openapi(options: argparse.Namespace) -> int:
    from kit_handler.http.router import Router
    from kit_handler.openapi import openapi

    module, _, name = options.app.partition(":")
    sys.path.insert(0, str(Path.cwd()))
    try:
        app: Any = import_module(module)
        for each in (name or "app").split("."):
            app = getattr(app, each)
    except (ImportError, AttributeError) as error:
        return _failed(f"{options.app!r} can't be loaded: {error}")
    if not isinstance(app, Router):
        return _failed(f"{options.app!r} is no Router but a {type(app).__qualname__}")
    integration = json.loads(options.integration) if options.integration else None
    document = openapi(
        app, title=options.title, version=options.version, servers=options.server, integration=integration
    )
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if options.output:
        Path(options.output).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kit_handler", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("openapi", help="print the OpenAPI document of a Router")
    command.add_argument("app", help="module:name of the Router, name is app if it is left out")
    command.add_argument("--title", default="API")
    command.add_argument("--version", default="1.0.0")
    command.add_argument("--server", action="append", default=[], help="a URL; may come more than once")
    command.add_argument("--integration", help="JSON for x-amazon-apigateway-integration, for SAM's DefinitionBody")
    command.add_argument("--output", help="a file to write, in place of the standard output")
    command.set_defaults(run=_openapi)
    command = commands.add_parser("cold", help="print what a function's import and first call cost, by package")
    command.add_argument("function", help="module:function, or module.function as in a template")
    command.add_argument("--event", help="a file with the event of the first call, in JSON; else it is not called")
    command.add_argument("--rounds", type=_number, default=5, help="how often each is measured; the least counts")
    command.add_argument("--lazy", action="store_true", help="load nothing ahead, as with KIT_PRELOAD=0")
    command.set_defaults(run=_cold)
    return parser


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _failed(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
