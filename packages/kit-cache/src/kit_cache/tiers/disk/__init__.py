"""The tier on this machine's disk: in a SQLite file of the standard library, or by diskcache."""
