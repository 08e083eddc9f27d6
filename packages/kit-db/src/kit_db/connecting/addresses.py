"""Looking up a server's name, with an end to it."""

from __future__ import annotations

import socket
import threading


def addresses(host: str, seconds: float) -> list[str]:
    """Return a host's addresses, in the resolver's order. TimeoutError after `seconds`, OSError if there are none.

    libpq would look the name up itself, for as long as the resolver likes, and psycopg2 holds Python's lock meanwhile:
    not even another thread could give up. So a thread asks, and one that is not waited for any more is left to itself.
    """
    found: list[str] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(str(each[4][0]) for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        except UnicodeError:
            failed.append(OSError("no name of a host"))
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=look_up, name="kit-db looks up a name", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise OSError(f"no thread to look the name up in: {error}") from None
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError
    return list(dict.fromkeys(found))
