"""The search by method and path: a dictionary for fixed paths, a trie of segments for the rest.

The time it takes grows with the segments of the path, not with the number of routes. At each segment fixed text is
tried first, then parameters with a converter in the order in which they were registered, then plain parameters, then
`{name+}`, which takes everything that is left. Where that ends at another method's route, the next is tried.
"""

from kit_handler.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Generic, TypeVar

    T = TypeVar("T")
    Accepts = Callable[[str], object]
    Segments = tuple[str | "PathParameter", ...]
    Values = list[str | tuple[str, object]]
else:

    class Generic:
        """Let a class be subscripted without typing."""

        __class_getitem__ = classmethod(lambda cls, item: cls)

    T = None


def _int(text: str) -> int:
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise ValueError(text)
    return int(text)


def _uuid(text: str) -> object:
    from uuid import UUID

    if len(text) != 36:  # UUID() would take braces, a URN, or no hyphens, too
        raise ValueError(text)
    return UUID(text)


def _date(text: str) -> object:
    from datetime import date

    if len(text) != 10 or text[7] != "-":  # fromisoformat() would take 2030-W05-4, too
        raise ValueError(text)
    return date.fromisoformat(text)


CONVERTERS: "dict[str, Accepts]" = {"int": _int, "uuid": _uuid, "date": _date}
"""What a segment may be, by the name after the colon; a ValueError means that the path is another."""


class PathParameter:
    """Hold one `{name}`, `{name:converter}` or `{name+}` of a path."""

    __slots__ = ("accepts", "converter", "greedy", "name")

    def __init__(self, name: str, converter: str, accepts: "Accepts | None", *, greedy: bool) -> None:
        self.name = name
        self.converter = converter
        self.accepts = accepts  # None where every text will do
        self.greedy = greedy

    def __str__(self) -> str:
        return f"{{{self.name}{'+' if self.greedy else ''}{f':{self.converter}' if self.accepts else ''}}}"


def parse(path: str, converters: "Mapping[str, Accepts]") -> "Segments":
    """Return the segments of a route's path; ConfigurationError gives the reason for a wrong one.

    converters: by name, beside CONVERTERS
    """
    if path in ("", "/"):
        return ()
    if not path.startswith("/"):
        raise ConfigurationError(f"the path {path!r} must begin with a slash")
    return tuple(_segment(text, path, converters) for text in path.split("/")[1:])


def joined(prefix: "Segments", rest: "Segments") -> "Segments":
    """Return the segments of both; ConfigurationError if a name is there twice, or something follows `{name+}`."""
    segments = (*prefix, *rest)
    names = [segment.name for segment in segments if isinstance(segment, PathParameter)]
    if len(names) != len(set(names)):
        raise ConfigurationError(f"a name is there twice in the path {text_of(segments)!r}")
    if any(isinstance(segment, PathParameter) and segment.greedy for segment in segments[:-1]):
        raise ConfigurationError(f"something follows {{name+}} in the path {text_of(segments)!r}")
    return segments


def text_of(segments: "Segments") -> str:
    """Return the path that has these segments."""
    return "/" + "/".join(map(str, segments))


def _segment(text: str, path: str, converters: "Mapping[str, Accepts]") -> "str | PathParameter":
    if "{" not in text and "}" not in text:
        return text
    inner = text[1:-1]
    name, _, converter = inner.removesuffix("+").partition(":")
    if text != f"{{{inner}}}" or not name.isidentifier():
        raise ConfigurationError(f"{text!r} in the path {path!r} is not {{name}}, {{name:converter}} or {{name+}}")
    greedy = inner.endswith("+")
    if not converter:
        return PathParameter(name, "str", None, greedy=greedy)
    known = {**CONVERTERS, **converters}
    if greedy or converter not in known:
        listed = ", ".join(sorted(known))
        raise ConfigurationError(f"{text!r} in the path {path!r} can't have this converter; known are {listed}")
    return PathParameter(name, converter, known[converter], greedy=False)


