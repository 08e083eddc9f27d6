"""The payloads of HTTP events, one file each; `kit_handler.http.payloads` finds the one that an event has."""
