"""The parameters of a plan: constants, values of the request by their slots, and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kit_rest.declaring.claims import Claim, claim_value

Transform = Callable[[str], Any]


class Parameters:
    """Collects the parameters of one statement under names that are its own."""

    def __init__(self) -> None:
        self._constants: dict[str, Any] = {}
        self._slots: list[tuple[str, int, Transform | None]] = []
        self._claims: dict[Claim, str] = {}
        self._count = 0

    def _name(self) -> str:
        self._count += 1
        return f"p{self._count}"

    def constant(self, value: Any) -> str:
        """Return the placeholder of a value that belongs to the shape."""
        name = self._name()
        self._constants[name] = value
        return f"%({name})s"

    def slot(self, number: int, transform: Transform | None = None) -> str:
        """Return the placeholder of a value of the request."""
        name = self._name()
        self._slots.append((name, number, transform))
        return f"%({name})s"

    def claim(self, claim: Claim) -> str:
        """Return the placeholder of a claim."""
        if claim not in self._claims:
            self._claims[claim] = self._name()
        return f"%({self._claims[claim]})s"

    def bind(self, values: Sequence[str], claims: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
        """Return the values of all placeholders; `more` has those that the statement names."""
        bound = {**self._constants, **more}
        for name, number, transform in self._slots:
            value = values[number]
            bound[name] = value if transform is None else transform(value)
        for claim, name in self._claims.items():
            bound[name] = claim_value(claims, claim)
        return bound
