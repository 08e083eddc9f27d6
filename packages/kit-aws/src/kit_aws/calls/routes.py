"""Which calls go through boto3: those of an unusual environment, and those that somebody may have mocked.

moto's in-process mock, botocore's Stubber and patches of boto3's classes intercept boto3 alone. A test that uses one of
them has to meet every call, and none may leave the machine.
"""

import logging
import os
import sys
from types import FunctionType, ModuleType
from typing import Any

from kit_core import guards

from kit_aws import environment
from kit_aws.environment import Environment

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
# Settings of ~/.aws/config that change where a call goes, or how.
_SETTINGS = (
    "ca_bundle",
    "endpoint_url",
    "ignore_configured",
    "services",
    "use_dualstack",
    "use_fips",
    "account_id_endpoint",
)
# Functions that tests replace, and recorders: they are botocore's own as long as their module is the one they are in.
_WATCHED = (
    ("boto3.session", "Session", "client"),
    ("botocore.awsrequest", "AWSHTTPConnection", "request"),
    ("botocore.client", "BaseClient", "_make_api_call"),
    ("botocore.client", "BaseClient", "_make_request"),
    ("botocore.client", "ClientCreator", "create_client"),
    ("botocore.endpoint", "Endpoint", "_send"),
    ("botocore.endpoint", "Endpoint", "make_request"),
    ("botocore.httpsession", "URLLib3Session", "send"),
    ("botocore.session", "Session", "create_client"),
)
_told: set[str] = set()


def reason(service: str, current: Environment) -> str | None:
    """Return why a call has to go through boto3, or None if it need not; it is logged once at debug level."""
    found = current.kept.get("route")
    if found is None:
        found = current.kept["route"] = _unusual() or ""
    found = found or _mocked()
    if found and found not in _told:
        _told.add(found)
        guards.log("kit.aws", logging.DEBUG, "calls of %s go through boto3: %s", service, found)
    return found or None


def _unusual() -> str | None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        if os.environ.get(name):
            return f"{name} is set"
    for name in ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"):
        if environment.is_on(name):
            return f"{name} is on"
    key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
    if not (key and secret) and not os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return "the environment holds no credentials"
    if proxy := next((name for name in _PROXIES if os.environ.get(name)), None):
        return f"{proxy} is set"
    return _configured()


def _configured() -> str | None:
    """Read the configuration file, which is seldom there in Lambda."""
    path = os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    try:
        # pathlib takes 5 ms to import.
        with open(os.path.expanduser(path), encoding="utf-8", errors="replace") as file:  # noqa: PTH111, PTH123
            text = file.read()
    except OSError:
        return None
    return next((f"{path} has {setting}" for setting in _SETTINGS if setting in text), None)


def _mocked() -> str | None:
    modules = sys.modules
    if "botocore" not in modules:
        return None
    if "botocore.stub" in modules:
        return "botocore's Stubber is loaded"
    moto = modules.get("moto.core.models")
    if moto is not None and getattr(getattr(moto, "botocore_stubber", None), "enabled", True):
        return "moto mocks AWS in this process"
    for module_name, owner_name, name in _WATCHED:
        module = modules.get(module_name)
        if module is not None and not _is_own(module, owner_name, name):
            return f"{module_name}.{owner_name}.{name} is patched"
    boto3 = modules.get("boto3")
    for name, home in (("client", "boto3"), ("Session", "boto3.session")):
        if boto3 is not None and getattr(getattr(boto3, name, None), "__module__", None) != home:
            return f"boto3.{name} is patched"
    return None


def _is_own(module: ModuleType, owner_name: str, name: str) -> bool:
    owner: Any = getattr(module, owner_name, None)
    function = getattr(owner, name, None)
    if not (isinstance(owner, type) and owner.__module__ == module.__name__ and isinstance(function, FunctionType)):
        return False
    # A decorator of botocore's own may be around it.
    written_in = str(function.__globals__.get("__name__")).partition(".")[0]
    return function.__module__ == module.__name__ and written_in in ("boto3", "botocore")
