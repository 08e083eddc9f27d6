"""The root certificates that calls trust: the machine's, or a small file of Amazon's own.

    python -m kit_aws roots amazon.pem

writes the file, which is deployed with the function and named by `KIT_AWS_CA_BUNDLE`. To read 130 roots takes 16 ms
of each cold start, these take 1.4.
"""

import os
from typing import Any

# "Amazon Trust Services", repository: the authorities of AWS's own endpoints.
_NAMES = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)
_END = "-----END CERTIFICATE-----"


def ca_file() -> str | None:
    """Return the file that the environment names, by its place or below the function's code, or None.

    A file in `REQUESTS_CA_BUNDLE` comes last, as in botocore.
    """
    path = os.environ.get("KIT_AWS_CA_BUNDLE")
    if not path:
        path = os.environ.get("REQUESTS_CA_BUNDLE")
        return path if path and os.path.isfile(path) else None  # noqa: PTH113  (pathlib takes 5 ms)
    if os.path.isabs(path) or os.path.exists(path):  # noqa: PTH110, PTH117  (pathlib takes 5 ms)
        return path
    return f"{os.environ.get('LAMBDA_TASK_ROOT', '.')}/{path}"


def write(path: str) -> list[str]:
    """Write Amazon's root certificates, from those that come with botocore; return their names."""
    import ssl
    from pathlib import Path

    from kit_aws.botocore import certificates

    text = certificates()
    found: dict[str, str] = {}
    for block in text.split(_END)[:-1]:
        certificate = block[block.index("-----BEGIN") :] + _END + "\n"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=certificate)
        name = _name(context.get_ca_certs())
        if name in _NAMES:
            found[name] = certificate
    Path(path).write_text("".join(found.values()))
    return sorted(found)


def _name(certificates: Any) -> str:
    parts = (pair for certificate in certificates for part in certificate["subject"] for pair in part)
    return next((str(value) for key, value in parts if key == "commonName"), "")
