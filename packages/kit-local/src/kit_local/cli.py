"""The command `kit-local`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kit_local.run import Options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with `arguments`, by default the process's own; return the exit code."""
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = given.command
    del given.command
    return command(given)


def _run(given: argparse.Namespace) -> int:
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
    add("--websocket-speed", type=_positive, default=1.0, metavar="N", help=_SPEED)
    add("--websocket-lost-disconnects", type=_share, default=0.0, metavar="SHARE", help=_LOST)
    add("--websocket-throttled", type=_share, default=0.0, metavar="SHARE", help=_THROTTLED)
    add("--no-reload", action="store_false", dest="reload", help="do not watch the code")
    run.set_defaults(command=_run)

    invoke = commands.add_parser("invoke", help="run a function of a running backend", description=_INVOKE)
    add = invoke.add_argument
    add("name", metavar="NAME", help="the function's logical id, name or ARN")
    add("--event", default="", metavar="FILE", help="a file with the event as JSON, - for standard input; default: {}")
    add("--folder", type=Path, default=Path(), metavar="FOLDER", help="the backend's folder; default: here")
    add("--ready-file", type=Path, metavar="PATH", help="the backend's ready file, where several of the folder run")
    invoke.set_defaults(command=_invoke)

    check = commands.add_parser("check", help="name the places in a template that lose messages", description=_CHECK)
    check.add_argument("template", nargs="?", type=Path, default=Path(), metavar="TEMPLATE", help=_TEMPLATE)
    check.add_argument("--module", metavar="NAME", help="compare the functions with the handlers of this module")
    check.set_defaults(command=_check)

    subscription = commands.add_parser("subscription", help="print a subscriber's part of a template")
    add = subscription.add_argument
    add("queue", metavar="QUEUE", help="the queue's logical name")
    add("types", nargs="+", metavar="TYPE", help="a type of events that it gets")
    add("--topic", default="Events", help="the topic's logical name or ARN (default Events)")
    add("--fifo", action="store_true", help="a FIFO topic and FIFO queues")
    add("--timeout", type=int, default=30, metavar="SECONDS", help="the function's (default 30)")
    add("--max-receives", type=int, default=5, metavar="N", help="until a message is a dead letter (default 5)")
    subscription.set_defaults(command=_subscription)
    return parser


_INVOKE = "Runs a function of a running backend, and prints its answer as JSON; ends with 1 if that is an error."
_TEMPLATE = "a template, or the folder that it is in; default: here"
_CHECK = "Prints the places in a template that lose messages or do their work twice; ends with 1 if there are any."


_RUN = (
    "Runs template.yaml of a folder until Ctrl-C: its functions, APIs, queues, topics, buckets, PostgreSQL and Redis."
)
_PORT = (
    "of the first HTTP API (default 3000); the others have the following ones, or free ones where those are in use;"
    " 0: free ones"
)
_SPEED = "WebSocket connections age N times as fast: the ten idle minutes and the two hours are divided by it"
_LOST = "of WebSocket connections whose $disconnect never comes, from 0 (default) to 1"
_THROTTLED = "of commands to @connections that are answered with 429, from 0 (default) to 1"
_DELAY = "until a failed message comes again (default 1); 'queue': the queue's own visibility timeout"


def _invoke(given: argparse.Namespace) -> int:
    from kit_local.errors import LocalError
    from kit_local.invoke import FunctionError, invoke, read_event

    try:
        event = read_event(given.event) if given.event else b"{}"
        print(invoke(given.name, event, folder=given.folder, ready_file=given.ready_file))
    except LocalError as error:
        if isinstance(error, FunctionError):
            print(error.answer)
        print(f"kit-local: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _check(given: argparse.Namespace) -> int:
    from kit_local.check import check
    from kit_local.errors import TemplateError
    from kit_local.template.parse import template_file

    sys.path.insert(0, "")  # the module is one of the folder that the command runs in, as with `python -m`
    try:
        file = template_file(given.template)
        problems = check(file, module=given.module)
    except (TemplateError, ImportError) as error:
        print(f"kit-local: error: {error}", file=sys.stderr)
        return 1
    for problem in problems:
        print(f"{file}:{problem.line}: {problem}" if problem.line else problem)
    return 1 if problems else 0


def _subscription(given: argparse.Namespace) -> int:
    from kit_local.subscription import Subscription

    try:
        print(Subscription(**vars(given)), end="")
    except ValueError as error:
        print(f"kit-local: error: {error}", file=sys.stderr)
        return 1
    return 0


def _options(found: argparse.Namespace) -> "Options":
    from kit_local.gateway.rules import WebSocketRules
    from kit_local.run import Options

    given = {name: value for name, value in vars(found).items() if name != "raw_logs"}
    parameters = dict(given.pop("parameter"))
    names = ("speed", "lost_disconnects", "throttled")
    rules = WebSocketRules(**{name: given.pop(f"websocket_{name}") for name in names})
    return Options(**{**given, "folder": found.folder.resolve()}, parameters=parameters, websocket=rules)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number between 0 and 65535")
    return int(text)


def _positive(text: str) -> float:
    number = _number(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("a number over 0")
    return number


def _share(text: str) -> float:
    number = _number(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError("a number from 0 to 1")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


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
