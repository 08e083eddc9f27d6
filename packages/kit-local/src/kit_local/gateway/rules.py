"""The rules of WebSocket APIs that a developer may change: time, throttling, and `$disconnect`."""

from dataclasses import dataclass

# "Quotas for configuring and running a WebSocket API"
_IDLE_SECONDS = 600.0
_LONGEST_SECONDS = 7200.0


@dataclass(frozen=True)
class WebSocketRules:
    """The rules of all WebSocket APIs of a backend.

    speed: how many times as fast connections age: the ten idle minutes and the two hours are divided by it
    lost_disconnects: the share of connections, from 0 to 1, whose `$disconnect` never comes
    rate: commands to `@connections` a second, of all APIs together; others are 429. None: no limit
    """

    speed: float = 1.0
    lost_disconnects: float = 0.0
    rate: float | None = None

    @property
    def idle_seconds(self) -> float:
        """How long a connection may be idle."""
        return _IDLE_SECONDS / self.speed

    @property
    def longest_seconds(self) -> float:
        """How long a connection may last."""
        return _LONGEST_SECONDS / self.speed
