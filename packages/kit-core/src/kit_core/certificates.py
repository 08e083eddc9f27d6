"""TLS contexts: one for each file of root certificates, which the whole process shares.

To read the 130 roots of a machine takes 16 ms, five take 1.4: `ca_file` names a smaller file where all hosts are known.
"""

import os
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ssl import SSLContext

_lock = threading.Lock()
_contexts: "dict[str | None, SSLContext]" = {}


def tls_context(ca_file: str | None = None) -> "SSLContext":
    """Return the context that trusts the certificates in a file (PEM), by default those of the machine.

    `AWS_CA_BUNDLE` comes before both. Raise OSError or `ssl.SSLError` for a file without certificates.

    Example:
        >>> tls_context() is tls_context()
        True
    """
    path = os.environ.get("AWS_CA_BUNDLE") or ca_file or None
    found = _contexts.get(path)
    if found is None:
        with _lock:
            found = _contexts.get(path)
            if found is None:
                from ssl import create_default_context

                found = _contexts[path] = create_default_context(cafile=path)
    return found


def _renew() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
