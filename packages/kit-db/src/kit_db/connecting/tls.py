"""The kind of host that an endpoint is, and the certificates that its server is verified against."""

from __future__ import annotations

import os
import re

from kit_db.errors import DatabaseCredentialError

# RDS signs with roots of its own, which AWS publishes in this file ("Using SSL/TLS to encrypt a connection to a DB
# instance or cluster", Amazon RDS User Guide). The roots of RDS Proxy and Aurora DSQL are known to every system.
BUNDLE = "global-bundle.pem"
# libpq's own "system" is no help: the wheel's OpenSSL looks in a folder of the machine that it was built on.
SYSTEM = (
    "/etc/pki/tls/certs/ca-bundle.crt",  # Amazon Linux, so Lambda; Fedora
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/ssl/cert.pem",  # macOS
    "/etc/ssl/ca-bundle.pem",  # SUSE
)

# Through an interface endpoint `dsql` has a suffix.
_DSQL = r"[^.]+\.dsql(-[^.]+)?\.[^.]+\.on\.aws"
_LOOPBACK = r"localhost|::1|127(\.\d{1,3}){3}"


def is_local(endpoint: str) -> bool:
    """Tell whether an endpoint is this machine: loopback, or the folder of a Unix socket."""
    return endpoint.startswith(("/", "@")) or re.fullmatch(_LOOPBACK, endpoint) is not None


def is_rds(endpoint: str) -> bool:
    """Tell whether an endpoint is one that RDS names: an instance, a cluster or a proxy."""
    return endpoint.lower().endswith((".rds.amazonaws.com", ".rds.amazonaws.com.cn"))


def is_rds_proxy(endpoint: str) -> bool:
    """Tell whether an endpoint is an RDS Proxy by the name that RDS gave it."""
    return is_rds(endpoint) and ".proxy-" in endpoint.lower()


def is_dsql(endpoint: str) -> bool:
    """Tell whether an endpoint is a cluster of Aurora DSQL."""
    return re.fullmatch(_DSQL, endpoint, re.IGNORECASE) is not None


def find_roots(endpoint: str) -> str:
    """Return the file to verify the server of an endpoint with; DatabaseCredentialError says where it looked."""
    from pathlib import Path

    bundles = tuple(str(Path(folder, BUNDLE)) for folder in _folders())
    candidates = (*bundles, *SYSTEM)
    if is_dsql(endpoint):
        candidates = SYSTEM
    elif is_rds(endpoint):
        candidates = (*SYSTEM, *bundles) if is_rds_proxy(endpoint) else bundles
    for candidate in candidates:
        if Path(candidate).is_file():
            return candidate
    raise DatabaseCredentialError(
        f"there are no certificates to verify {endpoint!r} with, none of {', '.join(candidates)}: put AWS's "
        f"{BUNDLE} beside the function's code or into a layer, or name a file in KIT_DB_SSLROOTCERT",
        names=("sslrootcert",),
    )


def _folders() -> tuple[str, ...]:
    """Return the folders of a function's files: its code, and its layers."""
    return (os.environ.get("LAMBDA_TASK_ROOT") or "/var/task", "/opt", "/opt/python", "/opt/certs")
