"""Renewal after a fork: the child inherits locks that no thread will release, and its parent's sockets."""

import os
from collections.abc import Callable


def in_child(renew: Callable[[], None]) -> Callable[[], None]:
    """Call `renew` in every process that is forked off from now on, where there is such a thing."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=renew)
    return renew
