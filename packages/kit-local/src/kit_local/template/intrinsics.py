"""Gives CloudFormation's intrinsic functions their values ("Intrinsic function reference")."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from kit_local.errors import TemplateError
from kit_local.suggest import did_you_mean

_SUB = re.compile(r"\$\{([^}]*)\}")
_ABSENT = object()  # AWS::NoValue: the property, or the item of the list, is left out


def _no_resource(name: str, attribute: str | None = None) -> Any:
    raise TemplateError(f"{name!r} is a resource, or does not exist; here only parameters can be referred to")


class Resolver:
    """Resolves values, asking `ref` and `get_att` for what is neither a parameter nor a pseudo parameter."""

    def __init__(
        self,
        *,
        values: Mapping[str, Any],
        mappings: Mapping[str, Any],
        conditions: Mapping[str, Any],
        ref: Callable[[str], Any] = _no_resource,
        get_att: Callable[[str, str], Any] = _no_resource,
    ) -> None:
        self.values = values
        self.mappings = mappings
        self.conditions = conditions
        self._ref = ref
        self._get_att = get_att
        self._deciding: list[str] = []

    def resolve(self, value: Any) -> Any:
        """Return `value` with every intrinsic function in it replaced; None where it comes to AWS::NoValue."""
        result = self._resolve(value)
        return None if result is _ABSENT else result

    def condition(self, name: Any) -> bool:
        """Tell whether the condition of this name holds."""
        name = text_of(name)  # an unquoted `Yes` is a truth value
        if name not in self.conditions:
            raise TemplateError(f"there is no condition {name!r}{did_you_mean(name, self.conditions)}")
        if name in self._deciding:
            raise TemplateError(f"the condition {name!r} depends on itself")
        self._deciding.append(name)
        try:
            return self._holds(self.conditions[name])
        finally:
            self._deciding.pop()

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self._resolve, value) if item is not _ABSENT]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref":
                return self._reference(argument)
            if name.startswith("Fn::"):
                return self._call(name, argument)
            if name == "Condition" and isinstance(argument, str):
                return self.condition(argument)
        resolved = ((key, self._resolve(item)) for key, item in value.items())
        return {key: item for key, item in resolved if item is not _ABSENT}

    def _call(self, name: str, argument: Any) -> Any:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise TemplateError(f"{name} is not supported locally{did_you_mean(name, _FUNCTIONS)}")
        try:
            return function(self, argument)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise TemplateError(f"{name} cannot be given {argument!r}") from error

    def _reference(self, argument: Any) -> Any:
        name = text_of(argument)
        if name == "AWS::NoValue":
            return _ABSENT
        return self.values[name] if name in self.values else self._ref(name)

    def _attribute(self, argument: Any) -> Any:
        resource, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._get_att(resource, str(self._resolve(attribute)))

    def _sub(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})

        def replace(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in own:
                return text_of(self._resolve(own[name]))
            return text_of(self._attribute(name) if "." in name else self._reference(name))

        return _SUB.sub(replace, text)

    def _join(self, argument: Any) -> str:
        delimiter, items = argument
        return str(delimiter).join(map(text_of, self._items(items)))

    def _select(self, argument: Any) -> Any:
        index, items = argument
        return self._items(items)[int(self._resolve(index))]

    def _items(self, value: Any) -> list[Any]:
        items = self._resolve(value)
        if not isinstance(items, list):
            raise TypeError(items)
        return items

    def _split(self, argument: Any) -> list[str]:
        delimiter, text = argument
        return text_of(self._resolve(text)).split(delimiter)

    def _if(self, argument: Any) -> Any:
        condition, then, otherwise = argument
        return self._resolve(then if self.condition(condition) else otherwise)

    def _find_in_map(self, argument: Any) -> Any:
        keys = [text_of(self._resolve(key)) for key in argument[:3]]
        found: Any = self.mappings
        for key in keys:
            if not isinstance(found, Mapping) or key not in found:
                if len(argument) > 3:
                    return self._resolve(argument[3]["DefaultValue"])
                where = f"the mapping {keys[0]!r} holds nothing for {keys[1]!r}, {keys[2]!r}"
                raise TemplateError(f"{where}{did_you_mean(key, found if isinstance(found, Mapping) else ())}")
            found = found[key]
        return self._resolve(found)

    def _base64(self, argument: Any) -> str:
        return base64.b64encode(text_of(self._resolve(argument)).encode()).decode()

    def _zones(self, argument: Any) -> list[str]:
        region = self._resolve(argument) or self.values["AWS::Region"]
        return [f"{region}{letter}" for letter in "abc"]

    def _holds(self, argument: Any) -> bool:
        result = self._resolve(argument)
        if isinstance(result, bool) or result in ("true", "false"):
            return result in (True, "true")
        raise TemplateError(f"a condition cannot be {argument!r}")

    def _equals(self, argument: Any) -> bool:
        left, right = (self._resolve(side) for side in argument)
        return text_of(left) == text_of(right)


def text_of(value: Any) -> str:
    """Return a scalar as CloudFormation writes it into text: true and false in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(value)


_FUNCTIONS: Mapping[str, Callable[[Resolver, Any], Any]] = {
    "Fn::And": lambda self, items: all(self._holds(item) for item in items),
    "Fn::Base64": Resolver._base64,
    "Fn::Equals": Resolver._equals,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::GetAZs": Resolver._zones,
    "Fn::GetAtt": Resolver._attribute,
    "Fn::If": Resolver._if,
    "Fn::Join": Resolver._join,
    "Fn::Not": lambda self, items: not self._holds(items[0]),
    "Fn::Or": lambda self, items: any(self._holds(item) for item in items),
    "Fn::Select": Resolver._select,
    "Fn::Split": Resolver._split,
    "Fn::Sub": Resolver._sub,
}
FUNCTIONS = frozenset(_FUNCTIONS)
