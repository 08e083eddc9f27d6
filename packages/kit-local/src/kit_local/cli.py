"""The command `kit-local`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kit_local.run import Options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, by default the process's own; return the exit code."""
    given = _parser().parse_args(arguments)
    if sys.platform == "win32":
        print("kit-local: error: Linux or macOS is needed; on Windows, run it inside WSL", file=sys.stderr)
        return 1
    from kit_local.logs import Console
    from kit_local.run import main as run

    try:
        return run(_options(given), Console(raw_logs=given.raw_logs))
    except KeyboardInterrupt:  # before there was a loop to take the signal
        return 130


def _parser() -> argparse.ArgumentParser:
    from importlib.metadata import version

    parser = argparse.ArgumentParser(prog="kit-local", description="AWS SAM backends on this machine.")
    parser.add_argument("--version", action="version", version=f"kit-local {version('kit-local')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the backend of a folder", description=_RUN)
    add = run.add_argument
    add("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="where template.yaml is; default: here")
    add("--port", type=_port, default=3000, help=_PORT)
    add("--ready-file", type=Path, metavar="PATH", help="gets the URLs as JSON once everything answers")
    add("--ephemeral", action="store_true", help="keep nothing when it ends")
    add("--ignore-unsupported", action="store_true", help="leave out what cannot run locally, with a warning")
    add("--parameter", type=_parameter, action="append", default=[], metavar="NAME=VALUE", help="of the template")
    add("--retry-delay", type=_delay, default=1, metavar="SECONDS", help=_DELAY)
    add("--raw-logs", action="store_true", help="show structured log lines as the JSON that they are")
    add("--no-reload", action="store_false", dest="reload", help="do not watch the code")
    return parser


_RUN = (
    "Runs template.yaml of a folder until Ctrl-C: its functions, APIs, queues, topics, buckets, PostgreSQL and Redis."
)
_PORT = (
    "of the first HTTP API (default 3000); the others have the following ones, or free ones where those are in use;"
    " 0: free ones"
)
_DELAY = "until a failed message comes again (default 1); 'queue': the queue's own visibility timeout"


def _options(found: argparse.Namespace) -> "Options":
    from kit_local.run import Options

    given = {name: value for name, value in vars(found).items() if name != "raw_logs"}
    parameters = dict(given.pop("parameter"))
    return Options(**{**given, "folder": found.folder.resolve()}, parameters=parameters)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number between 0 and 65535")
    return int(text)


def _parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _delay(text: str) -> int | None:
    if text == "queue":
        return None
    if not text.isdecimal() or int(text) > 43200:
        raise argparse.ArgumentTypeError("whole seconds up to 43200, or 'queue'")
    return int(text)
