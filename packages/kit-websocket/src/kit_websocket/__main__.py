"""`python -m kit_websocket template`: print the SAM template of a WebSocket API with its tables."""

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m kit_websocket", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    printed = commands.add_parser("template", help="print the SAM template of a WebSocket API with its tables")
    printed.add_argument("routes", nargs="*", help="route keys besides $connect, $disconnect and $default")
    printed.add_argument("--module", default="app", help="the module of the functions `handler` and `expired`")
    options = parser.parse_args(arguments)
    from kit_websocket.template import template

    try:
        sys.stdout.write(template(options.routes, module=options.module))
    except ValueError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
