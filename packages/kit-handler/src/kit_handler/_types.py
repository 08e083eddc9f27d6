"""The shapes of an event and its handler. Only type checkers load this module: `typing` is not free at a cold start."""

from collections.abc import Callable
from typing import Any, TypeAlias

Event: TypeAlias = dict[str, Any]
EventHandler: TypeAlias = Callable[..., Any]
