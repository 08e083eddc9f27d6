"""Which process this is: the one that was started, or a fork of it, which shares sockets that are not its own."""

from __future__ import annotations

import os

generation = 0
"""How many forks led here."""


def _forked() -> None:
    global generation
    generation += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
