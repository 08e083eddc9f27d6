"""Records: one file per source, with its record class and the way to the content.

`sources` has the table of them all; a class is loaded by its first use, as `kit_events.FileRecord`.
"""

from kit_events.records.sources import SOURCES, register_source

__all__ = ["SOURCES", "register_source"]
