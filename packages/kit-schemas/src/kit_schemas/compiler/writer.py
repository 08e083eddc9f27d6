"""Writing the source of one function."""

import itertools
import linecache
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kit_schemas.compiler.doubts import Unusual

_numbers = itertools.count(1)

Link = Callable[["Writer", Any], str]
"""Gives the name by which a function calls that of a nested class."""


class Writer:
    """Collects the lines of one function and the objects that it refers to."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {"Unusual": Unusual}
        self._known: dict[int, str] = {}
        self._depth = 1
        self._fresh = itertools.count()

    def line(self, text: str) -> None:
        """Add a line at the present depth."""
        self.lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a line that opens a block; lines within the `with` stand in it."""
        self.line(head)
        self._depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self._depth -= 1

    def doubt(self, condition: str) -> None:
        """Add a line that leaves the input to marshmallow if the condition holds."""
        self.line(f"if {condition}: raise Unusual")

    def name(self, kind: str = "v") -> str:
        """Return a name that is not used yet."""
        return f"{kind}{next(self._fresh)}"

    def constant(self, value: Any, kind: str = "c") -> str:
        """Return how the function refers to an object: numbers and texts as literals, others by a name."""
        if value is None or type(value) in (str, bool) or (type(value) is int and abs(value) < 2**63):
            return repr(value)
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = self.bind(value, kind)
        return known

    def bind(self, value: Any, kind: str) -> str:
        """Return a new name for an object; it can be bound to something else later."""
        name = f"{kind}{next(self._fresh)}"
        self.namespace[name] = value
        return name

    def function(self, signature: str, title: str) -> Callable[[Any], Any]:
        """Compile the lines; tracebacks show its lines, and `__kit_source__` holds them."""
        source = "\n".join([f"def {signature}:", *self.lines, ""])
        file = f"<kit_schemas {title} {next(_numbers)}>"
        exec(compile(source, file, "exec"), self.namespace)  # noqa: S102  (no input is ever part of the source)
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        function: Callable[[Any], Any] = self.namespace[signature.split("(")[0]]
        weakref.finalize(function, linecache.cache.pop, file, None).atexit = False
        function.__dict__["__kit_source__"] = source
        return function
