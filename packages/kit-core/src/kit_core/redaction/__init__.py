"""Texts and values without their secrets: one rule set for logs, reports, notices and dead letters.

redact_text: a text without its secrets
redact: a value without its secrets, as JSON's own types
is_secret_name: tells whether a name is that of a secret
is_secret: tells whether a value is hidden because of its name
"""

from kit_core.redaction.named import REDACTED
from kit_core.redaction.names import is_secret_name
from kit_core.redaction.values import is_secret, redact, redact_text

__all__ = ["REDACTED", "is_secret", "is_secret_name", "redact", "redact_text"]
