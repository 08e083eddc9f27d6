"""The way of a hit, written for one signature: Python binds the arguments, and nothing is called but a dict's `get`.

For `def load(number, text="a")` the compiled front is

    def load(number, text=_kit_d1, *, skip_cache=False):
        _kit_key = None
        if skip_cache:
            return _kit_bypass(number, text)
        try:
            _kit_key = (number, text, number.__class__, text.__class__)
            _kit_entry = _kit_get(_kit_key)
        except TypeError:
            _kit_entry = None
        if _kit_entry is not None and mono() < _kit_entry.mono and wall() < _kit_entry.wall:
            ...
        return _kit_slow((number, text), {}, _kit_key)

Its globals are those of `kit_cache.clock`. Signatures with `*args` or `**kwargs`, functions inside of another
decorator, and those with a condition or a key_generator take the longer way through the binder.
"""

from collections.abc import Callable
from typing import Any

from kit_core.parameters import Parameters

from kit_cache import clock

_PREFIX = "_kit_"


def compile_front(
    name: str, parameters: Parameters, parts: dict[str, Any], *, skip_arg: str | None, is_async: bool
) -> Callable[..., Any] | None:
    """Return a front, or None for a signature that it can't be written for.

    parts: `get`, `slow` and `bypass`, and for a method `scope`
    """
    names = parameters.names
    skips_itself = skip_arg is not None and skip_arg in names
    if parameters.takes_args or parameters.takes_kwargs or not all(each.isidentifier() for each in names):
        return None
    if any(each.startswith(_PREFIX) or each in ("mono", "wall") for each in names):
        return None
    defaults = {
        f"{_PREFIX}d{index}": parameters.defaults[each]
        for index, each in enumerate(names)
        if each in parameters.defaults
    }
    signature = _signature(parameters, None if skips_itself else skip_arg)
    given = _given(parameters)
    lines = [f"def make({', '.join([*(_PREFIX + part for part in parts), *defaults])}):"]
    lines.append(f"    {'async ' if is_async else ''}def front({signature}):")
    lines.append("        _kit_key = None")
    wait = "await " if is_async else ""
    if skip_arg is not None:
        lines += [f"        if {skip_arg}:", f"            return {wait}_kit_bypass({given})"]
    lines += [
        "        try:",
        f"            _kit_key = {_key(names, skip_arg, scoped='scope' in parts)}",
        "            _kit_entry = _kit_get(_kit_key)",
        "        except TypeError:",  # something that can't be hashed
        "            _kit_entry = None",
        "        if _kit_entry is not None and mono() < _kit_entry.mono and wall() < _kit_entry.wall:",
        "            _kit_entry.uses += 1",
        "            _kit_take = _kit_entry.take",
        "            return _kit_entry.value if _kit_take is None else _kit_take()",
        f"        return {wait}_kit_slow({_tuple(parameters.positional)}, {_dict(parameters.keyword_only)}, _kit_key)",
        "    return front",
    ]
    namespace: dict[str, Any] = {}
    exec(compile("\n".join(lines), f"<kit_cache front of {name}>", "exec"), vars(clock), namespace)  # noqa: S102
    front: Callable[..., Any] = namespace["make"](*parts.values(), *defaults.values())
    front.__name__ = front.__qualname__ = name
    return front


def _signature(parameters: Parameters, skip_arg: str | None) -> str:
    index = {name: place for place, name in enumerate(parameters.names)}

    def written(name: str) -> str:
        return f"{name}={_PREFIX}d{index[name]}" if name in parameters.defaults else name

    parts = [written(name) for name in parameters.positional]
    if parameters.positional_only:
        parts.insert(parameters.positional_only, "/")
    named = [written(name) for name in parameters.keyword_only]
    if skip_arg is not None:
        named.append(f"{skip_arg}=False")
    return ", ".join([*parts, *(["*"] if named else []), *named])


def _given(parameters: Parameters) -> str:
    return ", ".join([*parameters.positional, *(f"{name}={name}" for name in parameters.keyword_only)])


def _key(names: tuple[str, ...], skip_arg: str | None, *, scoped: bool) -> str:
    values = [name for name in names if name != skip_arg]
    first = []
    if scoped:
        first, values = [f"_kit_scope({values[0]})"], values[1:]
    return _tuple([*first, *values, *(f"{name}.__class__" for name in values)])


def _tuple(parts: "tuple[str, ...] | list[str]") -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _dict(names: tuple[str, ...]) -> str:
    return "{" + ", ".join(f"{name!r}: {name}" for name in names) + "}"
