"""What runs inside a worker: AWS's runtime interface client, or its protocol in plain Python where it has no wheel.

`python bootstrap.py [--plain] module.function`, in the function's code folder. It is a program by itself, which
imports no more than it needs: a handler's imports are to cost what they cost on Lambda. Standard input is the
worker's leash: when its other end closes, because kit-local has ended in whatever way, the worker ends.
"""

import os
import signal
import sys


def main(arguments: list[str]) -> None:
    """Serve the handler named last in `arguments` until the leash breaks."""
    hold_leash()
    sys.path[0] = os.getcwd()  # noqa: PTH109 - pathlib is not imported for it
    handler = arguments[-1]
    if "--plain" in arguments or not has_interface_client():
        from kit_local.runtime import plain

        plain.run(handler)
        return
    import runpy

    sys.argv = ["awslambdaric", handler]
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


def has_interface_client() -> bool:
    """Tell whether awslambdaric is installed with its compiled half."""
    try:
        import awslambdaric  # noqa: F401
        import runtime_client  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return False
    return True


def hold_leash() -> None:
    """Let the end of standard input kill this process with all its children; the function sees an empty one."""
    leash = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if sys.platform == "linux":
        import fcntl

        # The kernel sends the signal to the whole group, whatever Python code is doing; no thread is needed for it.
        fcntl.fcntl(leash, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(leash, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(leash, fcntl.F_SETFL, os.O_ASYNC)
        if not _is_broken(leash):
            return
        os.killpg(0, signal.SIGKILL)
    from threading import Thread

    def watch() -> None:
        os.read(leash, 1)
        os.killpg(0, signal.SIGKILL)

    Thread(target=watch, name="kit-local-leash", daemon=True).start()


def _is_broken(leash: int) -> bool:
    """Tell whether the other end had closed before this one was watched."""
    import select

    return bool(select.select([leash], [], [], 0)[0])


if __name__ == "__main__":
    main(sys.argv[1:])
