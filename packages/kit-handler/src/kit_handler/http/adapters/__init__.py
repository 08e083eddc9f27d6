"""The payloads of HTTP events, one file each; `registry` finds the one that an event has."""
