"""Secrets Manager rotating a secret ("Lambda rotation functions")."""

from collections.abc import Iterator
from typing import Any, Self

from kit_events.records.fields import Fields
from kit_events.records.record import Record

_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class RotationTrigger(Record):
    """One step of a rotation: `step` is createSecret, setSecret, testSecret or finishSecret.

    `token` is the id of the new version, AWSPENDING until finishSecret. Secrets Manager reads no answer: a step that
    returns has succeeded, one that raises fails the rotation, and is tried again.
    """

    kind = "step of a secret's rotation"
    shown = ("secret_id", "step", "token")

    secret_id: str
    step: str
    token: str
    rotation_token: str | None = None

    @classmethod
    def recognises(cls, raw: dict[str, Any]) -> bool:
        """Say whether Secrets Manager calls with this."""
        return "SecretId" in raw and "Step" in raw and "ClientRequestToken" in raw

    @classmethod
    def read(cls, fields: Fields) -> Iterator[Self]:
        """Yield the step."""
        step = fields.get("Step", str)
        if step not in _STEPS:
            raise fields.error("Step", f"has to be one of {', '.join(_STEPS)}")
        yield cls(
            secret_id=fields.get("SecretId", str),
            step=step,
            token=fields.get("ClientRequestToken", str),
            rotation_token=fields.find("RotationToken", str),
        )
