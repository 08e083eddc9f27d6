"""Write events in the transaction that they tell of, and send them once it is committed."""

from kit_events.outbox.delivery import Relayed
from kit_events.outbox.outbox import Outbox, default_outbox, publish, publish_many, set_default_outbox
from kit_events.outbox.relay import Relay
from kit_events.outbox.schema import schema_sql
from kit_events.outbox.table import DeadEvent

__all__ = [
    "DeadEvent",
    "Outbox",
    "Relay",
    "Relayed",
    "default_outbox",
    "publish",
    "publish_many",
    "schema_sql",
    "set_default_outbox",
]