class _Node(Generic[T]):
    __slots__ = ("fixed", "methods", "plain", "rest", "typed")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node[T]] = {}
        self.typed: dict[Accepts, _Node[T]] = {}
        self.plain: _Node[T] | None = None
        self.rest: _Node[T] | None = None
        self.methods: dict[str, T] = {}


class Matcher(Generic[T]):
    """Keep values by method and path, and find them again with the path's parameters."""

    __slots__ = ("_fixed", "_root")

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()
        self._fixed: dict[str, dict[str, T]] = {}

    def add(self, method: str, segments: "Segments", value: "T") -> "T":
        """Keep `value`; of two for the same method and path the first stays, and it is returned."""
        node = self._root
        for segment in segments:
            node = _child(node, segment)
        if not any(isinstance(segment, PathParameter) for segment in segments):
            self._fixed[text_of(segments)] = node.methods
        return node.methods.setdefault(method, value)

    def find(self, method: str, path: str, decoded: bool = True) -> "tuple[T, Values] | set[str]":
        """Return the value and the parameters; or, where there is none, the methods that the path has.

        A parameter is its text, or with a converter the text and the converter's value.
        Unless `path` is decoded, its segments are, each by itself: an encoded slash is part of its segment.
        """
        methods = self._fixed.get(path)
        if methods is not None and method in methods:
            return methods[method], []
        segments = path.split("/")
        if not decoded and "%" in path:
            from urllib.parse import unquote

            segments = [unquote(segment) for segment in segments]
        # Going straight ahead is mostly possible; `_search` would find the same.
        values: Values = []
        node = self._root
        for segment in segments[1:]:
            child = node.fixed.get(segment)
            if child is None:
                child = node.plain
                if child is None or node.typed or not segment:
                    break
                values.append(segment)
            node = child
        else:
            if method in node.methods:
                return node.methods[method], values
        if segments == ["", ""]:
            segments.pop()
        allowed: set[str] = set()
        values = []
        found = _search(self._root, segments, 1, method, values, allowed)
        return allowed if found is None else (found, values)


def _child(node: "_Node[T]", segment: "str | PathParameter") -> "_Node[T]":
    if isinstance(segment, str):
        return node.fixed.setdefault(segment, _Node())
    if segment.greedy:
        node.rest = node.rest or _Node()
        return node.rest
    if segment.accepts is None:
        node.plain = node.plain or _Node()
        return node.plain
    return node.typed.setdefault(segment.accepts, _Node())


def _search(
    node: "_Node[T]", segments: list[str], at: int, method: str, values: "Values", allowed: set[str]
) -> "T | None":
    if at == len(segments):
        found = node.methods.get(method)
        if found is None:
            allowed.update(node.methods)
        return found
    segment = segments[at]
    child = node.fixed.get(segment)
    if child is not None:
        found = _search(child, segments, at + 1, method, values, allowed)
        if found is not None:
            return found
    if not segment:
        return None
    if node.typed or node.plain is not None:
        found = _search_parameters(node, segments, at, method, values, allowed)
        if found is not None:
            return found
    if node.rest is None:
        return None
    values.append("/".join(segments[at:]))
    found = _search(node.rest, segments, len(segments), method, values, allowed)
    if found is None:
        values.pop()
    return found


def _search_parameters(
    node: "_Node[T]", segments: list[str], at: int, method: str, values: "Values", allowed: set[str]
) -> "T | None":
    segment = segments[at]
    values.append(segment)
    for accepts, child in node.typed.items():
        try:
            values[-1] = (segment, accepts(segment))
        except ValueError:
            continue
        found = _search(child, segments, at + 1, method, values, allowed)
        if found is not None:
            return found
    values[-1] = segment
    if node.plain is not None:
        found = _search(node.plain, segments, at + 1, method, values, allowed)
        if found is not None:
            return found
    values.pop()
    return None
