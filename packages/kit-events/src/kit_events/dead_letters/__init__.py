"""Dead letters: messages that failed, on their way out of their queue and back."""

from kit_events.dead_letters.failures import SqsDeadLetter, SqsVisibility
from kit_events.dead_letters.redrive import Redriven, redrive

__all__ = ["Redriven", "SqsDeadLetter", "SqsVisibility", "redrive"]
