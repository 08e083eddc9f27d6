"""Origins as browsers send them: RFC 6454, 6.2, and the URL Standard, "Origin"."""

from kit_handler.errors import ConfigurationError

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_NULL = ("about", "blob", "data", "file", "javascript")
_NOT_IN_ORIGINS = frozenset("/?#@\\\"'<>^`{|}% \t\r\n")
_HOST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")


class OriginPattern:
    """Hold `https://*.example.com`: every subdomain, however deep, and not the domain itself."""

    __slots__ = ("begin", "end")

    def __init__(self, pattern: str) -> None:
        self.begin, _, self.end = pattern.partition("*")

    def matches(self, origin: str) -> bool:
        """Tell whether an origin is one of a subdomain."""
        if not origin.startswith(self.begin) or not origin.endswith(self.end):
            return False
        labels = origin[len(self.begin) : len(origin) - len(self.end)]
        return _HOST.issuperset(labels) and all(labels.split("."))


def parse_origin(origin: str) -> "str | OriginPattern":
    """Return an origin, or the pattern of subdomains; raise ConfigurationError for a text that no browser sends."""
    reason = _reason_against(origin)
    if reason:
        raise ConfigurationError(f"cors= has the origin {origin!r}, which no page has: {reason}")
    return OriginPattern(origin) if "*" in origin else origin


def _reason_against(origin: str) -> str:
    if origin == "null":
        return ""
    scheme, separator, rest = origin.partition("://")
    if not separator:
        return "it begins with a scheme, such as https://"
    if not scheme.isascii() or not scheme.replace("-", "").replace("+", "").replace(".", "").isalnum():
        return f"{scheme!r} is no scheme"
    if scheme != scheme.lower():
        return "browsers write it in small letters"
    if scheme in _NULL:
        return f"pages of {scheme}: come as 'null'"
    if not _NOT_IN_ORIGINS.isdisjoint(rest):
        return "it ends after host and port, without a slash, a path or a user"
    host, colon, port = _split(rest)
    reason = _reason_against_port(scheme, port) if colon else ""
    if reason:
        return reason
    if scheme not in _DEFAULT_PORTS:  # of an extension or an app: its host is a name of its own
        return "" if host and "*" not in host else "it has no host, or a wildcard"
    return _reason_against_pattern(host) if "*" in host else _reason_against_host(host)


def _split(rest: str) -> tuple[str, str, str]:
    if rest.startswith("["):
        host, bracket, after = rest.partition("]")
        return host + bracket, after[:1], after[1:] if after[:1] == ":" else after
    return rest.partition(":")


def _reason_against_port(scheme: str, port: str) -> str:
    if not (port.isascii() and port.isdigit()) or int(port[:6]) > 65535 or (port[0] == "0" and port != "0"):
        return f"{port!r} is no port"
    if port == _DEFAULT_PORTS.get(scheme):
        return f"browsers leave out :{port} after {scheme}"
    return ""


def _reason_against_pattern(host: str) -> str:
    if not host.startswith("*.") or "*" in host[1:]:
        return "a wildcard stands for subdomains, as in https://*.example.com; True is for every page"
    if "." not in host[2:] and host != "*.localhost":
        return "a wildcard below a domain of one label would be half the world"
    return _reason_against_host(host[2:]) or ("a wildcard in an address" if _is_number(host) else "")


def _reason_against_host(host: str) -> str:
    if not host.isascii():
        return "browsers write the host in ASCII: use its form in punycode (xn--…)"
    if host != host.lower():
        return "browsers write it in small letters"
    if host.startswith("["):
        return _reason_against_ipv6(host)
    if not _HOST.issuperset(host) or not all(host.removesuffix(".").split(".")):
        return f"{host!r} is no host"
    if _is_number(host):
        parts = host.split(".")
        if len(parts) != 4 or not all(part.isdigit() and str(int(part)) == part and int(part) < 256 for part in parts):
            return f"{host!r} is no address as browsers write it"
    return ""


def _is_number(host: str) -> bool:
    return host.rpartition(".")[2].isdigit()


def _reason_against_ipv6(host: str) -> str:
    from ipaddress import AddressValueError, IPv6Address

    try:
        if host == f"[{IPv6Address(host[1:-1])}]":
            return ""
    except AddressValueError:
        pass
    return f"{host!r} is no address as browsers write it"
