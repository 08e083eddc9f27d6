"""The functions of a template by the names that Lambda's API takes, and by their logical ids."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from kit_testing.servers.aws import Reply

from kit_local.stack import Function
from kit_local.suggest import did_you_mean

# A name, a partial ARN (123456789012:function:name), an ARN; each with or without a version or an alias.
_NAME = re.compile(r"(?:(?:arn:aws:lambda:[a-z0-9-]+:)?\d{12}:function:)?([A-Za-z0-9_-]+)(?::[A-Za-z0-9_$-]+)?")


class Names:
    """Finds functions; a name goes before a logical id that is the same."""

    def __init__(self, known: Mapping[str, Function]) -> None:
        self._known = {**known, **{function.name: function for function in known.values()}}

    def find(self, reference: str) -> Function | None:
        """Return the function that a part of a path names, still percent-encoded; None for any other."""
        found = _NAME.fullmatch(unquote(reference))
        return self._known.get(found[1]) if found else None

    def unknown(self, reference: str) -> Reply:
        """Return the answer about a function that there is not."""
        name = unquote(reference)
        meant = did_you_mean(name.rpartition(":")[2], self._known)
        return Reply.error(404, "ResourceNotFoundException", f"Function not found: {name}{meant}")
