"""The rules of WebSocket APIs that a developer may change: time, throttling, and `$disconnect`."""

import random
from dataclasses import dataclass

# "Quotas for configuring and running a WebSocket API"
_IDLE_SECONDS = 600.0
_LONGEST_SECONDS = 7200.0
_random = random.SystemRandom()


@dataclass(frozen=True)
class WebSocketRules:
    """The rules of all WebSocket APIs of a backend.

    speed: how many times as fast connections age: the ten idle minutes and the two hours are divided by it
    lost_disconnects: the share of connections, from 0 to 1, whose `$disconnect` never comes
    throttled: the share of commands to `@connections` that are answered with 429
    """

    speed: float = 1.0
    lost_disconnects: float = 0.0
    throttled: float = 0.0

    def loses_disconnect(self) -> bool:
        """Decide whether a connection's `$disconnect` is lost."""
        return _random.random() < self.lost_disconnects

    def throttles(self) -> bool:
        """Decide whether a command is throttled."""
        return _random.random() < self.throttled

    @property
    def idle_seconds(self) -> float:
        """How long a connection may be idle."""
        return _IDLE_SECONDS / self.speed

    @property
    def longest_seconds(self) -> float:
        """How long a connection may last."""
        return _LONGEST_SECONDS / self.speed
