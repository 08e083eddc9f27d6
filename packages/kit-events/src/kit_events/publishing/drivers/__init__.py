"""Drivers: one file per destination that events go to.

`driver` has their port, `choice` picks one by the destination's form.
"""

from kit_events.publishing.drivers.driver import Driver

__all__ = ["Driver"]
